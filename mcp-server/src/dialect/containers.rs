//! Objects, maps, lists and tuples in a dialect.

use serde_json::{Map, Value, json};

use super::error::DialectError;
use super::notes::Notes;
use super::parts::{definition_name, patterns, properties, required};
use super::rewriter::Rewriter;

impl Rewriter<'_> {
    pub(super) fn object_or_null(
        &mut self,
        members: &Map<String, Value>,
        notes: Notes,
        nullable: bool,
    ) -> Result<Map<String, Value>, DialectError> {
        let object = self.object(members, notes)?;
        Ok(self.with_null(object, nullable))
    }

    /// Rewrites an object whose members have names.
    pub(super) fn object(
        &mut self,
        members: &Map<String, Value>,
        mut notes: Notes,
    ) -> Result<Map<String, Value>, DialectError> {
        let is_strict = self.is_strict();
        let required: Vec<&str> = required(members).collect();
        let mut rewritten = Map::new();
        for (name, property) in properties(members) {
            let is_optional = !required.contains(&name.as_str());
            let property = self.inside(&["properties", name], |it| {
                it.schema(property, is_strict && is_optional)
            })?;
            self.spent += name.len() + 8;
            rewritten.insert(name.clone(), Value::Object(property));
        }
        let names: Vec<String> = match is_strict {
            true => rewritten.keys().cloned().collect(),
            false => required.iter().map(|name| (*name).to_owned()).collect(),
        };
        let mut out = Map::from_iter([("type".to_owned(), json!("object"))]);
        let known = ["type", "properties", "required", "additionalProperties"];
        self.note_keywords(members, &known, &mut notes);
        if let Some(description) = notes.description(members) {
            out.insert("description".into(), description.into());
        }
        let mut out = self.spend(out)?;
        out.insert("properties".into(), Value::Object(rewritten));
        if is_strict || !names.is_empty() {
            out.insert("required".into(), json!(names));
        }
        if is_strict {
            out.insert("additionalProperties".into(), Value::Bool(false));
        }
        Ok(out)
    }

    /// Rewrites a map as a list of its entries.
    pub(super) fn entries(
        &mut self,
        members: &Map<String, Value>,
        notes: &mut Notes,
    ) -> Result<Map<String, Value>, DialectError> {
        let open = Value::Bool(true);
        let patterns: Vec<_> = patterns(members).collect();
        let additional = members.get("additionalProperties").unwrap_or(&open);
        let (value, place) = match patterns[..] {
            [] => (additional.clone(), vec!["additionalProperties"]),
            [(pattern, value)] => (value.clone(), vec!["patternProperties", pattern.as_str()]),
            _ => {
                let values: Vec<_> = patterns.iter().map(|(_, value)| (*value).clone()).collect();
                (json!({ "anyOf": values }), vec!["patternProperties"])
            }
        };
        let mut key = json!({ "type": "string" });
        if let Some(Value::Object(names)) = members.get("propertyNames") {
            let mut names = names.clone();
            names.insert("type".into(), json!("string"));
            key = Value::Object(names);
        } else if !patterns.is_empty() {
            let patterns: Vec<_> = patterns.iter().map(|(pattern, _)| pattern.as_str()).collect();
            key = json!({ "type": "string", "pattern": patterns.join("|") });
        }
        let key = self.schema(&key, false)?;
        let value = self.inside(&place, |it| it.schema(&value, false))?;
        let mut entry = Map::from_iter([
            ("type".to_owned(), json!("object")),
            ("properties".to_owned(), json!({ "key": key, "value": value })),
            ("required".to_owned(), json!(["key", "value"])),
        ]);
        if self.is_strict() {
            entry.insert("additionalProperties".into(), Value::Bool(false));
        }
        let mut out = Map::from_iter([
            ("type".to_owned(), json!("array")),
            ("items".to_owned(), Value::Object(entry)),
        ]);
        for (keyword, bound) in [("minProperties", "minItems"), ("maxProperties", "maxItems")] {
            if let Some(count) = members.get(keyword) {
                out.insert(bound.into(), count.clone());
            }
        }
        notes.sentence("A map, written as a list of its entries; each key occurs once.");
        let known = [
            "type",
            "properties",
            "required",
            "additionalProperties",
            "patternProperties",
            "propertyNames",
            "minProperties",
            "maxProperties",
        ];
        self.note_keywords(members, &known, notes);
        Ok(out)
    }

    pub(super) fn array(
        &mut self,
        members: &Map<String, Value>,
        notes: &mut Notes,
    ) -> Result<Map<String, Value>, DialectError> {
        let mut out = Map::from_iter([("type".to_owned(), json!("array"))]);
        let mut known = vec!["type", "items", "prefixItems", "minItems", "maxItems"];
        for bound in ["minItems", "maxItems"] {
            if let Some(count) = members.get(bound) {
                out.insert(bound.into(), count.clone());
            }
        }
        let any = Value::Bool(true);
        let rest = members.get("items");
        let Some(Value::Array(prefix)) = members.get("prefixItems") else {
            let items = rest.unwrap_or(&any);
            let items = self.inside(&["items"], |it| it.schema(items, false))?;
            out.insert("items".into(), Value::Object(items));
            self.note_keywords(members, &known, notes);
            return Ok(out);
        };
        let mut items: Vec<Map<String, Value>> = Vec::new();
        let mut positions = Vec::new();
        for (index, item) in prefix.iter().enumerate() {
            let item =
                self.inside(&["prefixItems", &index.to_string()], |it| it.schema(item, false))?;
            positions.push(format!("{}. {}", index + 1, summary(&item)));
            if !items.contains(&item) {
                items.push(item);
            }
        }
        if let Some(rest @ Value::Object(_)) = rest {
            let rest = self.inside(&["items"], |it| it.schema(rest, false))?;
            if !items.contains(&rest) {
                items.push(rest);
            }
        }
        notes.sentence(format!("The items are, in this order: {}", positions.join("; ")));
        let items = match items.len() {
            0 => self.schema(&any, false)?,
            1 => items.swap_remove(0),
            _ => Map::from_iter([("anyOf".to_owned(), json!(items))]),
        };
        out.insert("items".into(), Value::Object(items));
        known.push("unevaluatedItems");
        self.note_keywords(members, &known, notes);
        Ok(out)
    }
}

/// Returns what an item of a tuple is, in a few words.
fn summary(item: &Map<String, Value>) -> String {
    let first_line = |text: &str| text.lines().next().unwrap_or_default().to_owned();
    if let Some(Value::String(text)) = item.get("description") {
        return first_line(text);
    }
    match (item.get("type"), item.get("$ref")) {
        (Some(Value::String(name)), _) => name.clone(),
        (Some(Value::Array(names)), _) => {
            let names: Vec<_> = names.iter().filter_map(Value::as_str).collect();
            names.join(" or ")
        }
        (_, Some(Value::String(target))) => {
            definition_name(target).unwrap_or_else(|| "object".to_owned())
        }
        _ => "one of several types".to_owned(),
    }
}
