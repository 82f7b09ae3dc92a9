//! Merges schemas that apply to the same value.

use serde_json::{Map, Value, json};

use super::parts::fixed_values;

/// Adds the keywords of a schema that applies to the same values. A keyword that both have keeps
/// its value; members and required names are united. The result may accept more than both do, but
/// never less.
pub(super) fn add_keywords(schema: &mut Map<String, Value>, other: &Map<String, Value>) {
    // A closed object knows only its own members, so the union is not closed.
    let is_closed =
        |it: &Map<String, Value>| it.get("additionalProperties") == Some(&Value::Bool(false));
    let differ = is_closed(schema) != is_closed(other);
    let both_name = schema.contains_key("properties") && other.contains_key("properties");
    for (keyword, value) in other {
        match (keyword.as_str(), schema.get_mut(keyword), value) {
            ("$defs" | "definitions" | "$schema" | "$id" | "$anchor" | "$comment", ..) => {}
            (_, None, _) => drop(schema.insert(keyword.clone(), value.clone())),
            ("properties", Some(Value::Object(known)), Value::Object(more)) => {
                for (name, property) in more {
                    known.entry(name.clone()).or_insert_with(|| property.clone());
                }
            }
            ("required", Some(Value::Array(known)), Value::Array(more)) => {
                for name in more {
                    if !known.contains(name) {
                        known.push(name.clone());
                    }
                }
            }
            _ => {}
        }
    }
    if differ && both_name {
        schema.shift_remove("additionalProperties");
    }
}

/// Adds a member of one alternative to the members of all.
pub(super) fn add_member(members: &mut Map<String, Value>, name: &str, schema: &Value) {
    let Some(known) = members.get_mut(name) else {
        members.insert(name.to_owned(), schema.clone());
        return;
    };
    if known == schema {
        return;
    }
    if let (Value::Object(one), Value::Object(other)) = (&*known, schema)
        && let (Some(values), Some(more)) = (fixed_values(one), fixed_values(other))
    {
        let mut values = values.to_vec();
        for value in more {
            if !values.contains(value) {
                values.push(value.clone());
            }
        }
        // The description is that of one value.
        *known = json!({ "enum": values });
        return;
    }
    if let Some(Value::Array(alternatives)) = known.get_mut("anyOf") {
        if !alternatives.contains(schema) {
            alternatives.push(schema.clone());
        }
        return;
    }
    *known = json!({ "anyOf": [known.take(), schema] });
}
