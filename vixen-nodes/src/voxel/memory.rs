//! Large vectors in few, large pages: touching a page for the first time takes longer than filling it.

/// A vector with room for this many elements.
pub(crate) fn with_capacity<T>(count: usize) -> Vec<T> {
    let mut all = Vec::with_capacity(count);
    advise(all.spare_capacity_mut());
    all
}

/// This many zeros.
#[cfg(feature = "gltf")]
pub(crate) fn zeroed<T: bytemuck::Zeroable>(count: usize) -> Vec<T> {
    let mut all = bytemuck::zeroed_vec(count);
    advise(&mut all);
    all
}

/// Makes room for more elements: for as many as all steps of a job will take, judging by what these took for the steps that are done.
pub(crate) fn make_room<T: Copy>(all: &mut Vec<T>, more: usize, [done, steps]: [usize; 2]) {
    let needed = all.len() + more;
    if needed > all.capacity() {
        // As many as the other steps take on average, and a little more; but the first may be unlike the others.
        let expected = (needed as u128 * steps as u128 / done as u128 * 17 / 16).min(16 * needed as u128);
        let mut larger = with_capacity(needed.max(expected as usize));
        larger.extend_from_slice(all);
        *all = larger;
    }
}

/// Asks for large pages, where the system has some for those that ask.
fn advise<T>(all: &mut [T]) {
    const WORTH_IT: usize = 4 << 20;
    const PAGE: usize = 4096;
    let bytes = size_of_val(all);
    if cfg!(target_os = "linux") && bytes >= WORTH_IT {
        let start = all.as_mut_ptr().cast::<u8>();
        let to_page = start.align_offset(PAGE);
        #[cfg(target_os = "linux")]
        // SAFETY: this is `madvise` of the C library that `std` uses. The range lies within the slice, and the advice MADV_HUGEPAGE changes
        // neither what is in memory nor who may use it. If it is not taken, the pages are small.
        unsafe {
            madvise(start.wrapping_add(to_page).cast(), (bytes - to_page) / PAGE * PAGE, MADV_HUGEPAGE);
        }
    }
}

#[cfg(target_os = "linux")]
const MADV_HUGEPAGE: std::ffi::c_int = 14;

#[cfg(target_os = "linux")]
unsafe extern "C" {
    fn madvise(start: *mut std::ffi::c_void, bytes: usize, advice: std::ffi::c_int) -> std::ffi::c_int;
}
