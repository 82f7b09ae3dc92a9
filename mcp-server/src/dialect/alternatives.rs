//! `oneOf` and `anyOf` in a dialect.

use serde_json::{Map, Value, json};

use super::error::DialectError;
use super::merge::{add_keywords, add_member};
use super::notes::{Documented, Notes, documented};
use super::parts::{is_annotation, properties, required, type_of};
use super::rewriter::{Rewriter, has_any, is_null};

/// Removes the alternatives of a schema, and returns them.
fn take_alternatives(members: &mut Map<String, Value>) -> Option<Vec<Value>> {
    for keyword in ["anyOf", "oneOf"] {
        if let Some(Value::Array(list)) = members.get(keyword) {
            let list = list.clone();
            members.shift_remove(keyword);
            return Some(list);
        }
    }
    None
}

impl Rewriter<'_> {
    /// Rewrites a schema without references at its top.
    pub(super) fn rewrite_alternatives(
        &mut self,
        mut members: Map<String, Value>,
        mut nullable: bool,
    ) -> Result<Map<String, Value>, DialectError> {
        let mut notes = Notes::default();
        let Some(list) = take_alternatives(&mut members) else {
            return self.typed(&members, nullable, notes);
        };
        let count = list.len();
        let alternatives: Vec<Value> = list.into_iter().filter(|it| !is_null(it)).collect();
        nullable |= alternatives.len() < count;
        if alternatives.is_empty() || has_any(&alternatives) {
            // The other alternatives say nothing beside one that accepts any value.
            return self.typed(&members, nullable, notes);
        }
        if let Some(values) = self.documented_values(&alternatives)? {
            notes.values(&values);
            members.shift_remove("type");
            let values: Vec<Value> = values.into_iter().map(|(value, _)| value).collect();
            members.insert("enum".into(), Value::Array(values));
            return self.typed(&members, nullable, notes);
        }
        if let [only] = &alternatives[..] {
            let mut all = members;
            if let Value::Object(only) = only
                && all.keys().all(|keyword| is_annotation(keyword))
            {
                // A reference may stay one.
                for (keyword, value) in only {
                    all.entry(keyword.as_str()).or_insert_with(|| value.clone());
                }
                return self.schema(&Value::Object(all), nullable);
            }
            let (only, references) = self.expand(only)?;
            self.enter(references);
            add_keywords(&mut all, &only);
            return self.schema(&Value::Object(all), nullable);
        }
        if properties(&members).next().is_some() {
            let members = self.merge(members, &alternatives, &mut notes)?;
            return self.typed(&members, nullable, notes);
        }
        let mut rest = members.clone();
        rest.retain(|keyword, _| !is_annotation(keyword));
        let mut rewritten: Vec<Map<String, Value>> = Vec::new();
        for (index, alternative) in alternatives.iter().enumerate() {
            let alternative = match rest.is_empty() {
                true => alternative.clone(),
                false => json!({ "allOf": [alternative, rest] }),
            };
            let one =
                self.inside(&["anyOf", &index.to_string()], |it| it.schema(&alternative, false))?;
            if !rewritten.contains(&one) {
                rewritten.push(one);
            }
        }
        members.retain(|keyword, _| is_annotation(keyword));
        self.note_keywords(&members, &[], &mut notes);
        self.alternatives_of(rewritten, &members, &notes, nullable)
    }

    /// Writes rewritten alternatives as `anyOf`.
    pub(super) fn alternatives_of(
        &mut self,
        mut rewritten: Vec<Map<String, Value>>,
        members: &Map<String, Value>,
        notes: &Notes,
        nullable: bool,
    ) -> Result<Map<String, Value>, DialectError> {
        if nullable {
            match rewritten
                .iter_mut()
                .find(|it| it.contains_key("type") && !it.contains_key("enum"))
            {
                // Converters that know no type `null` know a type that may be null.
                Some(first) if !self.is_strict() && first["type"].is_string() => {
                    first["type"] = json!([first["type"].take(), "null"]);
                }
                _ => rewritten.push(Map::from_iter([("type".to_owned(), json!("null"))])),
            }
        }
        let out = Map::from_iter([("anyOf".to_owned(), json!(rewritten))]);
        self.finish(out, members, notes, false)
    }

    /// Returns the values of alternatives that are all fixed values: an enum whose variants have
    /// documentation.
    fn documented_values(
        &self,
        alternatives: &[Value],
    ) -> Result<Option<Documented>, DialectError> {
        let mut all = Vec::new();
        for alternative in alternatives {
            let (members, _) = self.expand(alternative)?;
            let Some(values) = documented(&members) else { return Ok(None) };
            all.extend(values);
        }
        let is_uniform = all.windows(2).all(|pair| type_of(&pair[0].0) == type_of(&pair[1].0));
        Ok(is_uniform.then_some(all))
    }

    /// Merges alternatives at the root, where hosts accept an object only.
    pub(super) fn merge_alternatives(
        &mut self,
        mut members: Map<String, Value>,
        notes: &mut Notes,
    ) -> Result<Map<String, Value>, DialectError> {
        match take_alternatives(&mut members) {
            Some(alternatives) => self.merge(members, &alternatives, notes),
            None => Ok(members),
        }
    }

    /// Returns an object with the members of all alternatives. Those that not all of them require
    /// are optional.
    fn merge(
        &mut self,
        mut members: Map<String, Value>,
        alternatives: &[Value],
        notes: &mut Notes,
    ) -> Result<Map<String, Value>, DialectError> {
        let mut all =
            members.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
        let mut always: Option<Vec<String>> = None;
        let mut lines = Vec::new();
        for alternative in alternatives {
            let (mut one, references) = self.expand(alternative)?;
            let open = self.open.len();
            self.open.extend(references);
            if one.contains_key("anyOf") || one.contains_key("oneOf") {
                let mut inner = Notes::default();
                one = self.merge_alternatives(one, &mut inner)?;
            }
            self.open.truncate(open);
            for (name, property) in properties(&one) {
                add_member(&mut all, name, property);
            }
            let names: Vec<String> = required(&one).map(str::to_owned).collect();
            lines.push(line_of(&one));
            always = Some(match always {
                None => names,
                Some(known) => known.into_iter().filter(|name| names.contains(name)).collect(),
            });
        }
        notes.sentence(format!("Use the members of one of these groups:\n{}", lines.join("\n")));
        let mut names: Vec<String> = required(&members).map(str::to_owned).collect();
        for name in always.unwrap_or_default() {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        members.insert("type".into(), json!("object"));
        members.insert("properties".into(), Value::Object(all));
        members.insert("required".into(), json!(names));
        members.shift_remove("additionalProperties");
        members.shift_remove("unevaluatedProperties");
        Ok(members)
    }
}

/// Describes the members of an alternative: `- kind: "circle", radius: The radius.`
fn line_of(alternative: &Map<String, Value>) -> String {
    let members = properties(alternative).map(|(name, property)| match property.get("const") {
        Some(value) => format!("{name}: {value}"),
        None => name.clone(),
    });
    let mut members: Vec<_> = members.collect();
    let is_named = |name: &&str| properties(alternative).any(|(other, _)| other == name);
    members.extend(required(alternative).filter(|name| !is_named(name)).map(str::to_owned));
    let docs = alternative.get("description").and_then(Value::as_str);
    let docs = docs.and_then(|text| text.lines().next()).map(|text| format!(" ({text})"));
    format!("- {}{}", members.join(", "), docs.unwrap_or_default())
}
