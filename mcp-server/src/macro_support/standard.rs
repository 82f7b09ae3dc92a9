//! Whether an argument has a type of the standard library.
//!
//! The schema of such a type is known: it is valid as that of an argument, and it has no annotation
//! `x-mcp-header`. So a server that starts need not derive it to check it. It selects the answer by
//! auto-referencing, as `reply` explains.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::tag::tag;

tag! {
    /// The type of an argument.
    ArgumentType
}

/// A type of the standard library, or of serde_json, whose schema has no annotations.
trait Standard {}

macro_rules! standard {
    ($($ty:ty)*) => { $(impl Standard for $ty {})* };
}

standard!(
    () bool char i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize f32 f64
    String Box<str> Cow<'_, str> serde_json::Value serde_json::Map<String, serde_json::Value>
);

macro_rules! standard_of {
    ($($ty:ty),*) => { $(impl<T: Standard> Standard for $ty {})* };
}

standard_of!(
    Option<T>, Box<T>, Vec<T>, Box<[T]>, HashSet<T>, BTreeSet<T>, HashMap<String, T>,
    BTreeMap<String, T>
);

/// Depth one: a standard type.
pub trait StandardArgument {
    /// Returns true.
    fn is_standard(&self) -> bool;
}

impl<T: Standard> StandardArgument for &ArgumentType<T> {
    fn is_standard(&self) -> bool {
        true
    }
}

/// Depth zero: any other type.
pub trait OtherArgument {
    /// Returns false.
    fn is_standard(&self) -> bool;
}

impl<T> OtherArgument for ArgumentType<T> {
    fn is_standard(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    macro_rules! is_standard {
        ($ty:ty) => {
            (&&ArgumentType::<$ty>::new()).is_standard()
        };
    }

    struct Other;
    type Aliased = Option<Vec<String>>;

    #[test]
    fn the_types_of_the_standard_library_are_standard() {
        assert!(is_standard!(i64));
        assert!(is_standard!(Aliased));
        assert!(is_standard!(HashMap<String, Vec<Option<f64>>>));
        assert!(!is_standard!(Other));
        assert!(!is_standard!(Vec<Other>));
        assert!(!is_standard!(HashMap<Other, String>));
    }
}
