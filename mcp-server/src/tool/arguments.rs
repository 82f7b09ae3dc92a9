//! The arguments of a call, and errors that tell a model how to repair it.
//!
//! A good call is one typed parse of the raw arguments, and, where the schema has constraints that
//! serde does not enforce, one check of the same text. Only when the parse fails are the arguments
//! read into a tree and gone through again, argument by argument, so that the answer names every
//! mistake at once, each with its JSON pointer: `/city: expected a string, got the integer 1`.

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
    /// An argument that is read as a `T`; it may be missing when `T` can be made from nothing, as
    /// an `Option` can.
    #[must_use]
    pub const fn new<T: DeserializeOwned>(name: &'static str) -> Self {
        Self { name, check: mistakes_in::<T>, is_optional: is_optional::<T> }
    }
}

/// Reads the arguments of a call as a `T`, and holds them against the input schema of the tool.
///
/// `fields` are its arguments one by one, so that all mistakes are found. Without them, of the
/// arguments that are missing only the first may be reported.
///
/// Bounds such as `minimum`, `maxLength` and `pattern` are enforced, an array is not read as a
/// struct, and `5.0` is an integer. Members that only `serde(alias)` knows are refused where the
/// schema allows no others, and next to arguments that HTTP headers mirror.
///
/// # Errors
/// What does not fit.
pub fn decode<T: DeserializeOwned>(call: &ToolCall, fields: &[Field]) -> Result<T, ArgumentErrors> {
    let value = match call.arguments().parse() {
        Ok(value) => value,
        Err(error) => read_again(call, fields, &error)?,
    };
    if call.schema().is_needed() {
        let violations = call.schema().violations(call.arguments().as_bytes());
        if !violations.is_empty() {
            let mistakes = violations.iter().map(ToString::to_string).collect();
            return Err(ArgumentErrors::from_mistakes(mistakes));
        }
    }
    Ok(value)
}

impl<T: DeserializeOwned + JsonSchema> Extract<ToolCall> for Args<T> {
    fn extract(call: &ToolCall) -> Result<Self, Rejection> {
        Ok(Self(decode(call, &[])?))
    }
}

/// The arguments with `5.0` written as `5` where the schema has an integer, or what does not fit.
#[cold]
fn read_again<T: DeserializeOwned>(
    call: &ToolCall,
    fields: &[Field],
    error: &serde_json::Error,
) -> Result<T, ArgumentErrors> {
    let Ok(mut arguments) = call.arguments().parse::<Value>() else {
        return Err(ArgumentErrors::new("", reason(error)));
    };
    if call.schema().write_integers(&mut arguments)
        && let Ok(value) = read(&arguments)
    {
        return Ok(value);
    }
    let mut mistakes = diagnose::<T>(&arguments, fields, error);
    for violation in call.schema().violations(call.arguments().as_bytes()) {
        let place = format!("{}: ", violation.pointer);
        if !violation.is_shape && !mistakes.iter().any(|mistake| mistake.starts_with(&place)) {
            mistakes.push(violation.to_string());
        }
    }
    Err(ArgumentErrors::from_mistakes(mistakes))
}

fn diagnose<T: DeserializeOwned>(
    arguments: &Value,
    fields: &[Field],
    error: &serde_json::Error,
) -> Vec<String> {
    let mut mistakes = Vec::new();
    if let (Value::Object(given), false) = (arguments, fields.is_empty()) {
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
            .take(MAX_MISTAKES)
        {
            mistakes.push(format!("/{}: unknown argument; the tool takes {known}", escape(name)));
        }
    }
    if mistakes.is_empty() {
        mistakes.extend(mistakes_in::<T>(arguments).iter().map(Mistake::to_string));
    }
    if mistakes.is_empty() {
        // A doubled argument, say, which the tree does not show.
        mistakes.push(format!(": {}", reason(error)));
    }
    mistakes
}

/// Mistakes that are looked for in one value, and unknown arguments that are named. Fixed: a model
/// repairs a few at a time.
const MAX_MISTAKES: usize = 8;

/// What keeps a value from being a `T`. A read ends at the first mistake, so the member that it
/// names is taken out and the rest is read again, as long as that leads further.
fn mistakes_in<T: DeserializeOwned>(value: &Value) -> Vec<Mistake> {
    let mut mistakes: Vec<Mistake> = Vec::new();
    let mut rest = Cow::Borrowed(value);
    while mistakes.len() < MAX_MISTAKES
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
