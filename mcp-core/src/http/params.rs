//! Arguments that are repeated in header fields: the keyword `x-mcp-header` in the schema of a
//! tool. Spec: basic/transports/streamable-http, "Custom headers" (HDR-10 to HDR-16).

use std::borrow::Cow;
use std::collections::HashSet;

use http::HeaderName;
use serde_json::{Map, Value};

use super::names::{PARAM_KEYWORD, PARAM_PREFIX};
use crate::json::MAX_EXACT_INTEGER;

/// Maximum depth of a schema that is searched. Fixed: it protects the stack, and the depth of a
/// message is limited to the same number.
const MAX_SCHEMA_DEPTH: usize = 64;
/// Maximum number of annotations of one tool. Fixed: each is a header field of every call, and
/// servers accept about 100 fields.
const MAX_ANNOTATIONS: usize = 64;

/// An argument and the header field that repeats it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParamHeader {
    /// The name of the header field, `mcp-param-…` in lower case.
    pub name: HeaderName,
    /// The path of property names from the root to the argument.
    pub path: Box<[String]>,
}

/// An annotation that breaks a rule. A client must not offer a tool with such a schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {reason}")]
#[non_exhaustive]
pub struct BadAnnotation {
    /// Where in the schema it is, as a JSON pointer.
    pub place: String,
    /// The rule that it breaks.
    pub reason: &'static str,
}

/// Returns the annotated arguments of a tool's input schema.
///
/// ```
/// use mcp_core::http::param_headers;
/// use serde_json::json;
///
/// let schema = json!({
///     "type": "object",
///     "properties": { "region": { "type": "string", "x-mcp-header": "Region" } },
/// });
/// let headers = param_headers(&schema)?;
/// assert_eq!(headers[0].name, "mcp-param-region");
/// assert_eq!(headers[0].find(&json!({ "region": "eu" })), Ok(Some(&json!("eu"))));
/// # Ok::<(), mcp_core::http::BadAnnotation>(())
/// ```
///
/// # Errors
/// [`BadAnnotation`] for the first annotation that breaks a rule.
pub fn param_headers(schema: &Value) -> Result<Vec<ParamHeader>, BadAnnotation> {
    let mut search =
        Search { found: Vec::new(), names: HashSet::new(), path: Vec::new(), pointer: Vec::new() };
    search.schema(schema, Reach::Root)?;
    Ok(search.found)
}

/// How the search reached a subschema, which decides whether an annotation is allowed there.
#[derive(Clone, Copy, PartialEq)]
enum Reach {
    Root,
    /// Through `properties` only.
    Properties,
    Otherwise,
}

struct Search {
    found: Vec<ParamHeader>,
    names: HashSet<HeaderName>,
    path: Vec<String>,
    pointer: Vec<String>,
}

impl Search {
    fn schema(&mut self, schema: &Value, reach: Reach) -> Result<(), BadAnnotation> {
        let Value::Object(members) = schema else { return Ok(()) };
        if self.pointer.len() > 2 * MAX_SCHEMA_DEPTH {
            return Err(self.bad("the schema is nested deeper than 64 levels"));
        }
        if let Some(annotation) = members.get(PARAM_KEYWORD) {
            self.annotation(annotation, members, reach)?;
        }
        for (keyword, value) in members {
            self.pointer.push(keyword.clone());
            match (keyword.as_str(), value) {
                ("properties", Value::Object(properties)) => {
                    let inner = if reach == Reach::Otherwise { reach } else { Reach::Properties };
                    for (name, property) in properties {
                        self.path.push(name.clone());
                        self.pointer.push(name.clone());
                        self.schema(property, inner)?;
                        self.pointer.pop();
                        self.path.pop();
                    }
                }
                (
                    "$defs" | "definitions" | "patternProperties" | "dependentSchemas",
                    Value::Object(schemas),
                ) => {
                    for (name, schema) in schemas {
                        self.pointer.push(name.clone());
                        self.schema(schema, Reach::Otherwise)?;
                        self.pointer.pop();
                    }
                }
                ("allOf" | "anyOf" | "oneOf" | "prefixItems" | "items", Value::Array(schemas)) => {
                    for (index, schema) in schemas.iter().enumerate() {
                        self.pointer.push(index.to_string());
                        self.schema(schema, Reach::Otherwise)?;
                        self.pointer.pop();
                    }
                }
                (
                    "items"
                    | "additionalItems"
                    | "unevaluatedItems"
                    | "contains"
                    | "additionalProperties"
                    | "unevaluatedProperties"
                    | "propertyNames"
                    | "not"
                    | "if"
                    | "then"
                    | "else"
                    | "contentSchema",
                    schema,
                ) => self.schema(schema, Reach::Otherwise)?,
                // `const`, `enum`, `default` and `examples` contain data, not schemas (TRAP-20).
                _ => {}
            }
            self.pointer.pop();
        }
        Ok(())
    }

    fn annotation(
        &mut self,
        annotation: &Value,
        schema: &Map<String, Value>,
        reach: Reach,
    ) -> Result<(), BadAnnotation> {
        let Value::String(header) = annotation else {
            return Err(self.bad("x-mcp-header must be a string"));
        };
        if reach != Reach::Properties {
            return Err(self.bad(
                "x-mcp-header is allowed only on a property that is reached through `properties`",
            ));
        }
        if !matches!(
            schema.get("type").and_then(Value::as_str),
            Some("string" | "integer" | "boolean")
        ) {
            return Err(self.bad("x-mcp-header is allowed only on strings, integers and booleans"));
        }
        let name = HeaderName::try_from(format!("{PARAM_PREFIX}{header}").to_ascii_lowercase());
        let Ok(name) =
            name.map_err(drop).and_then(|name| if header.is_empty() { Err(()) } else { Ok(name) })
        else {
            return Err(self.bad("x-mcp-header must be a valid name of a header field"));
        };
        if self.found.len() == MAX_ANNOTATIONS {
            return Err(self.bad("a tool may have at most 64 arguments with x-mcp-header"));
        }
        if !self.names.insert(name.clone()) {
            return Err(self.bad("two properties have the same x-mcp-header"));
        }
        self.found.push(ParamHeader { name, path: self.path.clone().into() });
        Ok(())
    }

    fn bad(&self, reason: &'static str) -> BadAnnotation {
        BadAnnotation { place: self.pointer.iter().flat_map(|part| ["/", part]).collect(), reason }
    }
}

/// Something on the way to a mirrored argument is not an object, so the argument may be hidden in
/// it: a receiver that also reads structs from arrays would find it there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: expected an object")]
#[non_exhaustive]
pub struct NotAnObject {
    /// Where in the arguments, as a JSON pointer.
    pub place: String,
}

impl ParamHeader {
    /// Returns the argument, or `None` where it, or an object on the way to it, is absent or null.
    ///
    /// # Errors
    /// [`NotAnObject`] when something on the way is there and is not an object.
    pub fn find<'a>(&self, arguments: &'a Value) -> Result<Option<&'a Value>, NotAnObject> {
        let mut value = arguments;
        for (depth, name) in self.path.iter().enumerate() {
            value = match value {
                Value::Null => return Ok(None),
                Value::Object(members) => match members.get(name) {
                    Some(member) => member,
                    None => return Ok(None),
                },
                _ => {
                    let parts = self.path.get(..depth).unwrap_or_default();
                    let place = parts.iter().flat_map(|part| ["/", part]).collect();
                    return Err(NotAnObject { place });
                }
            };
        }
        Ok((!value.is_null()).then_some(value))
    }
}

/// Returns the text that repeats an argument in a header field, not yet
/// [encoded](super::encode_value). `None` for null, arrays and objects.
#[must_use]
pub fn param_text(argument: &Value) -> Option<Cow<'_, str>> {
    match argument {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Bool(true) => Some(Cow::Borrowed("true")),
        Value::Bool(false) => Some(Cow::Borrowed("false")),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        _ => None,
    }
}

/// Whether a decoded header value equals an argument. Numbers are compared as numbers.
#[must_use]
pub fn param_matches(argument: &Value, header: &str) -> bool {
    if let Value::Number(number) = argument {
        let (Some(argument), Ok(mirrored)) = (number.as_f64(), serde_json::from_str::<f64>(header))
        else {
            return false;
        };
        // White space, which base64 can carry, is not part of a number.
        return argument == mirrored
            && argument.abs() < MAX_EXACT_INTEGER
            && header.trim() == header;
    }
    param_text(argument).is_some_and(|text| text == header)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn annotations_are_found_where_they_are_allowed() {
        let schema = json!({
            "type": "object",
            "properties": {
                "region": { "type": "string", "x-mcp-header": "Region" },
                "x-mcp-header": { "type": "string" },
                "deep": { "type": "object", "properties": { "n": { "type": "integer", "x-mcp-header": "n" } } },
                "data": { "const": { "x-mcp-header": 1 }, "default": { "x-mcp-header": 1 } },
            },
        });
        let found = param_headers(&schema).unwrap();
        let names: Vec<_> =
            found.iter().map(|header| (header.name.as_str(), header.path.join("."))).collect();
        assert_eq!(
            names,
            [("mcp-param-region", "region".into()), ("mcp-param-n", "deep.n".to_owned())]
        );
        assert_eq!(found[1].find(&json!({ "deep": { "n": 1 } })), Ok(Some(&json!(1))));
        for absent in
            [json!({ "deep": { "n": null } }), json!({ "deep": null }), json!({}), json!(null)]
        {
            assert_eq!(found[1].find(&absent), Ok(None), "{absent}");
        }
        for hidden in [json!({ "deep": [1] }), json!({ "deep": "1" })] {
            assert_eq!(found[1].find(&hidden), Err(NotAnObject { place: "/deep".into() }));
        }
        assert_eq!(found[0].find(&json!(["eu"])), Err(NotAnObject { place: String::new() }));
    }

    #[test]
    fn annotations_elsewhere_are_rejected() {
        let annotated = json!({ "type": "string", "x-mcp-header": "A" });
        for (schema, place) in [
            (json!({ "type": "object", "x-mcp-header": "A" }), ""),
            (
                json!({ "properties": { "a": { "type": "number", "x-mcp-header": "A" } } }),
                "/properties/a",
            ),
            (
                json!({ "properties": { "a": { "type": ["string", "null"], "x-mcp-header": "A" } } }),
                "/properties/a",
            ),
            (
                json!({ "properties": { "a": { "type": "string", "x-mcp-header": "" } } }),
                "/properties/a",
            ),
            (
                json!({ "properties": { "a": { "type": "string", "x-mcp-header": "a b" } } }),
                "/properties/a",
            ),
            (
                json!({ "properties": { "a": { "type": "string", "x-mcp-header": "a\r\nb" } } }),
                "/properties/a",
            ),
            (
                json!({ "properties": { "a": { "type": "string", "x-mcp-header": 1 } } }),
                "/properties/a",
            ),
            (
                json!({ "properties": { "a": annotated, "b": { "type": "string", "x-mcp-header": "a" } } }),
                "/properties/b",
            ),
            (json!({ "properties": { "a": { "items": annotated } } }), "/properties/a/items"),
            (json!({ "anyOf": [{ "properties": { "a": annotated } }] }), "/anyOf/0/properties/a"),
            (json!({ "$defs": { "a": annotated } }), "/$defs/a"),
            (json!({ "not": annotated }), "/not"),
        ] {
            assert_eq!(param_headers(&schema).unwrap_err().place, place, "{schema}");
        }
    }

    #[test]
    fn the_number_of_annotations_is_bounded() {
        let schema = |count: usize| {
            let property = |n: usize| {
                (format!("p{n}"), json!({ "type": "string", "x-mcp-header": format!("P{n}") }))
            };
            json!({ "properties": (0..count).map(property).collect::<Map<_, _>>() })
        };
        assert_eq!(param_headers(&schema(MAX_ANNOTATIONS)).unwrap().len(), MAX_ANNOTATIONS);
        for count in [MAX_ANNOTATIONS + 1, 50_000] {
            let error = param_headers(&schema(count)).unwrap_err();
            assert!(error.reason.contains("at most 64"), "{error}");
        }
    }

    #[test]
    fn numbers_are_compared_by_value_and_text_by_characters() {
        for (argument, header, is_match) in [
            (json!("a"), "a", true),
            (json!("a"), "A", false),
            (json!(42), "42", true),
            (json!(42), "42.0", true),
            (json!(42.0), "42", true),
            (json!(42), "4.2e1", true),
            (json!(42), "043", false),
            (json!(42), " 42", false),
            (json!(9_007_199_254_740_993_i64), "9007199254740993", false),
            (json!(true), "true", true),
            (json!(true), "True", false),
            (json!("42"), "42.0", false),
            (json!([1]), "1", false),
        ] {
            assert_eq!(param_matches(&argument, header), is_match, "{argument} {header}");
        }
    }
}
