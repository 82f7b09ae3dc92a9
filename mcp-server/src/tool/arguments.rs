//! The arguments of a call, and errors that tell a model how to repair it.
//!
//! The way of a good call is one typed parse of the raw arguments. Only when that fails are they parsed into
//! a tree and gone through again, argument by argument, so that the answer names every mistake at once, each
//! with its JSON pointer: `/city: expected a string, got the integer 1`.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::ToolCall;
use super::value::{Mistake, ValueReader};
use crate::error::reason;
use crate::extract::{Args, ArgumentErrors, Extract, Rejection, escape, is_optional};

/// One argument, for [`decode`] to look at on its own.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    name: &'static str,
    check: fn(&Value) -> Vec<Mistake>,
    is_optional: fn() -> bool,
}

impl Field {
    /// An argument that is read as a `T`; it may be missing when `T` can be made from nothing, as an `Option`
    /// can.
    #[must_use]
    pub const fn new<T: DeserializeOwned>(name: &'static str) -> Self {
        Self { name, check: mistakes_in::<T>, is_optional: is_optional::<T> }
    }
}

/// Reads the arguments of a call as a `T`.
///
/// `fields` are its arguments one by one, so that all mistakes are found. Without them, of the arguments that
/// are missing only the first may be reported.
///
/// # Errors
/// What does not fit.
pub fn decode<T: DeserializeOwned>(call: &ToolCall, fields: &[Field]) -> Result<T, ArgumentErrors> {
    call.arguments().parse().map_err(|error| diagnose::<T>(call, fields, &error))
}

impl<T: DeserializeOwned + JsonSchema> Extract<ToolCall> for Args<T> {
    fn extract(call: &ToolCall) -> Result<Self, Rejection> {
        Ok(Self(decode(call, &[])?))
    }
}

#[cold]
fn diagnose<T: DeserializeOwned>(
    call: &ToolCall,
    fields: &[Field],
    error: &serde_json::Error,
) -> ArgumentErrors {
    let Ok(arguments) = call.arguments().parse::<Value>() else {
        return ArgumentErrors::new("", reason(error));
    };
    let mut mistakes = Vec::new();
    if let (Value::Object(given), false) = (&arguments, fields.is_empty()) {
        for field in fields {
            match given.get(field.name) {
                None if (field.is_optional)() => {}
                None => mistakes.push(format!("/{}: the argument is required", escape(field.name))),
                Some(value) => {
                    let found = (field.check)(value).into_iter();
                    mistakes
                        .extend(found.map(|mistake| mistake.at(&escape(field.name)).to_string()));
                }
            }
        }
        let known = fields.iter().map(|field| field.name).collect::<Vec<_>>().join(", ");
        for name in given
            .keys()
            .filter(|name| fields.iter().all(|field| field.name != *name))
            .take(MOST_MISTAKES)
        {
            mistakes.push(format!("/{}: unknown argument; the tool takes {known}", escape(name)));
        }
    }
    if mistakes.is_empty() {
        mistakes.extend(mistakes_in::<T>(&arguments).iter().map(Mistake::to_string));
    }
    if mistakes.is_empty() {
        // A doubled argument, say, which the tree does not show.
        mistakes.push(format!(": {}", reason(error)));
    }
    ArgumentErrors::from_mistakes(mistakes)
}

/// The most mistakes that are looked for in one value, and the most unknown arguments that are named.
const MOST_MISTAKES: usize = 8;

/// What keeps a value from being a `T`. A read ends at the first mistake, so the member that it names is taken
/// out and the rest is read again, as long as that leads further.
fn mistakes_in<T: DeserializeOwned>(value: &Value) -> Vec<Mistake> {
    let mut mistakes: Vec<Mistake> = Vec::new();
    let mut rest = Cow::Borrowed(value);
    while mistakes.len() < MOST_MISTAKES
        && let Err(mistake) = read::<T>(&rest)
    {
        if mistakes.iter().any(|known| known.is_at_place_of(&mistake)) {
            break; // It is missing because it was taken out.
        }
        let goes_on = mistake.take_out_of(rest.to_mut());
        mistakes.push(mistake);
        if !goes_on {
            break;
        }
    }
    mistakes
}

fn read<T: DeserializeOwned>(value: &Value) -> Result<T, Mistake> {
    T::deserialize(ValueReader::new(value))
}
