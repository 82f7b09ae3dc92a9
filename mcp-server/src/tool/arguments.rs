//! The arguments of a call, and errors that tell a model how to repair it.
//!
//! The way of a good call is one typed parse of the raw arguments. Only when that fails are they parsed into
//! a tree and gone through again, argument by argument, so that the answer names every mistake at once, each
//! with its JSON pointer: `/city: expected a string, got the integer 1`.

use std::borrow::Cow;
use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::ToolCall;
use super::value::{Mistake, ValueReader};
use crate::macro_support::is_optional;

/// Why the arguments of a call do not fit: one entry a mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArgumentErrors(Vec<String>);

impl ArgumentErrors {
    /// One mistake at a place in the arguments, given as a JSON pointer such as `/city`.
    pub fn new(pointer: &str, reason: impl fmt::Display) -> Self {
        Self(vec![format!("{pointer}: {reason}")])
    }

    /// The mistakes, each as `pointer: reason`.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl fmt::Display for ArgumentErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("The arguments do not fit the tool's input schema:")?;
        for mistake in &self.0 {
            write!(f, "\n- {mistake}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ArgumentErrors {}

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

#[cold]
fn diagnose<T: DeserializeOwned>(
    call: &ToolCall,
    fields: &[Field],
    error: &serde_json::Error,
) -> ArgumentErrors {
    let Ok(arguments) = call.arguments().parse::<Value>() else {
        return ArgumentErrors::new("", strip_position(error));
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
        mistakes.push(format!(": {}", strip_position(error)));
    }
    ArgumentErrors(mistakes)
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

/// A name as a part of a JSON pointer (RFC 6901).
pub(super) fn escape(name: &str) -> String {
    let name: String = name.chars().take(64).collect();
    name.replace('~', "~0").replace('/', "~1")
}

fn strip_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.find(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}
