//! Uploads that go along with frames.

use std::sync::Arc;

use crate::device::DeviceError;
use crate::frame::compiled::CompiledGraph;
use crate::frame::watched;
use crate::memory::{MemoryError, UploadBatch, Uploader};

impl CompiledGraph {
    /// Lets every frame take along what was uploaded before it, in its own submission; the frame sees it, and frames in flight
    /// still read what was there before. Warms the uploader to the staging bytes that the graph's nodes declare. Several graphs
    /// can share an uploader.
    ///
    /// # Errors
    /// When the device refuses the memory, or when the uploader is of another device.
    pub fn attach_uploader(&mut self, uploader: &Arc<Uploader>) -> Result<(), DeviceError> {
        if uploader.device().raw().handle() != self.device.raw().handle() {
            let (name, device) = ("the uploader".to_owned(), self.device.info().name.clone());
            return Err(MemoryError::OtherDevice { name, device }.into());
        }
        uploader.warm(self.report.requirements.staging_bytes, self.frame_slots)?;
        self.uploader = Some(uploader.clone());
        self.chores.uploads = true;
        Ok(())
    }

    /// The uploader that its frames take along.
    pub fn uploader(&self) -> Option<&Arc<Uploader>> {
        self.uploader.as_ref()
    }

    /// What is to be submitted before the next frame.
    pub(in crate::frame) fn uploads(uploader: Option<&Arc<Uploader>>) -> Result<Option<UploadBatch<'_>>, DeviceError> {
        let Some(uploader) = uploader else { return Ok(None) };
        let _commands = watched::uploads();
        let batch = uploader.batch()?;
        if batch.is_some() {
            watched::uploaded();
        }
        Ok(batch)
    }
}
