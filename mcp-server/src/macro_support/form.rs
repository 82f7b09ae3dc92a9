//! Support code for the expansion of `#[derive(Elicit)]`, next to the public traits.

use mcp_core::types::PrimitiveSchema;
use serde_json::Value;

use crate::input::Choice;

/// Returns the schema of a single-choice field.
#[must_use]
pub fn choice<T: Choice>() -> PrimitiveSchema {
    crate::input::one_of(T::options(), T::TITLED)
}

/// The type of a field's default. For an `Option<T>` it is `T`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no default in a form",
    label = "a form cannot show a default of this type"
)]
pub trait DefaultOf {
    /// The type of the default.
    type Value: DefaultValue;
}

/// A default that a form can show.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no default in a form",
    label = "a form cannot show a default of this type"
)]
pub trait DefaultValue {
    /// Returns the default as JSON.
    fn default_json(&self) -> Value;
}

#[diagnostic::do_not_recommend]
impl<T: DefaultValue> DefaultOf for T {
    type Value = Self;
}

impl<T: DefaultValue> DefaultOf for Option<T> {
    type Value = T;
}

macro_rules! defaults {
    ($($ty:ty)*) => { $(
        impl DefaultValue for $ty {
            fn default_json(&self) -> Value {
                Value::from(self.clone())
            }
        }
    )* };
}

defaults!(String bool u8 u16 u32 u64 usize i8 i16 i32 i64 isize f32 f64);

impl<T: DefaultValue> DefaultValue for Vec<T> {
    fn default_json(&self) -> Value {
        self.iter().map(DefaultValue::default_json).collect()
    }
}
