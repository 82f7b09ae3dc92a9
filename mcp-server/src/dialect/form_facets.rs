//! The subschemas that apply to one value of a call.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::parts::{fixed_values, is_map, properties, required, types};
use crate::fragment::resolve;

/// Maximum number of references and alternatives in a row. Fixed: a longer chain leads back to
/// itself.
const MAX_STEPS: usize = 32;

/// The subschemas that apply to one value: the schema, the targets of its references, and of its
/// alternatives the one that fits the value.
#[derive(Debug, Default)]
pub(super) struct Facets<'a> {
    pub(super) schemas: Vec<&'a Map<String, Value>>,
    /// Alternatives that do not fit. Their members may be there as null.
    pub(super) others: Vec<&'a Map<String, Value>>,
    /// Whether the schema is untyped.
    pub(super) is_any: bool,
    /// The targets of references that were entered.
    entered: Vec<&'a Value>,
}

impl<'a> Facets<'a> {
    pub(super) fn of(root: &'a Value, schema: &'a Value, value: &Value) -> Self {
        let mut facets = Self::default();
        facets.collect(root, schema, value, 0);
        facets.is_any &= facets.schemas.iter().all(|it| types(it).is_empty());
        facets
    }

    fn collect(&mut self, root: &'a Value, schema: &'a Value, value: &Value, steps: usize) {
        self.is_any |= is_untyped(schema);
        let Value::Object(members) = schema else { return };
        if steps == MAX_STEPS {
            return;
        }
        self.schemas.push(members);
        if let Some(target) = members.get("$ref").and_then(Value::as_str)
            && let Some(target) = resolve(root, target)
            && !self.entered.iter().any(|entered| std::ptr::eq(*entered, target))
        {
            self.entered.push(target);
            self.collect(root, target, value, steps + 1);
        }
        for part in list(members, "allOf") {
            self.collect(root, part, value, steps + 1);
        }
        for keyword in ["anyOf", "oneOf"] {
            let alternatives = list(members, keyword);
            if alternatives.iter().any(is_untyped) {
                self.is_any = true;
                continue;
            }
            let find = |fit| {
                let mut fitting = Fitting::new(root, value, fit);
                alternatives.iter().find(|it| fitting.fits(it, steps + 1))
            };
            let fitting = find(Fit::Written).or_else(|| find(Fit::Dialect));
            for alternative in alternatives {
                if fitting.is_some_and(|it| std::ptr::eq(it, alternative)) {
                    self.collect(root, alternative, value, steps + 1);
                } else {
                    self.note_other(root, alternative, steps + 1);
                }
            }
        }
    }

    /// Remembers the members of an alternative that does not fit.
    fn note_other(&mut self, root: &'a Value, schema: &'a Value, steps: usize) {
        let Value::Object(members) = schema else { return };
        if steps >= MAX_STEPS {
            return;
        }
        self.others.push(members);
        let target = members.get("$ref").and_then(Value::as_str);
        if let Some(target) = target.and_then(|target| resolve(root, target)) {
            self.note_other(root, target, steps + 1);
        }
    }

    /// Returns the schema of a member that is named.
    pub(super) fn property(&self, name: &str) -> Option<&'a Value> {
        self.schemas.iter().find_map(|it| it.get("properties")?.get(name))
    }

    /// Whether only another alternative has a member of this name.
    pub(super) fn is_of_other(&self, name: &str) -> bool {
        self.others.iter().any(|it| it.get("properties").is_some_and(|all| all.get(name).is_some()))
    }

    pub(super) fn requires(&self, name: &str) -> bool {
        self.schemas.iter().any(|it| required(it).any(|required| required == name))
    }

    /// Returns the schema that describes the values of a map, if the value is one.
    pub(super) fn map(&self) -> Option<&'a Map<String, Value>> {
        if self.schemas.iter().any(|it| properties(it).next().is_some()) {
            return None;
        }
        let mut maps = self.schemas.iter().filter(|it| types(it) == ["object"]);
        maps.find(|it| is_map(it)).copied()
    }

    /// Returns the schema of an item.
    pub(super) fn item(&self, index: usize) -> Option<&'a Value> {
        self.schemas.iter().find_map(|it| {
            let prefix = it.get("prefixItems").and_then(Value::as_array);
            prefix.and_then(|prefix| prefix.get(index)).or_else(|| it.get("items"))
        })
    }
}

/// Whether a schema says nothing about the type of values, so that a dialect has them as strings.
fn is_untyped(schema: &Value) -> bool {
    match schema {
        Value::Object(members) => {
            let leads =
                ["$ref", "allOf", "anyOf", "oneOf"].iter().any(|it| members.contains_key(*it));
            !leads && types(members).is_empty()
        }
        any => *any == Value::Bool(true),
    }
}

fn list<'a>(members: &'a Map<String, Value>, keyword: &str) -> &'a [Value] {
    members.get(keyword).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The form in which a value may be written.
#[derive(Clone, Copy, PartialEq)]
enum Fit {
    Written,
    Dialect,
}

/// Whether one value may be meant for schemas, by its type, its names and its fixed members.
struct Fitting<'a> {
    root: &'a Value,
    value: &'a Value,
    fit: Fit,
    /// The answers for the targets of references: each is asked for once, because the number of
    /// ways to a target grows exponentially. One that is being asked for adds nothing to itself.
    known: HashMap<&'a str, bool>,
}

impl<'a> Fitting<'a> {
    fn new(root: &'a Value, value: &'a Value, fit: Fit) -> Self {
        Self { root, value, fit, known: HashMap::new() }
    }

    fn fits(&mut self, schema: &'a Value, steps: usize) -> bool {
        let Value::Object(members) = schema else { return *schema != Value::Bool(false) };
        if steps >= MAX_STEPS {
            return true;
        }
        if let Some(target) = members.get("$ref").and_then(Value::as_str)
            && !self.fits_target(target, steps)
        {
            return false;
        }
        if let Some(values) = fixed_values(members)
            && !values.contains(self.value)
        {
            return false;
        }
        for keyword in ["anyOf", "oneOf"] {
            let alternatives = list(members, keyword);
            if !alternatives.is_empty() && !alternatives.iter().any(|it| self.fits(it, steps + 1)) {
                return false;
            }
        }
        if !list(members, "allOf").iter().all(|it| self.fits(it, steps + 1)) {
            return false;
        }
        let types = types(members);
        let allows = |name: &str| types.is_empty() || types.contains(&name);
        match self.value {
            Value::Null => allows("null"),
            Value::Bool(_) => allows("boolean"),
            Value::Number(number) => {
                allows("number")
                    || allows("integer") && number.as_f64().is_some_and(|it| it.fract() == 0.0)
            }
            Value::String(_) => allows("string"),
            Value::Array(_) => {
                allows("array") || self.fit == Fit::Dialect && allows("object") && is_map(members)
            }
            Value::Object(given) => allows("object") && self.names_fit(members, given, steps),
        }
    }

    fn fits_target(&mut self, target: &'a str, steps: usize) -> bool {
        if let Some(known) = self.known.get(target) {
            return *known;
        }
        let Some(schema) = resolve(self.root, target) else { return true };
        self.known.insert(target, true);
        let fits = self.fits(schema, steps + 1);
        self.known.insert(target, fits);
        fits
    }

    fn names_fit(
        &self,
        schema: &'a Map<String, Value>,
        given: &'a Map<String, Value>,
        steps: usize,
    ) -> bool {
        let property = |name: &str| schema.get("properties").and_then(|all| all.get(name));
        let fits = |property: &'a Value, value: &'a Value| {
            Self::new(self.root, value, self.fit).fits(property, steps + 1)
        };
        let is_there = |name: &str| given.get(name).is_some_and(|it| !it.is_null());
        let is_nullable = |name: &str| property(name).is_some_and(|it| fits(it, &Value::Null));
        required(schema).all(|name| is_there(name) || given.contains_key(name) && is_nullable(name))
            && given.iter().all(|(name, value)| match (property(name), value) {
                (_, Value::Null) => true,
                // One level is enough to tell alternatives apart.
                (Some(_), Value::Object(_) | Value::Array(_)) => true,
                (Some(property), value) => fits(property, value),
                (None, _) => {
                    properties(schema).next().is_none()
                        || self.fit == Fit::Written
                            && schema.get("additionalProperties") != Some(&Value::Bool(false))
                }
            })
    }
}
