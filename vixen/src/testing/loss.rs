//! A device that is lost on demand, to try out how a program recovers.

use crate::device::Device;

/// Makes every later submission to the device fail, as though its GPU had stopped working. What was submitted before goes on,
/// so that everything can be dropped as usual; nothing undoes it, as nothing brings a lost device back.
pub fn lose(device: &Device) {
    device.lose();
}
