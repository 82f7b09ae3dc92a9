//! Validation of submitted forms. Spec: client/elicitation (both sides should validate).

use std::fmt;

use serde_json::Value;

use super::{ElicitSchema, NumberKind, PrimitiveSchema, StringFormat, StringSchema};
use crate::json::JsonObject;

/// A field that does not match its form. `Display` names the field and the problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormError {
    field: String,
    problem: String,
}

impl FormError {
    fn new(field: &str, problem: impl fmt::Display) -> Self {
        Self { field: field.to_owned(), problem: problem.to_string() }
    }

    /// Returns the name of the field.
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }
}

impl fmt::Display for FormError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.problem)
    }
}

impl std::error::Error for FormError {}

impl ElicitSchema {
    /// Returns the default values of the form, for a host to show or to submit unchanged.
    ///
    /// ```
    /// use mcp_core::types::{BooleanSchema, ElicitSchema, NumberSchema, StringSchema};
    /// use serde_json::{Value, json};
    ///
    /// let form = ElicitSchema::new()
    ///     .required_field("name", StringSchema::new())
    ///     .field("copies", NumberSchema::integer().default_value(1.0))
    ///     .field("duplex", BooleanSchema::new().default_value(true));
    /// let content = form.defaults();
    /// assert_eq!(Value::Object(content.clone()), json!({ "copies": 1, "duplex": true }));
    /// assert!(form.check(&content).is_err(), "the required name has no default");
    /// ```
    #[must_use]
    pub fn defaults(&self) -> JsonObject {
        let mut content = JsonObject::new();
        self.fill_in(&mut content);
        content
    }

    /// Adds the default values of the fields that `content` does not have.
    ///
    /// ```
    /// use mcp_core::types::{BooleanSchema, ElicitSchema, StringSchema};
    /// use serde_json::json;
    ///
    /// let form = ElicitSchema::new()
    ///     .required_field("email", StringSchema::new())
    ///     .field("newsletter", BooleanSchema::new().default_value(false));
    /// let mut content = serde_json::from_value(json!({ "email": "ada@example.com" }))?;
    /// form.fill_in(&mut content);
    /// assert_eq!(content["newsletter"], false);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn fill_in(&self, content: &mut JsonObject) {
        for (name, field) in self.properties.iter() {
            if !content.contains_key(name)
                && let Some(value) = field.default_json()
            {
                content.insert(name.to_owned(), value);
            }
        }
    }

    /// Validates submitted values against the form. Values that the form has no field for are
    /// ignored.
    ///
    /// ```
    /// use mcp_core::types::{ElicitSchema, NumberSchema};
    /// use serde_json::json;
    ///
    /// let form = ElicitSchema::new().required_field("guests", NumberSchema::integer().maximum(6.0));
    /// let answer = |guests: u32| serde_json::from_value(json!({ "guests": guests }));
    /// assert!(form.check(&answer(4)?).is_ok());
    /// assert!(form.check(&answer(7)?).is_err());
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// # Errors
    /// The first field that is missing or does not match.
    pub fn check(&self, content: &JsonObject) -> Result<(), FormError> {
        for name in self.required.iter().flatten() {
            if !content.contains_key(name) {
                return Err(FormError::new(name, "a value is required"));
            }
        }
        for (name, field) in self.properties.iter() {
            match content.get(name) {
                None | Some(Value::Null) if !self.is_required(name) => {}
                None => {}
                Some(value) => {
                    field.check(value).map_err(|problem| FormError::new(name, problem))?;
                }
            }
        }
        Ok(())
    }
}

impl PrimitiveSchema {
    /// Returns the default value.
    fn default_json(&self) -> Option<Value> {
        match self {
            Self::String(field) => field.default_value.clone().map(Value::from),
            Self::Number(field) => field.default_value.map(|value| number(value, &field.kind)),
            Self::Boolean(field) => field.default_value.map(Value::from),
            Self::SingleSelect(field) => field.default_value.clone().map(Value::from),
            Self::TitledSingleSelect(field) => field.default_value.clone().map(Value::from),
            Self::MultiSelect(field) => field.default_value.clone().map(Value::from),
            Self::TitledMultiSelect(field) => field.default_value.clone().map(Value::from),
            Self::LegacyTitledEnum(field) => field.default_value.clone().map(Value::from),
            Self::Unknown(_) => None,
        }
    }

    fn check(&self, value: &Value) -> Result<(), String> {
        match self {
            Self::String(field) => check_text(field, value),
            Self::Number(field) => {
                let number = value.as_f64().ok_or("must be a number")?;
                if field.kind == NumberKind::Integer && number.fract() != 0.0 {
                    return Err("must be an integer".into());
                }
                if let Some(min) = field.minimum.filter(|min| number < *min) {
                    return Err(format!("must be at least {min}"));
                }
                if let Some(max) = field.maximum.filter(|max| number > *max) {
                    return Err(format!("must be at most {max}"));
                }
                Ok(())
            }
            Self::Boolean(_) => {
                value.is_boolean().then_some(()).ok_or_else(|| "must be true or false".into())
            }
            Self::SingleSelect(field) => one_of(value, field.values.iter()),
            Self::LegacyTitledEnum(field) => one_of(value, field.values.iter()),
            Self::TitledSingleSelect(field) => {
                one_of(value, field.options.iter().map(|option| &option.value))
            }
            Self::MultiSelect(field) => {
                several_of(value, field.items.values.iter(), field.min_items, field.max_items)
            }
            Self::TitledMultiSelect(field) => {
                let values = field.items.options.iter().map(|option| &option.value);
                several_of(value, values, field.min_items, field.max_items)
            }
            Self::Unknown(_) => Ok(()),
        }
    }
}

fn number(value: f64, kind: &NumberKind) -> Value {
    // The integers of forms are small. Beyond 2^53 the double would not be exact in any case.
    let integer = value as i64;
    if *kind == NumberKind::Integer && value.fract() == 0.0 { integer.into() } else { value.into() }
}

fn check_text(field: &StringSchema, value: &Value) -> Result<(), String> {
    let text = value.as_str().ok_or("must be a string")?;
    let length = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
    if let Some(min) = field.min_length.filter(|min| length < *min) {
        return Err(format!("must have at least {min} characters, not {length}"));
    }
    if let Some(max) = field.max_length.filter(|max| length > *max) {
        return Err(format!("must have at most {max} characters, not {length}"));
    }
    let problem = match &field.format {
        Some(StringFormat::Email) if !is_email(text) => "must be an email address",
        Some(StringFormat::Uri) if !has_scheme(text) => "must be a URI",
        Some(StringFormat::Date) if !is_date(text) => "must be a date (YYYY-MM-DD)",
        Some(StringFormat::DateTime) if !is_date_time(text) => "must be a date and time (RFC 3339)",
        _ => return Ok(()),
    };
    Err(problem.into())
}

fn one_of<'a>(value: &Value, mut values: impl Iterator<Item = &'a String>) -> Result<(), String> {
    let text = value.as_str().ok_or("must be a string")?;
    values
        .any(|other| other == text)
        .then_some(())
        .ok_or_else(|| "must be one of the options".into())
}

fn several_of<'a>(
    value: &Value,
    values: impl Iterator<Item = &'a String> + Clone,
    min: Option<u64>,
    max: Option<u64>,
) -> Result<(), String> {
    let chosen = value.as_array().ok_or("must be a list")?;
    for choice in chosen {
        one_of(choice, values.clone())?;
    }
    let count = u64::try_from(chosen.len()).unwrap_or(u64::MAX);
    if let Some(min) = min.filter(|min| count < *min) {
        return Err(format!("must have at least {min} choices, not {count}"));
    }
    if let Some(max) = max.filter(|max| count > *max) {
        return Err(format!("must have at most {max} choices, not {count}"));
    }
    Ok(())
}

/// Checks for text, an `@` and text. Only the mail server can check more.
fn is_email(text: &str) -> bool {
    text.rsplit_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
        && !text.contains(char::is_whitespace)
}

fn has_scheme(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, rest)| {
        !rest.is_empty()
            && scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|character| character.is_ascii_alphanumeric() || "+-.".contains(character))
            && !rest.contains(char::is_whitespace)
    })
}

fn is_date(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return false };
    let number = |part: &str, digits: usize| {
        (part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| part.parse().ok())
            .flatten()
    };
    let (Some(year), Some(month), Some(day)) = (number(year, 4), number(month, 2), number(day, 2))
    else {
        return false;
    };
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let days: u32 = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

fn is_date_time(text: &str) -> bool {
    let Some((date, time)) = text.split_once(['T', 't', ' ']) else { return false };
    let zone = time.find(['Z', 'z', '+', '-']);
    let Some((time, zone)) = zone.and_then(|at| time.split_at_checked(at)) else { return false };
    let is_clock = |text: &str, max: [u32; 2]| {
        let parts: Vec<_> = text.split(':').map(|part| (part.len(), part.parse::<u32>())).collect();
        parts.len() >= 2
            && parts.iter().zip(max).all(|((length, part), max)| {
                *length == 2 && part.as_ref().is_ok_and(|part| *part <= max)
            })
    };
    let (whole, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let seconds = whole.rsplit(':').next().and_then(|seconds| seconds.parse::<u32>().ok());
    is_date(date)
        && whole.len() == 8
        && is_clock(whole, [23, 59])
        && seconds.is_some_and(|seconds| seconds <= 60)
        && !fraction.is_empty()
        && fraction.bytes().all(|byte| byte.is_ascii_digit())
        && (matches!(zone, "Z" | "z")
            || (zone.len() == 6 && is_clock(zone.get(1..).unwrap_or_default(), [23, 59])))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::types::{BooleanSchema, NumberSchema, UntitledSingleSelectEnumSchema};

    fn check(field: impl Into<PrimitiveSchema>, value: &Value) -> bool {
        field.into().check(value).is_ok()
    }

    #[test]
    fn values_are_checked_against_type_and_range() {
        let name = || StringSchema::new().min_length(2_u64).max_length(3_u64);
        assert!(
            check(name(), &json!("äöü"))
                && !check(name(), &json!("a"))
                && !check(name(), &json!("abcd"))
        );
        assert!(!check(name(), &json!(12)));
        let age = || NumberSchema::integer().minimum(0.0).maximum(150.0);
        assert!(
            check(age(), &json!(30)) && check(age(), &json!(30.0)) && !check(age(), &json!(30.5))
        );
        assert!(!check(age(), &json!(-1)) && !check(age(), &json!(151)));
        let color = || UntitledSingleSelectEnumSchema::new(["red", "blue"].map(String::from));
        assert!(check(color(), &json!("red")) && !check(color(), &json!("green")));
        assert!(!check(BooleanSchema::new(), &json!("true")));
    }

    #[test]
    fn text_is_checked_against_its_format() {
        let format = |format, text: &str| check(StringSchema::new().format(format), &json!(text));
        assert!(
            format(StringFormat::Email, "a@b.example") && !format(StringFormat::Email, "a b@c")
        );
        assert!(!format(StringFormat::Email, "@") && !format(StringFormat::Email, "a"));
        assert!(
            format(StringFormat::Uri, "https://a.example/x")
                && format(StringFormat::Uri, "urn:isbn:1")
        );
        assert!(!format(StringFormat::Uri, "a b") && !format(StringFormat::Uri, "//x"));
        assert!(
            format(StringFormat::Date, "2024-02-29") && !format(StringFormat::Date, "2023-02-29")
        );
        assert!(!format(StringFormat::Date, "2023-2-9"));
        for good in ["2024-01-01T00:00:00Z", "2024-01-01T23:59:60.5+01:00"] {
            assert!(format(StringFormat::DateTime, good), "{good}");
        }
        for bad in [
            "2024-01-01",
            "2024-01-01T00:00:00",
            "2024-01-01T24:00:00Z",
            "2024-01-01T00:00:00+1:00",
        ] {
            assert!(!format(StringFormat::DateTime, bad), "{bad}");
        }
    }

    #[test]
    fn required_fields_are_checked_and_defaults_filled_in() {
        let form = ElicitSchema::new()
            .required_field("name", StringSchema::new())
            .field("sure", BooleanSchema::new().default_value(true));
        let mut content = JsonObject::new();
        assert_eq!(form.check(&content).unwrap_err().field(), "name");
        content.insert("name".into(), json!("Ann"));
        form.fill_in(&mut content);
        assert_eq!(content.get("sure"), Some(&json!(true)));
        form.check(&content).unwrap();
    }
}
