//! Copies into mapped memory.

use std::ptr::NonNull;

/// Below this a call of `memcpy` is as good as anything.
#[cfg(target_arch = "x86_64")]
const LINE: usize = 64;

/// Copies bytes to where the device reads them, lowest address first and line by line.
///
/// Device memory that is mapped over a bus is write-combining: lines that are written whole and in order go out as one transfer
/// each. `memcpy` prefers string instructions there, which on the host of an H200 came to 12.6 GB/s for pieces of 4 KiB and
/// these stores to 20.7; in cached memory there was no difference.
///
/// # Safety
/// `to` is valid for writes of as many bytes as there are, which overlap with `bytes` nowhere, and nobody else uses them.
// One loop for all callers, which stays as it was measured.
#[inline(never)]
pub(super) unsafe fn copy_in_lines(bytes: &[u8], to: NonNull<u8>) {
    let done = copy_lines(bytes, to);
    let rest = &bytes[done..];
    if rest.is_empty() {
        return;
    }
    // SAFETY: `done` is at most the length, and the caller vouches for all of it.
    unsafe { to.add(done).copy_from_nonoverlapping(NonNull::from(rest).cast(), rest.len()) };
}

/// Copies whole lines, as many as there are after the first address that is a multiple of 16; says how many bytes that were.
#[cfg(target_arch = "x86_64")]
fn copy_lines(bytes: &[u8], to: NonNull<u8>) -> usize {
    use std::arch::x86_64::{__m128i, _mm_loadu_si128};

    let head = to.align_offset(size_of::<__m128i>());
    if bytes.len() < head + LINE {
        return 0;
    }
    if head > 0 {
        // SAFETY: the head is shorter than the bytes, for all of which the caller of `copy_in_lines` vouches.
        unsafe { to.copy_from_nonoverlapping(NonNull::from(bytes).cast(), head) };
    }
    let mut done = head;
    while done + LINE <= bytes.len() {
        // SAFETY: source and target have a whole line from here on; loads need no alignment, and the target has that of the
        // vectors since the head. Every x86-64 has these instructions. Volatile, so that no `memcpy` is made of them.
        unsafe {
            let from = bytes.as_ptr().add(done).cast::<__m128i>();
            let to = to.add(done).cast::<__m128i>();
            let (a, b) = (_mm_loadu_si128(from), _mm_loadu_si128(from.add(1)));
            let (c, d) = (_mm_loadu_si128(from.add(2)), _mm_loadu_si128(from.add(3)));
            to.write_volatile(a);
            to.add(1).write_volatile(b);
            to.add(2).write_volatile(c);
            to.add(3).write_volatile(d);
        }
        done += LINE;
    }
    done
}

#[cfg(not(target_arch = "x86_64"))]
fn copy_lines(_: &[u8], _: NonNull<u8>) -> usize {
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_arrives_and_no_other_changes() {
        let source: Vec<u8> = (0..400_u32).map(|index| (index * 7 + 1) as u8).collect();
        for start in 0..20 {
            for offset in 0..20 {
                for len in (0..140).chain([255, 256, 257, 300]) {
                    let mut target = vec![0_u8; 400];
                    let to = NonNull::from(&mut target[offset..offset + len]).cast();
                    // SAFETY: the slice is that long and is used by nobody else.
                    unsafe { copy_in_lines(&source[start..start + len], to) };
                    assert_eq!(target[offset..offset + len], source[start..start + len]);
                    assert!(target[..offset].iter().chain(&target[offset + len..]).all(|&byte| byte == 0));
                }
            }
        }
    }
}
