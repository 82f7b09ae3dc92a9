//! Tags: values that hold a type, for method look-up by auto-referencing.

/// Defines a tag. `(&&tag).method()` selects among methods of the same name by the traits of its
/// type; see the module `reply`.
macro_rules! tag {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        pub struct $name<T>(std::marker::PhantomData<fn() -> T>);

        impl<T> $name<T> {
            /// Creates the tag of a named type.
            #[expect(clippy::new_without_default, reason = "the type cannot be inferred")]
            pub const fn new() -> Self {
                Self(std::marker::PhantomData)
            }

            /// Creates the tag of the type of a value.
            pub const fn of(_: &T) -> Self {
                Self(std::marker::PhantomData)
            }
        }

        impl<T> std::fmt::Debug for $name<T> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "<"))?;
                f.write_str(std::any::type_name::<T>())?;
                f.write_str(">")
            }
        }
    };
}

pub(super) use tag;
