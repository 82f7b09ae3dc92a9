//! What `#[derive(Elicit)]` names beside the public traits.

use mcp_core::types::PrimitiveSchema;
use serde_json::Value;

use crate::input::Choice;

/// The field of a choice of one.
#[must_use]
pub fn choice<T: Choice>() -> PrimitiveSchema {
    crate::input::one_of(T::options(), T::TITLED)
}

/// The type of a field's default: of an `Option` what is in it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no default in a form",
    label = "no default can be shown"
)]
pub trait DefaultOf {
    /// The type.
    type Value: DefaultValue;
}

/// A default that can be shown.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no default in a form",
    label = "no default can be shown"
)]
pub trait DefaultValue {
    /// The default as JSON.
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
