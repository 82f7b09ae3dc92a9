//! Bounds for the types of parameters. They are blanket traits, so that the compiler reports a type
//! that does not meet them in one sentence, with help, at the parameter.

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::tool::HeaderArgument;
use crate::types::Schema;

/// A type that an argument of a tool can have.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a tool",
    label = "not an argument: it needs `serde::Deserialize` and `schemars::JsonSchema`",
    note = "derive both for the type; arguments are owned, so they cannot borrow from the call",
    note = "mark a parameter that is injected through an alias (`type Ctx = Context`) with `#[arg(inject)]`"
)]
pub trait Argument: DeserializeOwned + JsonSchema {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + JsonSchema> Argument for T {}

/// A type that an argument of a prompt, or a variable of a resource's URI, can have. It is decoded
/// from a string.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be decoded from a string",
    label = "not an argument of a prompt or a resource: it needs `serde::Deserialize`",
    note = "derive `serde::Deserialize` for the type; arguments are owned, so they cannot borrow from the call",
    note = "mark a parameter that is injected through an alias (`type Ctx = Context`) with `#[arg(inject)]`"
)]
pub trait TextArgument: DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned> TextArgument for T {}

/// Checks that the type of a parameter implements [`Argument`].
pub const fn argument<T: Argument>() {}

/// Checks that the type of a parameter implements [`TextArgument`].
pub const fn text_argument<T: TextArgument>() {}

/// Checks that the type of a parameter implements [`HeaderArgument`].
pub const fn header_argument<T: HeaderArgument>() {}

/// The value of `#[arg(default = …)]`. `(&&ArgumentDefault(value)).json()` returns its JSON form,
/// if it has one.
#[derive(Debug)]
pub struct ArgumentDefault<T>(pub T);

/// A default that can be part of the schema.
pub trait SerializableDefault {
    /// Returns the default as JSON.
    fn json(&self) -> Option<Value>;
}

impl<T: Serialize> SerializableDefault for &ArgumentDefault<T> {
    fn json(&self) -> Option<Value> {
        serde_json::to_value(&self.0).ok()
    }
}

/// A default that cannot be part of the schema, because its type does not implement `Serialize`.
/// The argument is still optional.
pub trait UnserializableDefault {
    /// Returns `None`.
    fn json(&self) -> Option<Value>;
}

impl<T> UnserializableDefault for ArgumentDefault<T> {
    fn json(&self) -> Option<Value> {
        None
    }
}

/// Adds the default of an argument to the schema of the arguments.
#[must_use]
pub fn set_default(schema: Schema, argument: &str, default: Option<Value>) -> Schema {
    // `null` means that the argument is optional, which the schema expresses by `required`.
    let Some(default) = default.filter(|default| !default.is_null()) else { return schema };
    let mut value = schema.as_value();
    let Some(property) = value.get_mut("properties").and_then(|all| all.get_mut(argument)) else {
        return schema;
    };
    match property {
        Value::Object(property) => drop(property.insert("default".to_owned(), default)),
        // The schema `true`, which accepts every value.
        any => *any = serde_json::json!({ "default": default }),
    }
    Schema::try_from(value).unwrap_or(schema)
}
