//! Decodes the arguments of a call, with errors from which a model can correct the call.
//!
//! Valid arguments are decoded once and, if the schema has constraints that serde does not enforce,
//! validated once as text. Only if decoding fails are the arguments parsed into a tree and decoded
//! again, argument by argument, so that the answer reports all errors at once, each with its JSON
//! pointer: `/city: expected a string, got the integer 1`.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::ToolCall;
use super::value::{ValueError, ValueReader};
use crate::error::reason;
use crate::extract::{Args, ArgumentErrors, Extract, Rejection, escape, is_optional};

/// One argument, which [`decode`] checks on its own.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    name: &'static str,
    check: Check,
    is_optional: fn() -> bool,
}

/// Decodes a value of one type, for the error. All code on errors is compiled once, and calls it.
type Check = fn(&Value) -> Result<(), ValueError>;

impl Field {
    /// Creates an argument of type `T`. It may be missing if `T` can be deserialized from a missing
    /// value, as an `Option` can.
    #[must_use]
    pub const fn new<T: DeserializeOwned>(name: &'static str) -> Self {
        Self { name, check: check::<T>, is_optional: is_optional::<T> }
    }
}

/// Decodes the arguments of a call into a `T`, and validates them against the input schema of the
/// tool.
///
/// `fields` lists the arguments, so that all errors are reported. Without it, only the first
/// missing argument may be reported.
///
/// Constraints such as `minimum`, `maxLength` and `pattern` are enforced, arrays are not decoded
/// into structs, and `5.0` is an integer. Members that only `serde(alias)` knows are refused if the
/// schema allows no additional members, and next to arguments that HTTP headers mirror. The
/// argument `wait_for_previous`, which Gemini CLI adds to calls of any tool, is ignored unless the
/// schema has it.
///
/// # Errors
/// All errors in the arguments.
pub fn decode<T: DeserializeOwned>(call: &ToolCall, fields: &[Field]) -> Result<T, ArgumentErrors> {
    decode_as_sent(call, fields).or_else(|errors| match call.without_host_argument() {
        Some(call) => decode_as_sent(&call, fields),
        None => Err(errors),
    })
}

fn decode_as_sent<T: DeserializeOwned>(
    call: &ToolCall,
    fields: &[Field],
) -> Result<T, ArgumentErrors> {
    let value = match call.arguments().parse() {
        Ok(value) => value,
        Err(error) => {
            let arguments = with_integers(call, fields, &error, check::<T>)?;
            read(&arguments)
                .map_err(|error| ArgumentErrors::from_errors(vec![error.to_string()]))?
        }
    };
    validate(call)?;
    Ok(value)
}

/// Validates the arguments of a call against the input schema of the tool.
fn validate(call: &ToolCall) -> Result<(), ArgumentErrors> {
    if call.schema().is_needed() {
        let violations = call.schema().violations(call.arguments().as_str());
        if !violations.is_empty() {
            let errors = violations.iter().map(ToString::to_string).collect();
            return Err(ArgumentErrors::from_errors(errors));
        }
    }
    Ok(())
}

impl<T: DeserializeOwned + JsonSchema> Extract<ToolCall> for Args<T> {
    fn extract(call: &ToolCall) -> Result<Self, Rejection> {
        Ok(Self(decode(call, &[])?))
    }
}

/// Returns the arguments with `5.0` written as `5` where the schema has an integer, if they can be
/// decoded then, or else all errors in them.
#[cold]
fn with_integers(
    call: &ToolCall,
    fields: &[Field],
    error: &serde_json::Error,
    check: Check,
) -> Result<Value, ArgumentErrors> {
    let Ok(mut arguments) = call.arguments().parse::<Value>() else {
        return Err(ArgumentErrors::new("", reason(error)));
    };
    if call.schema().write_integers(&mut arguments) && check(&arguments).is_ok() {
        return Ok(arguments);
    }
    let mut errors = diagnose(&arguments, fields, error, check);
    for violation in call.schema().violations(call.arguments().as_str()) {
        let prefix = format!("{}: ", violation.pointer);
        if !violation.is_shape && !errors.iter().any(|error| error.starts_with(&prefix)) {
            errors.push(violation.to_string());
        }
    }
    Err(ArgumentErrors::from_errors(errors))
}

fn diagnose(
    arguments: &Value,
    fields: &[Field],
    error: &serde_json::Error,
    check: Check,
) -> Vec<String> {
    let mut errors = Vec::new();
    if let (Value::Object(given), false) = (arguments, fields.is_empty()) {
        for field in fields {
            match given.get(field.name) {
                None if (field.is_optional)() => {}
                None => errors.push(format!("/{}: the argument is required", escape(field.name))),
                Some(value) => {
                    let found = errors_in(value, field.check).into_iter();
                    errors.extend(found.map(|error| error.at(&escape(field.name)).to_string()));
                }
            }
        }
        let known = fields.iter().map(|field| field.name).collect::<Vec<_>>().join(", ");
        for name in given
            .keys()
            .filter(|name| fields.iter().all(|field| field.name != *name))
            .take(MAX_ERRORS)
        {
            errors.push(format!("/{}: unknown argument; the tool takes {known}", escape(name)));
        }
    }
    if errors.is_empty() {
        errors.extend(errors_in(arguments, check).iter().map(ValueError::to_string));
    }
    if errors.is_empty() {
        // The tree does not show this error. An example is a duplicate argument.
        errors.push(format!(": {}", reason(error)));
    }
    errors
}

/// Maximum number of errors reported for one value, and of unknown arguments. Fixed: a model
/// corrects a few at a time.
const MAX_ERRORS: usize = 8;

/// Returns the errors that prevent a value from being decoded. Decoding stops at the first error,
/// so the member at fault is removed and the rest is decoded again, until that reveals no further
/// error.
fn errors_in(value: &Value, check: Check) -> Vec<ValueError> {
    let mut errors: Vec<ValueError> = Vec::new();
    let mut rest = Cow::Borrowed(value);
    while errors.len() < MAX_ERRORS
        && let Err(error) = check(&rest)
    {
        if errors.iter().any(|known| known.has_pointer_of(&error)) {
            break; // The member is missing because it was removed.
        }
        let is_removed = error.remove_from(rest.to_mut());
        errors.push(error);
        if !is_removed {
            break;
        }
    }
    errors
}

fn check<T: DeserializeOwned>(value: &Value) -> Result<(), ValueError> {
    read::<T>(value).map(drop)
}

fn read<T: DeserializeOwned>(value: &Value) -> Result<T, ValueError> {
    T::deserialize(ValueReader::new(value))
}
