//! From the arguments of a tool to the parameters of a method: slices of text, never values.

use mcp_core::json::{JsonBytes, member_ranges_of};

use crate::extract::{ArgumentErrors, escape};

/// What a method without a schema takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OpenParams {
    /// An array `params`, the parameters by position. Methods of jsonrpsee accept this form in
    /// nearly all cases: sequences, tuples and structs are read from arrays.
    #[default]
    Positional,
    /// Any object, whose members are the parameters by name.
    Named,
}

/// The name of the argument of a method without a schema.
pub(super) const OPEN_ARGUMENT: &str = "params";

/// How the arguments of a tool become parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Conversion {
    /// The arguments are the parameters.
    ByName,
    /// The values of these arguments, in this order, are the parameters.
    ByPosition(Vec<String>),
    /// The value of the argument `params` is the parameters.
    Open,
}

impl Conversion {
    /// Returns the text of the parameters. `None` if there are none.
    ///
    /// # Errors
    /// If an argument occurs twice where one value is needed, or `params` is not an array.
    pub(super) fn params(&self, arguments: JsonBytes) -> Result<Option<JsonBytes>, ArgumentErrors> {
        match self {
            Self::ByName => Ok(Some(arguments)),
            Self::ByPosition(names) => {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                in_order(&arguments, &names).map(Some)
            }
            Self::Open => {
                let range = find(&arguments, &[OPEN_ARGUMENT])?.pop().flatten();
                let Some(range) = range else { return Ok(None) };
                let params = arguments.slice(range);
                match params.as_bytes().first() {
                    Some(b'[') => Ok(Some(params)),
                    Some(b'n') => Ok(None),
                    _ => Err(ArgumentErrors::new("/params", "expected an array of parameters")),
                }
            }
        }
    }
}

/// Returns an array of the values of the named members. A missing one is `null`, unless no value
/// follows it.
fn in_order(arguments: &JsonBytes, names: &[&str]) -> Result<JsonBytes, ArgumentErrors> {
    let mut ranges = find(arguments, names)?;
    while let Some(None) = ranges.last() {
        ranges.pop();
    }
    let text = arguments.as_str();
    let mut array = String::with_capacity(text.len());
    array.push('[');
    for (index, range) in ranges.into_iter().enumerate() {
        if index > 0 {
            array.push(',');
        }
        array.push_str(range.and_then(|range| text.get(range)).unwrap_or("null"));
    }
    array.push(']');
    Ok(JsonBytes::from_trusted(array))
}

fn find(
    arguments: &JsonBytes,
    names: &[&str],
) -> Result<Vec<Option<std::ops::Range<usize>>>, ArgumentErrors> {
    member_ranges_of(arguments.as_str(), names).map_err(|index| {
        let pointer = format!("/{}", escape(names.get(index).copied().unwrap_or_default()));
        ArgumentErrors::new(&pointer, "the argument occurs twice")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(conversion: &Conversion, arguments: &str) -> Option<String> {
        let params = conversion.params(JsonBytes::from_trusted(arguments)).unwrap();
        params.map(|params| params.as_str().to_owned())
    }

    #[test]
    fn values_keep_their_text_in_the_order_of_the_method() {
        let by_position = Conversion::ByPosition(["a", "b", "c"].map(str::to_owned).into());
        let arguments = r#"{"c": {"x":1,"x":2}, "a":1e400}"#;
        assert_eq!(converted(&by_position, arguments).unwrap(), r#"[1e400,null,{"x":1,"x":2}]"#);
        assert_eq!(converted(&by_position, r#"{"a":1.50}"#).unwrap(), "[1.50]");
        assert_eq!(converted(&by_position, "{}").unwrap(), "[]");
        let twice = by_position.params(JsonBytes::from_trusted(r#"{"a":1,"a":2}"#));
        assert!(twice.unwrap_err().to_string().contains("/a: the argument occurs twice"));
    }

    #[test]
    fn the_parameters_of_an_open_method_share_the_text_of_the_arguments() {
        let arguments = JsonBytes::from_trusted(r#"{"params":[1,  2]}"#);
        let params = Conversion::Open.params(arguments.clone()).unwrap().unwrap();
        assert_eq!(params.as_str(), "[1,  2]");
        assert_eq!(params.as_bytes().as_ptr(), arguments.as_bytes()[10..].as_ptr());
        assert_eq!(converted(&Conversion::Open, "{}"), None);
        assert_eq!(converted(&Conversion::Open, r#"{"params":null}"#), None);
        let object = Conversion::Open.params(JsonBytes::from_trusted(r#"{"params":{}}"#));
        assert!(object.unwrap_err().to_string().contains("/params: expected an array"));
    }

    #[test]
    fn arguments_by_name_are_the_parameters_themselves() {
        let arguments = JsonBytes::from_trusted(r#"{"b":1,"b":1e400}"#);
        let params = Conversion::ByName.params(arguments.clone()).unwrap().unwrap();
        assert_eq!(params.as_bytes().as_ptr(), arguments.as_bytes().as_ptr());
    }
}
