//! Translates the arguments of a call from the form of a dialect to that of the schema as written.
//!
//! Both forms are understood, because a client may have either schema: a value that is not in the
//! form of the dialect is left as it is.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use mcp_core::codec::scan::{ScanError, scan};
use mcp_core::json::has_reserved_name;
use mcp_core::limits::ConnectionLimits;
use mcp_core::types::Schema;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::form_facets::Facets;
use super::parts::{patterns, types};
use crate::extract::{ArgumentErrors, escape};
use crate::fragment::resolve;

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
    /// `limits` apply to the JSON in strings.
    ///
    /// # Errors
    /// If a list of entries has a key twice, a string contains JSON that exceeds the limits, or a
    /// number is out of range. They name the places in the form that was sent.
    pub(crate) fn translate(
        &self,
        arguments: &str,
        limits: &ConnectionLimits,
    ) -> Result<Option<Value>, ArgumentErrors> {
        let mut arguments = match serde_json::from_str::<Value>(arguments) {
            Ok(arguments) => arguments,
            // What is not JSON is reported where it is decoded.
            Err(_) if serde_json::from_str::<IgnoredAny>(arguments).is_err() => return Ok(None),
            // A number that no `Value` can hold, such as 1e400.
            Err(error) => return Err(ArgumentErrors::new("", error)),
        };
        let mut translator = Translator {
            root: &self.schema,
            has_changed: false,
            limits,
            values_left: limits.max_json_nodes,
            pointer: String::new(),
            errors: Vec::new(),
        };
        translator.value(&self.schema, &mut arguments, 0);
        match translator.errors.is_empty() {
            true => Ok(translator.has_changed.then_some(arguments)),
            false => Err(ArgumentErrors::from_errors(translator.errors)),
        }
    }
}

/// The index of the entry of each key, in the list that was sent for a map.
type Entries = HashMap<String, usize>;

/// Translates the arguments of one call.
struct Translator<'a> {
    root: &'a Value,
    has_changed: bool,
    limits: &'a ConnectionLimits,
    /// The number of values that strings with JSON may still contain.
    values_left: usize,
    /// In the form that was sent.
    pointer: String,
    errors: Vec<String>,
}

impl<'a> Translator<'a> {
    fn value(&mut self, schema: &'a Value, value: &mut Value, depth: usize) {
        if depth == MAX_DEPTH {
            return;
        }
        let facets = Facets::of(self.root, schema, value);
        if facets.is_any {
            if let Value::String(text) = value {
                match parse(text, self.limits, self.values_left) {
                    Parsed::Json(parsed) => {
                        self.values_left = self.values_left.saturating_sub(count(&parsed));
                        *value = parsed;
                        self.has_changed = true;
                    }
                    Parsed::Text => {}
                    Parsed::Refused(reason) => self.error(format_args!("{reason}")),
                }
            }
            return;
        }
        let mut entries = Entries::new();
        if let (Value::Array(list), Some(_)) = (&*value, facets.map())
            && let Some((map, places)) = self.map_of(list)
        {
            *value = Value::Object(map);
            entries = places;
            self.has_changed = true;
        }
        match value {
            Value::Object(members) => self.members(&facets, members, &entries, depth),
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

    /// `entries` has the places of the members that were sent as entries of a list.
    fn members(
        &mut self,
        facets: &Facets<'a>,
        members: &mut Map<String, Value>,
        entries: &Entries,
        depth: usize,
    ) {
        let map = facets.map();
        let is_absent = |name: &str, value: &Value| {
            value.is_null()
                && match facets.property(name) {
                    Some(schema) => !facets.requires(name) && !accepts_null(self.root, schema),
                    None => facets.is_of_other(name),
                }
        };
        let count = members.len();
        members.retain(|name, value| !is_absent(name, value));
        self.has_changed |= members.len() < count;
        for (name, value) in members {
            let schema = facets.property(name).or_else(|| {
                let mut patterns = map.into_iter().flat_map(patterns).map(|(_, schema)| schema);
                match (patterns.next(), patterns.next()) {
                    (None, _) => {
                        facets.schemas.iter().find_map(|it| it.get("additionalProperties"))
                    }
                    (one, None) => one,
                    // Which of them applies is not known without matching the name.
                    (_, Some(_)) => None,
                }
            });
            if let Some(schema) = schema {
                let segment = match entries.get(name) {
                    Some(index) => Cow::Owned(format!("{index}/value")),
                    None => escape(name),
                };
                self.inside(&segment, |it| it.value(schema, value, depth + 1));
            }
        }
    }

    /// Returns the map that a list of entries describes, and the places of the entries.
    fn map_of(&mut self, entries: &[Value]) -> Option<(Map<String, Value>, Entries)> {
        let (mut map, mut places) = (Map::new(), Entries::new());
        for (index, entry) in entries.iter().enumerate() {
            let entry = entry.as_object()?;
            let (Some(Value::String(key)), Some(value), 2) =
                (entry.get("key"), entry.get("value"), entry.len())
            else {
                return None;
            };
            places.insert(key.clone(), index);
            if map.insert(key.clone(), value.clone()).is_some() {
                let place = index.to_string();
                self.inside(&place, |it| {
                    it.inside("key", |it| it.error(format_args!("the key {key:?} occurs twice")));
                });
            }
        }
        Some((map, places))
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
fn accepts_null(root: &Value, schema: &Value) -> bool {
    let mut pending = vec![schema];
    // A target that was looked at has nothing new to say.
    let mut seen = HashSet::new();
    while let Some(schema) = pending.pop() {
        let Value::Object(members) = schema else { continue };
        if types(members).contains(&"null") {
            return true;
        }
        for keyword in ["anyOf", "oneOf"] {
            pending.extend(members.get(keyword).and_then(Value::as_array).into_iter().flatten());
        }
        if let Some(Value::String(target)) = members.get("$ref")
            && seen.insert(target)
        {
            pending.extend(resolve(root, target));
        }
    }
    false
}

/// A string that may contain JSON.
enum Parsed {
    Json(Value),
    Text,
    Refused(String),
}

/// Parses a string that contains JSON, within the limits of a message: the parser of the message
/// has seen a string only (THREAT-13, THREAT-14).
fn parse(text: &str, limits: &ConnectionLimits, max_values: usize) -> Parsed {
    // What is not JSON is a text. Nothing is built here, and nothing recurses.
    if serde_json::from_str::<IgnoredAny>(text).is_err() {
        return Parsed::Text;
    }
    match scan(text, limits.max_json_depth, max_values) {
        Ok(()) => {}
        Err(ScanError::TooDeep) => {
            let max = limits.max_json_depth;
            return Parsed::Refused(format!(
                "the string contains JSON that is nested deeper than {max} levels (max_json_depth)"
            ));
        }
        Err(ScanError::TooManyNodes) => {
            let max = limits.max_json_nodes;
            return Parsed::Refused(format!(
                "the strings with JSON contain more than {max} values (max_json_nodes)"
            ));
        }
    }
    if has_reserved_name(text) {
        let reason = "the string contains JSON with a member name that is reserved";
        return Parsed::Refused(reason.to_owned());
    }
    serde_json::from_str(text).map_or(Parsed::Text, Parsed::Json)
}

/// Returns the number of values in a value.
fn count(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(count).sum::<usize>() + 1,
        Value::Object(members) => members.values().map(count).sum::<usize>() + 1,
        _ => 1,
    }
}
