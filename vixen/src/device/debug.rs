//! What the validation layer says: collected, and repeated on the standard error stream.

use std::ffi::{CStr, c_void};
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use ash::{ext, vk};

use super::error::DeviceError;

/// The validation layer.
pub const VALIDATION_LAYER: &CStr = c"VK_LAYER_KHRONOS_validation";

/// Messages that are the layer's own fault: the message id, a part of the text, and why the program is right.
pub const KNOWN_LAYER_FAULTS: &[(&str, &str, &str)] = &[(
    "UNASSIGNED-CoreValidation-Shader-InterfaceTypeMismatch",
    "of type `VK_FORMAT_UNDEFINED`",
    "VkPipelineRenderingCreateInfo: where a colour attachment's format is VK_FORMAT_UNDEFINED the attachment is unused, and \
     what a shader writes to its location is discarded; layer 1.3.239 compares the shader's type with no format. It is how \
     an optional attachment that is absent leaves its location free, and the colour write mask is 0 there",
)];

/// How many messages are kept; the first ones say what went wrong.
const MOST_MESSAGES: usize = 1000;

/// The warnings and errors that the validation layer reported. It outlives the device, so that what is said while the device
/// is destroyed can be read too.
#[derive(Debug, Default)]
pub struct ValidationLog(Mutex<Vec<String>>);

impl ValidationLog {
    /// The messages so far.
    pub fn messages(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The messages so far, which are then forgotten.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn push(&self, message: String) {
        let mut messages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if messages.len() < MOST_MESSAGES {
            messages.push(message);
        }
    }
}

/// A debug messenger that fills a [`ValidationLog`].
pub(super) struct Messenger {
    loader: ext::debug_utils::Instance,
    raw: vk::DebugUtilsMessengerEXT,
}

impl Messenger {
    pub(super) fn new(
        entry: &ash::Entry,
        instance: &ash::Instance,
        log: &Arc<ValidationLog>,
        callbacks: Option<&vk::AllocationCallbacks<'static>>,
    ) -> Result<Self, DeviceError> {
        let loader = ext::debug_utils::Instance::new(entry, instance);
        // SAFETY: the instance is alive and has the extension; the log outlives the messenger, because the owner of both
        // destroys the messenger before it lets go of the log.
        let raw = unsafe { loader.create_debug_utils_messenger(&messenger_info(log), callbacks) }
            .map_err(DeviceError::vulkan("vkCreateDebugUtilsMessengerEXT"))?;
        Ok(Self { loader, raw })
    }

    /// # Safety
    /// The instance must be alive, and `callbacks` those that the messenger was made with.
    pub(super) unsafe fn destroy(&self, callbacks: Option<&vk::AllocationCallbacks<'static>>) {
        // SAFETY: promised by the caller; the handle was made by this loader and is destroyed once, by its owner's drop.
        unsafe { self.loader.destroy_debug_utils_messenger(self.raw, callbacks) };
    }
}

/// What to report to the log. The pointer in it is good for as long as the log lives.
pub(super) fn messenger_info(log: &Arc<ValidationLog>) -> vk::DebugUtilsMessengerCreateInfoEXT<'static> {
    use vk::{DebugUtilsMessageSeverityFlagsEXT as Severity, DebugUtilsMessageTypeFlagsEXT as Type};
    vk::DebugUtilsMessengerCreateInfoEXT::default()
        .message_severity(Severity::WARNING | Severity::ERROR)
        .message_type(Type::VALIDATION)
        .pfn_user_callback(Some(report))
        .user_data(Arc::as_ptr(log).cast_mut().cast())
}

unsafe extern "system" fn report(
    severity: vk::DebugUtilsMessageSeverityFlagsEXT,
    _kind: vk::DebugUtilsMessageTypeFlagsEXT,
    data: *const vk::DebugUtilsMessengerCallbackDataEXT<'_>,
    log: *mut c_void,
) -> vk::Bool32 {
    // SAFETY: Vulkan calls this with a valid structure, whose strings live for the call and may be null.
    let (id, text) = unsafe {
        let data = &*data;
        (string(data.message_id_name_as_c_str()), string(data.message_as_c_str()))
    };
    if !KNOWN_LAYER_FAULTS.iter().any(|(known, part, _why)| *known == id && text.contains(part)) {
        let severity =
            if severity.contains(vk::DebugUtilsMessageSeverityFlagsEXT::ERROR) { "error" } else { "warning" };
        let message = format!("{severity} {id}: {text}");
        // Nobody is left to tell when the stream is closed.
        let _ = writeln!(std::io::stderr(), "vulkan validation {message}");
        // SAFETY: `log` is the pointer of `messenger_info`, made from an `Arc` that lives longer than the messenger and the
        // instance; the log is shared behind a mutex.
        unsafe { &*log.cast::<ValidationLog>() }.push(message);
    }
    vk::FALSE
}

fn string(text: Option<&CStr>) -> String {
    text.map(|text| text.to_string_lossy().into_owned()).unwrap_or_default()
}
