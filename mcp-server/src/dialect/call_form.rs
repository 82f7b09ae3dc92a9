//! Translates the arguments of a call from the form of a dialect to that of the schema as written.
//!
//! Both forms are understood, because a client may have either schema: a value that is not in the
//! form of the dialect is left as it is.

use mcp_core::types::Schema;
use serde_json::{Map, Value};

use super::form_facets::Facets;
use super::parts::{patterns, resolve, types};
use crate::extract::{ArgumentErrors, escape};

/// Maximum depth of a value that is translated. Fixed: messages are not nested more deeply, but a
/// string may contain JSON that is.
const MAX_DEPTH: usize = 64;

/// Maximum number of errors that are reported. Fixed: a model corrects a few at a time.
const MAX_ERRORS: usize = 8;

/// What translates the arguments of a tool.
#[derive(Debug)]
pub(crate) struct CallForm {
    /// The schema as written.
    schema: Value,
}

impl CallForm {
    /// Creates it from the schema as written.
    pub(crate) fn new(schema: &Schema) -> Self {
        Self { schema: schema.as_value() }
    }

    /// Translates arguments. Returns `None` if they are in the form of the schema as written.
    ///
    /// `max_values` limits the number of JSON values in a string that contains JSON.
    ///
    /// # Errors
    /// If a list of entries has a key twice, or a string contains too many values.
    pub(crate) fn translate(
        &self,
        arguments: &str,
        max_values: usize,
    ) -> Result<Option<Value>, ArgumentErrors> {
        // What is not JSON is reported where it is decoded.
        let Ok(mut arguments) = serde_json::from_str::<Value>(arguments) else { return Ok(None) };
        let mut translation = Translation {
            root: &self.schema,
            has_changed: false,
            max_values,
            pointer: String::new(),
            errors: Vec::new(),
        };
        translation.value(&self.schema, &mut arguments, 0);
        match translation.errors.is_empty() {
            true => Ok(translation.has_changed.then_some(arguments)),
            false => Err(ArgumentErrors::from_errors(translation.errors)),
        }
    }
}

/// The translation of the arguments of one call.
struct Translation<'a> {
    root: &'a Value,
    has_changed: bool,
    max_values: usize,
    pointer: String,
    errors: Vec<String>,
}

impl<'a> Translation<'a> {
    fn value(&mut self, schema: &'a Value, value: &mut Value, depth: usize) {
        if depth == MAX_DEPTH {
            return;
        }
        let facets = Facets::of(self.root, schema, value);
        if facets.is_any {
            if let Value::String(text) = value {
                match parse(text, self.max_values) {
                    Parsed::Json(parsed) => {
                        *value = parsed;
                        self.has_changed = true;
                    }
                    Parsed::Text => {}
                    Parsed::TooLong => {
                        let max = self.max_values;
                        self.error(format_args!(
                            "the string contains more than {max} JSON values (max_json_nodes)"
                        ));
                    }
                }
            }
            return;
        }
        if let (Value::Array(entries), Some(_)) = (&*value, facets.map())
            && let Some(map) = self.map_of(entries)
        {
            *value = Value::Object(map);
            self.has_changed = true;
        }
        match value {
            Value::Object(members) => self.members(&facets, members, depth),
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    if let Some(schema) = facets.item(index) {
                        self.inside(&index.to_string(), |it| it.value(schema, item, depth + 1));
                    }
                }
            }
            _ => {}
        }
    }

    fn members(&mut self, facets: &Facets<'a>, members: &mut Map<String, Value>, depth: usize) {
        let map = facets.map();
        let is_absent = |name: &str, value: &Value| {
            value.is_null()
                && match facets.property(name) {
                    Some(schema) => !facets.requires(name) && !accepts_null(self.root, schema, 0),
                    None => facets.is_of_other(name),
                }
        };
        let count = members.len();
        members.retain(|name, value| !is_absent(name, value));
        self.has_changed |= members.len() < count;
        for (name, value) in members {
            let schema = facets.property(name).or_else(|| {
                let additional =
                    || facets.schemas.iter().find_map(|it| it.get("additionalProperties"));
                let of_pattern = map.and_then(|it| patterns(it).next()).map(|(_, schema)| schema);
                of_pattern.or_else(additional)
            });
            if let Some(schema) = schema {
                self.inside(&escape(name), |it| it.value(schema, value, depth + 1));
            }
        }
    }

    /// Returns the map that a list of entries describes.
    fn map_of(&mut self, entries: &[Value]) -> Option<Map<String, Value>> {
        let mut map = Map::new();
        for (index, entry) in entries.iter().enumerate() {
            let entry = entry.as_object()?;
            let (Some(Value::String(key)), Some(value), 2) =
                (entry.get("key"), entry.get("value"), entry.len())
            else {
                return None;
            };
            if map.insert(key.clone(), value.clone()).is_some() {
                let place = index.to_string();
                self.inside(&place, |it| {
                    it.inside("key", |it| it.error(format_args!("the key {key:?} occurs twice")));
                });
            }
        }
        Some(map)
    }

    fn error(&mut self, reason: std::fmt::Arguments<'_>) {
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(format!("{}: {reason}", self.pointer));
        }
    }

    fn inside<T>(&mut self, segment: &str, run: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.pointer.len();
        self.pointer.push('/');
        self.pointer.push_str(segment);
        let result = run(self);
        self.pointer.truncate(length);
        result
    }
}

/// Whether a schema says that null is accepted. An untyped one does not say it.
fn accepts_null(root: &Value, schema: &Value, steps: usize) -> bool {
    let Value::Object(members) = schema else { return false };
    if steps == MAX_DEPTH {
        return false;
    }
    let any_of = |keyword: &str| {
        let list = members.get(keyword).and_then(Value::as_array);
        list.is_some_and(|list| list.iter().any(|it| accepts_null(root, it, steps + 1)))
    };
    let target = members.get("$ref").and_then(Value::as_str);
    types(members).contains(&"null")
        || any_of("anyOf")
        || any_of("oneOf")
        || target
            .and_then(|target| resolve(root, target))
            .is_some_and(|target| accepts_null(root, target, steps + 1))
}

/// A string that may contain JSON.
enum Parsed {
    Json(Value),
    Text,
    TooLong,
}

/// Parses a string that contains JSON.
fn parse(text: &str, max_values: usize) -> Parsed {
    // Each value but the first one is behind one of these.
    let separators = text.bytes().filter(|byte| matches!(byte, b',' | b'[' | b'{' | b':'));
    let may_be_long = separators.count() >= max_values;
    match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Err(_) => Parsed::Text,
        Ok(_) if may_be_long => Parsed::TooLong,
        Ok(_) => serde_json::from_str(text).map_or(Parsed::Text, Parsed::Json),
    }
}
