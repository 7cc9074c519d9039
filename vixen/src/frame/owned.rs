//! Vulkan objects that destroy themselves.

use std::sync::Arc;

use ash::vk;

use crate::device::{Device, DeviceCore};

/// A Vulkan object of a device, destroyed on drop.
///
/// Whoever drops one has waited for the GPU to be done with it: compiled graphs wait for the device first.
pub(crate) struct Owned<H: Destroy> {
    // Not the `Device`, which keeps some of them itself.
    core: Arc<DeviceCore>,
    handle: H,
}

impl<H: Destroy> Owned<H> {
    /// Takes over a handle that was made on `device` with its allocation callbacks.
    pub fn new(device: &Device, handle: H) -> Self {
        Self { core: Arc::clone(device.core()), handle }
    }

    /// The handle.
    pub fn get(&self) -> H {
        self.handle
    }
}

impl<H: Destroy> Drop for Owned<H> {
    fn drop(&mut self) {
        // SAFETY: `new` took over a handle of this device, nobody else destroys it, and the type's contract says that the
        // GPU no longer uses it.
        unsafe { self.handle.destroy(&self.core) }
    }
}

/// A kind of Vulkan object that can be destroyed with nothing but its device.
pub(crate) trait Destroy: Copy {
    /// Destroys it.
    ///
    /// # Safety
    /// It is a live object of the device, made with the device's callbacks, that neither CPU nor GPU uses any more.
    unsafe fn destroy(self, core: &DeviceCore);
}

macro_rules! destroy {
    ($($handle:ident: $function:ident;)*) => {$(
        impl Destroy for vk::$handle {
            unsafe fn destroy(self, core: &DeviceCore) {
                // SAFETY: the caller's contract is this call's.
                unsafe { core.raw.$function(self, core.callbacks()) }
            }
        }
    )*};
}

destroy! {
    ImageView: destroy_image_view;
    Sampler: destroy_sampler;
    ShaderModule: destroy_shader_module;
    DescriptorSetLayout: destroy_descriptor_set_layout;
    PipelineLayout: destroy_pipeline_layout;
    Pipeline: destroy_pipeline;
    DescriptorPool: destroy_descriptor_pool;
    CommandPool: destroy_command_pool;
    Semaphore: destroy_semaphore;
    QueryPool: destroy_query_pool;
}
