//! The nearest value that would have changed a reason: bisection over legal values, exact to the
//! last float or the last unit. Every search needs a monotone rule: once gone, the reason stays gone.

/// The smallest integer in `low..=high` where `gone` holds, for a rule that stays gone upwards.
pub fn first_integer(low: u64, high: u64, gone: impl Fn(u64) -> bool) -> Option<u64> {
    if low > high || !gone(high) {
        return None;
    }
    let (mut below, mut above) = (low, high);
    while below < above {
        let middle = below + (above - below) / 2;
        if gone(middle) {
            above = middle
        } else {
            below = middle + 1
        }
    }
    Some(above)
}

/// The largest integer in `low..=high` where `gone` holds, for a rule that stays gone downwards.
pub fn last_integer(low: u64, high: u64, gone: impl Fn(u64) -> bool) -> Option<u64> {
    if low > high || !gone(low) {
        return None;
    }
    let (mut below, mut above) = (low, high);
    while below < above {
        let middle = above - (above - below) / 2;
        if gone(middle) {
            below = middle
        } else {
            above = middle - 1
        }
    }
    Some(below)
}

/// As [`last_integer`], for a caller who can guess: the search begins there and needs few steps when
/// the guess is good.
pub fn last_integer_near(
    guess: u64,
    low: u64,
    high: u64,
    gone: impl Fn(u64) -> bool,
) -> Option<u64> {
    if low > high {
        return None;
    }
    let (mut at, mut step) = (guess.clamp(low, high), 1_u64);
    if gone(at) {
        while at < high {
            let next = at.saturating_add(step).min(high);
            if !gone(next) {
                return last_integer(at, next - 1, gone);
            }
            (at, step) = (next, step.saturating_mul(2));
        }
        return Some(high);
    }
    while at > low {
        let next = at.saturating_sub(step).max(low);
        if gone(next) {
            return last_integer(next, at - 1, gone);
        }
        (at, step) = (next, step.saturating_mul(2));
    }
    None
}

/// As [`first_integer`], for a caller who can guess.
pub fn first_integer_near(
    guess: u64,
    low: u64,
    high: u64,
    gone: impl Fn(u64) -> bool,
) -> Option<u64> {
    let last = last_integer_near(guess, low, high, |n| !gone(n));
    match last {
        None => (low <= high).then_some(low),
        Some(last) => (last < high).then(|| last + 1),
    }
}

/// The smallest float in `low..=high` where `gone` holds, for a rule that stays gone upwards.
pub fn first_real(low: f64, high: f64, gone: impl Fn(f64) -> bool) -> Option<f64> {
    first_integer(rank(low), rank(high), |n| gone(unrank(n))).map(unrank)
}

/// The largest float in `low..=high` where `gone` holds, for a rule that stays gone downwards.
pub fn last_real(low: f64, high: f64, gone: impl Fn(f64) -> bool) -> Option<f64> {
    last_integer(rank(low), rank(high), |n| gone(unrank(n))).map(unrank)
}

/// The float just above (`+0.0` after the negatives).
#[must_use]
pub fn above(x: f64) -> f64 {
    unrank(rank(x).saturating_add(1))
}

/// The float just below.
#[must_use]
pub fn below(x: f64) -> f64 {
    unrank(rank(x).saturating_sub(1))
}

/// The place of a float in the order of all floats; both zeros share one place.
fn rank(x: f64) -> u64 {
    const SIGN: u64 = 1 << 63;
    let bits = x.to_bits();
    if bits & SIGN == 0 {
        SIGN | bits
    } else {
        SIGN - (bits & !SIGN)
    }
}

fn unrank(n: u64) -> f64 {
    const SIGN: u64 = 1 << 63;
    f64::from_bits(if n >= SIGN {
        n & !SIGN
    } else {
        SIGN | (SIGN - n)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_float_found_is_the_first_one(low in -1e6..1e6f64, width in 0.0..1e6f64, part in 0.0..1.0f64) {
            let (high, at) = (low + width, low + width * part);
            let found = first_real(low, high, |x| x >= at).unwrap();
            prop_assert_eq!(found, at);
            prop_assert!(below(found) < at);
            prop_assert_eq!(last_real(low, high, |x| x <= at), Some(at));
        }

        #[test]
        fn the_integer_found_is_the_first_one(low in 0..1000u64, width in 0..1000u64, at in 0..3000u64) {
            let found = first_integer(low, low + width, |n| n >= at);
            prop_assert_eq!(found, (at <= low + width).then_some(at.max(low)));
            let found = last_integer(low, low + width, |n| n <= at);
            prop_assert_eq!(found, (at >= low).then_some(at.min(low + width)));
        }

        #[test]
        fn a_guess_changes_the_effort_and_not_what_is_found(
            low in 0..1000u64, width in 0..1000u64, at in 0..3000u64, guess in 0..3000u64,
        ) {
            let high = low + width;
            prop_assert_eq!(
                last_integer_near(guess, low, high, |n| n <= at),
                last_integer(low, high, |n| n <= at)
            );
            prop_assert_eq!(
                first_integer_near(guess, low, high, |n| n >= at),
                first_integer(low, high, |n| n >= at)
            );
            prop_assert_eq!(last_integer_near(guess, high + 1, low, |_| true), None);
        }
    }

    #[test]
    fn neighbours_cross_zero() {
        assert_eq!(above(below(0.0)), 0.0);
        assert!(below(0.0) < 0.0 && above(0.0) > 0.0);
    }
}
