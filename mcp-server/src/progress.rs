//! The numbers that [`Context::progress`](crate::Context::progress) accepts.

/// A number: an integer of any width, or a float.
///
/// Integers above 2⁵³ are rounded to the next `f64`, because JSON numbers are that precise only.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a number for progress",
    label = "expected an integer or a float"
)]
pub trait Number: Copy + Send + Sync + sealed::Sealed {
    /// Returns the number as the protocol has it.
    fn to_f64(self) -> f64;
}

/// The total of a progress report: a number, `None`, an `Option<f64>`, or a reference to an
/// `Option` of any number.
///
/// An `Option` of another number is passed by reference, because `None` alone would have no type if
/// several kinds of `Option` were accepted.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a total for progress",
    label = "expected an integer, a float or `None`",
    note = "an `Option` of a number is passed by reference: `&total`"
)]
pub trait Total: Send + sealed::Sealed {
    /// Returns the total as the protocol has it; `None` if it is not known.
    fn to_total(self) -> Option<f64>;
}

macro_rules! numbers {
    ($($number:ty)*) => { $(
        impl sealed::Sealed for $number {}

        impl Number for $number {
            #[allow(
                clippy::cast_lossless,
                clippy::cast_precision_loss,
                trivial_numeric_casts,
                reason = "one macro for all numbers; the documentation names the precision"
            )]
            fn to_f64(self) -> f64 {
                self as f64
            }
        }

        impl Total for $number {
            fn to_total(self) -> Option<f64> {
                Some(self.to_f64())
            }
        }
    )* };
}

numbers!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64);

impl sealed::Sealed for Option<f64> {}

impl Total for Option<f64> {
    fn to_total(self) -> Option<f64> {
        self
    }
}

impl<T: Number> sealed::Sealed for &Option<T> {}

impl<T: Number> Total for &Option<T> {
    fn to_total(self) -> Option<f64> {
        self.map(Number::to_f64)
    }
}

mod sealed {
    /// Prevents implementations in other crates, so that kinds of numbers can be added.
    #[allow(unnameable_types)] // Other crates must not be able to name it.
    pub trait Sealed {}
}

#[cfg(test)]
mod tests {
    use super::{Number, Total};

    #[test]
    fn every_number_is_accepted() {
        let done = [1_u8.to_f64(), Number::to_f64(-1_i64), Number::to_f64(1.5_f32)];
        assert_eq!(done, [1.0, -1.0, 1.5]);
        assert_eq!(Number::to_f64(usize::MAX), usize::MAX as f64);
        let total = |total: Option<f64>| total;
        assert_eq!(total(Total::to_total(3)), Some(3.0));
        assert_eq!(total(Total::to_total(0.5)), Some(0.5));
        assert_eq!(total(Total::to_total(None)), None);
        assert_eq!(total(Total::to_total(&Some(7_u64))), Some(7.0));
        assert_eq!(total(Total::to_total(&None::<u64>)), None);
    }
}
