//! The subschemas that apply to one value of a call.

use serde_json::{Map, Value};

use super::parts::{fixed_values, is_map, properties, required, resolve, types};

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
        {
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
            let find = |fit| alternatives.iter().find(|it| fits(root, it, value, fit, steps + 1));
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

/// Whether a value may be meant for a schema, by its type, its names and its fixed members.
fn fits(root: &Value, schema: &Value, value: &Value, fit: Fit, steps: usize) -> bool {
    let Value::Object(members) = schema else { return *schema != Value::Bool(false) };
    if steps >= MAX_STEPS {
        return true;
    }
    if let Some(target) = members.get("$ref").and_then(Value::as_str)
        && let Some(target) = resolve(root, target)
        && !fits(root, target, value, fit, steps + 1)
    {
        return false;
    }
    if let Some(values) = fixed_values(members)
        && !values.contains(value)
    {
        return false;
    }
    for keyword in ["anyOf", "oneOf"] {
        let alternatives = list(members, keyword);
        let any = alternatives.iter().any(|it| fits(root, it, value, fit, steps + 1));
        if !alternatives.is_empty() && !any {
            return false;
        }
    }
    if !list(members, "allOf").iter().all(|it| fits(root, it, value, fit, steps + 1)) {
        return false;
    }
    let types = types(members);
    let allows = |name: &str| types.is_empty() || types.contains(&name);
    match value {
        Value::Null => allows("null"),
        Value::Bool(_) => allows("boolean"),
        Value::Number(number) => {
            allows("number")
                || allows("integer") && number.as_f64().is_some_and(|it| it.fract() == 0.0)
        }
        Value::String(_) => allows("string"),
        Value::Array(_) => {
            allows("array") || fit == Fit::Dialect && allows("object") && is_map(members)
        }
        Value::Object(given) => allows("object") && names_fit(root, members, given, fit, steps),
    }
}

fn names_fit(
    root: &Value,
    schema: &Map<String, Value>,
    given: &Map<String, Value>,
    fit: Fit,
    steps: usize,
) -> bool {
    let is_there = |name: &str| given.get(name).is_some_and(|it| !it.is_null());
    let is_nullable = |name: &str| {
        let property = schema.get("properties").and_then(|all| all.get(name));
        property.is_some_and(|it| fits(root, it, &Value::Null, fit, steps + 1))
    };
    required(schema).all(|name| is_there(name) || given.contains_key(name) && is_nullable(name))
        && given.iter().all(|(name, value)| {
            match schema.get("properties").and_then(|all| all.get(name)) {
                // One level is enough to tell alternatives apart.
                Some(property) => {
                    value.is_null() || fits_shallowly(root, property, value, fit, steps)
                }
                None => {
                    value.is_null()
                        || properties(schema).next().is_none()
                        || fit == Fit::Written
                            && schema.get("additionalProperties") != Some(&Value::Bool(false))
                }
            }
        })
}

/// Whether a member may be meant for a schema; what an object or a list contains is not compared.
fn fits_shallowly(root: &Value, schema: &Value, value: &Value, fit: Fit, steps: usize) -> bool {
    match value {
        Value::Object(_) | Value::Array(_) => true,
        value => fits(root, schema, value, fit, steps + 1),
    }
}
