//! Whole numbers of floats, several at once.

/// A number without its fraction, from -2²² to 2²², which stand for what is beyond; the first of them also for what is no number.
///
/// `as i32` does the same with other limits, but one number at a time: a loop of it is not done side by side.
#[inline(always)]
pub(super) fn whole(number: f32) -> i32 {
    const MOST: f32 = (1 << 22) as f32;
    let number = if number > -MOST { number } else { -MOST };
    let number = if number < MOST { number } else { MOST };
    // SAFETY: no comparison holds for what is no number, so this is one; an `i32` holds all from -2^22 to 2^22.
    unsafe { number.to_int_unchecked() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_left_off_and_limits_kept() {
        let numbers = [0.0, -0.0, 0.99, -0.99, 7.5, -7.5, 4_194_303.0, 1e30, -1e30, f32::INFINITY, f32::NAN];
        let expected = [0, 0, 0, 0, 7, -7, 4_194_303, 1 << 22, -1 << 22, 1 << 22, -1 << 22];
        assert_eq!(numbers.map(whole), expected);
    }
}
