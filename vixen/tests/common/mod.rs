//! What the GPU tests share: a device under validation, and the check that nothing was reported.

use vixen::{Device, DeviceOptions};

/// A device with validation and synchronisation validation.
///
/// # Panics
/// When there is none: CI has every capability that the tests need.
pub fn device() -> Device {
    Device::new(&DeviceOptions::new().application_name("vixen tests").validation(true))
        .expect("the tests need a Vulkan device and the validation layer: `./x test` installs both")
}

/// Fails when the validation layer reported anything.
pub fn assert_clean(device: &Device) {
    let messages = device.validation_messages();
    assert!(messages.is_empty(), "the validation layer reported:\n{}", messages.join("\n"));
}

/// Bytes as `u32`s.
pub fn words(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect()
}
