//! Submission of batches: by themselves, or with a frame.

use std::sync::MutexGuard;
use std::sync::atomic::Ordering;

use ash::vk;

use super::batch::{Recording, Slot, Submitter};
use super::images::Handover;
use super::options::{TransferPolicy, UploaderOptions};
use super::queue::Taken;
use super::scatter::Scatter;
use super::timeline::Timeline;
use super::uploader::Uploader;
use crate::device::{Device, DeviceError, QueueRef};

/// What one thread at a time uses to record and submit.
pub(super) struct Submission {
    submitter: Submitter,
    pub scatter: Option<Scatter>,
    /// Counts what the transfer queue has done, by batch.
    moved: Timeline,
    /// Why no batch can be submitted any more.
    failed: Option<vk::Result>,
    commands: [vk::CommandBufferSubmitInfo<'static>; 1],
    waits: [vk::SemaphoreSubmitInfo<'static>; 1],
    signals: [vk::SemaphoreSubmitInfo<'static>; 1],
}

impl Submission {
    pub fn new(device: &Device, options: &UploaderOptions, scatter: Option<Scatter>) -> Result<Self, DeviceError> {
        let family = transfer_queue(device, options.transfer).map(|queue| queue.family);
        let slots = (0..options.batches)
            .map(|_| {
                let scatters =
                    scatter.as_ref().map(|scatter| scatter.scatters(device, 2 * options.writes)).transpose()?;
                Slot::new(device, options.writes + options.images, scatters, family)
            })
            .collect::<Result<_, DeviceError>>()?;
        Ok(Self {
            submitter: Submitter::new(options.writes, options.images, slots),
            scatter,
            moved: Timeline::new(device)?,
            failed: None,
            commands: Default::default(),
            waits: Default::default(),
            signals: Default::default(),
        })
    }
}

/// The queue that fresh uploads go through.
fn transfer_queue(device: &Device, policy: TransferPolicy) -> Option<QueueRef<'_>> {
    match policy {
        TransferPolicy::Never => None,
        TransferPolicy::Dedicated => device.transfer_queue(),
        TransferPolicy::Always => Some(device.transfer_queue().unwrap_or_else(|| device.main_queue())),
    }
}

/// A batch that has been recorded and not submitted yet. While it lives no other batch can be.
pub(crate) struct Batch<'u> {
    uploader: &'u Uploader,
    submission: MutexGuard<'u, Submission>,
    number: u64,
    moving: bool,
}

impl Uploader {
    /// Records what is queued, for a frame to submit: none where there is nothing. What can go through the transfer queue is
    /// already submitted there.
    pub(crate) fn batch(&self) -> Result<Option<Batch<'_>>, DeviceError> {
        self.record(transfer_queue(&self.device, self.options.transfer))
    }

    /// Submits what is queued to the main queue, by itself; false where there is nothing.
    pub(super) fn submit_alone(&self) -> Result<bool, DeviceError> {
        let Some(batch) = self.record(None)? else { return Ok(false) };
        // SAFETY: the batch's commands are recorded and not pending, and its semaphores rise.
        let result = unsafe { self.device.main_queue().submit(&[batch.info()], vk::Fence::null()) };
        self.counters.submissions.add(1);
        batch.submitted(result);
        result.map(|()| true).map_err(DeviceError::vulkan("vkQueueSubmit2"))
    }

    fn record(&self, transfer: Option<QueueRef<'_>>) -> Result<Option<Batch<'_>>, DeviceError> {
        let mut submission = self.lock_submission();
        if let Some(result) = submission.failed {
            return Err(DeviceError::vulkan("vkQueueSubmit2")(result));
        }
        // Only the holder of the submission takes batches, so this one stays the next.
        let number = self.lock_queue().batch();
        let Submission { submitter, scatter, .. } = &mut *submission;
        let index = (number % submitter.slots.len() as u64) as usize;
        let slot = &mut submitter.slots[index];
        if !self.done.has_finished(slot.batch)? {
            self.counters.stalls.add(1);
            self.done.wait(slot.batch)?;
        }
        slot.targets.clear();
        let taken = Taken {
            writes: &mut submitter.writes,
            images: &mut submitter.images,
            targets: &mut slot.targets,
            sources: &mut submitter.sources,
        };
        let Some(merged) = self.lock_queue().take(taken)? else { return Ok(None) };
        self.counters.merged.add(merged);
        let main = self.device.main_queue();
        let recording = Recording {
            device: &self.device,
            scatters: scatter.is_some(),
            scatter_from: self.scatter_from,
            handover: transfer.map(|queue| Handover { from_family: queue.family, to_family: main.family }),
            counters: &self.counters,
        };
        let recorded = submitter.record(index, recording).and_then(|moving| {
            if let Some(queue) = transfer.filter(|_| moving) {
                self.submit_transfer(&submission, index, number, queue)?;
            }
            Ok(moving)
        });
        // What was taken is lost with a batch that cannot be recorded: nobody may wait for its number.
        let moving = recorded.inspect_err(|_| submission.failed = Some(vk::Result::ERROR_DEVICE_LOST))?;

        let commands = submission.submitter.slots[index].commands;
        submission.submitter.slots[index].batch = number;
        submission.commands = [vk::CommandBufferSubmitInfo::default().command_buffer(commands)];
        submission.waits = [submission.moved.at(number)];
        submission.signals = [self.done.at(number)];
        Ok(Some(Batch { uploader: self, submission, number, moving }))
    }

    fn submit_transfer(
        &self,
        submission: &Submission,
        slot: usize,
        batch: u64,
        queue: QueueRef<'_>,
    ) -> Result<(), DeviceError> {
        let Some(transfer) = &submission.submitter.slots[slot].transfer else { return Ok(()) };
        let commands = [vk::CommandBufferSubmitInfo::default().command_buffer(transfer.buffer)];
        let signals = [submission.moved.at(batch)];
        let info = vk::SubmitInfo2::default().command_buffer_infos(&commands).signal_semaphore_infos(&signals);
        self.counters.transferred.add(1);
        self.counters.submissions.add(1);
        // SAFETY: the commands are recorded and not pending, and the semaphore rises.
        unsafe { queue.submit(&[info], vk::Fence::null()) }.map_err(DeviceError::vulkan("vkQueueSubmit2"))
    }
}

impl Batch<'_> {
    /// What to submit to the main queue, before whatever is to see the uploads.
    pub(crate) fn info(&self) -> vk::SubmitInfo2<'_> {
        let waits = if self.moving { &self.submission.waits[..] } else { &[] };
        vk::SubmitInfo2::default()
            .command_buffer_infos(&self.submission.commands)
            .wait_semaphore_infos(waits)
            .signal_semaphore_infos(&self.submission.signals)
    }

    /// To be called with what the submission returned.
    pub(crate) fn submitted(mut self, result: Result<(), vk::Result>) {
        match result {
            Ok(()) => {
                self.uploader.submitted.store(self.number, Ordering::Release);
                self.uploader.counters.batches.add(1);
                self.uploader.batch_ended(self.number);
            }
            Err(result) => self.submission.failed = Some(result),
        }
    }
}

impl Drop for Uploader {
    fn drop(&mut self) {
        // The last batch is done when its number is reached, and the transfer that it waits for before that. A lost device has
        // nothing under way either.
        let submitted = *self.submitted.get_mut();
        if self.done.wait(submitted).is_err() {
            drop(self.device.wait_idle());
        }
    }
}
