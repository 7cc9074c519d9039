//! Vulkan objects that destroy themselves.

use ash::vk;

use crate::device::Device;

/// A Vulkan object of a device, destroyed on drop.
///
/// Whoever drops one has waited for the GPU to be done with it: compiled graphs wait for the device first.
pub(crate) struct Owned<H: Destroy> {
    device: Device,
    handle: H,
}

impl<H: Destroy> Owned<H> {
    /// Takes over a handle that was made on `device` with its allocation callbacks.
    pub fn new(device: &Device, handle: H) -> Self {
        Self { device: device.clone(), handle }
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
        unsafe { self.handle.destroy(&self.device) }
    }
}

/// A kind of Vulkan object that can be destroyed with nothing but its device.
pub(crate) trait Destroy: Copy {
    /// Destroys it.
    ///
    /// # Safety
    /// It is a live object of `device`, made with the device's callbacks, that neither CPU nor GPU uses any more.
    unsafe fn destroy(self, device: &Device);
}

macro_rules! destroy {
    ($($handle:ident: $function:ident;)*) => {$(
        impl Destroy for vk::$handle {
            unsafe fn destroy(self, device: &Device) {
                // SAFETY: the caller's contract is this call's.
                unsafe { device.raw().$function(self, device.callbacks()) }
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
