//! What a parameter's type must be able to do. The bounds are blanket traits of our own, so that a
//! type which does not meet them is refused in one sentence, with help, at the parameter.

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::tool::HeaderArgument;
use crate::types::Schema;

/// A type that a tool argument can have.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a tool",
    label = "not an argument: it needs `serde::Deserialize` and `schemars::JsonSchema`",
    note = "derive both for your own type; an argument is owned, so it borrows nothing from the call",
    note = "a parameter that is injected under another name (`type Ctx = Context`) is marked `#[arg(inject)]`"
)]
pub trait Argument: DeserializeOwned + JsonSchema {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + JsonSchema> Argument for T {}

/// A type that an argument of a prompt, or a variable of a resource's URI, can have: it is read
/// from text.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be read from text",
    label = "not an argument of a prompt or a resource: it needs `serde::Deserialize`",
    note = "derive `serde::Deserialize` for your own type; an argument is owned, so it borrows nothing from the call",
    note = "a parameter that is injected under another name (`type Ctx = Context`) is marked `#[arg(inject)]`"
)]
pub trait TextArgument: DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned> TextArgument for T {}

/// Holds the type of a parameter against [`Argument`].
pub const fn argument<T: Argument>() {}

/// Holds the type of a parameter against [`TextArgument`].
pub const fn text_argument<T: TextArgument>() {}

/// Holds the type of a parameter against [`HeaderArgument`].
pub const fn header_argument<T: HeaderArgument>() {}

/// The value of `#[arg(default = …)]`, asked for its JSON form:
/// `(&&ArgumentDefault(value)).json()`.
#[derive(Debug)]
pub struct ArgumentDefault<T>(pub T);

/// A default that can be shown in the schema.
pub trait DefaultIsKnown {
    /// The default as JSON.
    fn json(&self) -> Option<Value>;
}

impl<T: Serialize> DefaultIsKnown for &ArgumentDefault<T> {
    fn json(&self) -> Option<Value> {
        serde_json::to_value(&self.0).ok()
    }
}

/// A default that cannot be shown, its type does not serialize. The argument is optional all the
/// same.
pub trait DefaultIsSecret {
    /// Nothing.
    fn json(&self) -> Option<Value>;
}

impl<T> DefaultIsSecret for ArgumentDefault<T> {
    fn json(&self) -> Option<Value> {
        None
    }
}

/// Writes the default of an argument into the schema of the arguments.
#[must_use]
pub fn set_default(schema: Schema, argument: &str, default: Option<Value>) -> Schema {
    // `null` says that the argument may be left out, and the schema says so already.
    let Some(default) = default.filter(|default| !default.is_null()) else { return schema };
    let mut value = schema.as_value();
    let Some(property) = value.get_mut("properties").and_then(|all| all.get_mut(argument)) else {
        return schema;
    };
    match property {
        Value::Object(property) => drop(property.insert("default".to_owned(), default)),
        // `true`: anything at all.
        anything => *anything = serde_json::json!({ "default": default }),
    }
    Schema::try_from(value).unwrap_or(schema)
}
