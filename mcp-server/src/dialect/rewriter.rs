//! The schema of arguments in a dialect. Keywords that the dialect lacks become text, so it may
//! accept more than the schema as written; the call is validated against the schema as written.

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::error::{DialectError, DialectErrorKind};
use super::kind::SchemaDialect;
use super::notes::Notes;
use super::parts::{
    accepts_any, definition_name, fixed_values, is_annotation, is_map, is_of_type, patterns, types,
};
use crate::extract::escape;

/// Maximum depth of a rewritten schema, in subschemas. Fixed: arguments are nested at most as deep
/// (`max_json_depth`).
pub(super) const MAX_LEVELS: usize = 64;

/// The formats of strings that strict hosts know.
const STRICT_FORMATS: [&str; 9] =
    ["date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"];

/// Rewrites one schema.
pub(super) struct Rewriter<'a> {
    pub(super) root: &'a Value,
    dialect: SchemaDialect,
    max_bytes: usize,
    /// The bytes that were written so far, roughly.
    pub(super) spent: usize,
    /// The references that are being replaced.
    pub(super) open: Vec<String>,
    levels: usize,
    /// Where in the schema as written.
    pub(super) pointer: String,
    /// The definitions that references lead to, by reference. `None` until they are rewritten.
    definitions: IndexMap<String, Option<Value>>,
}

impl<'a> Rewriter<'a> {
    pub(super) fn new(root: &'a Value, dialect: SchemaDialect, max_bytes: usize) -> Self {
        Self {
            root,
            dialect,
            max_bytes,
            spent: 0,
            open: Vec::new(),
            levels: 0,
            pointer: String::new(),
            definitions: IndexMap::new(),
        }
    }

    /// Rewrites the schema of the arguments as a whole.
    pub(super) fn arguments(mut self) -> Result<Value, DialectError> {
        let (members, references) = self.expand(self.root)?;
        self.enter(references);
        let mut notes = Notes::default();
        let members = self.merge_alternatives(members, &mut notes)?;
        let is_open = members.get("additionalProperties").is_some_and(|it| it != false)
            || patterns(&members).next().is_some()
            || !members.contains_key("properties")
                && members.get("additionalProperties") != Some(&Value::Bool(false));
        if is_map(&members) && is_open {
            return Err(self.error(DialectErrorKind::Unnamed));
        }
        let mut root = self.object(&members, notes)?;
        root.entry("required").or_insert_with(|| json!([]));
        self.open.clear();
        let mut definitions = Map::new();
        while let Some((target, _)) = self.definitions.iter().find(|(_, it)| it.is_none()) {
            let target = target.clone();
            let definition = self.definition(&target)?;
            self.definitions.insert(target, Some(definition));
        }
        for (target, definition) in std::mem::take(&mut self.definitions) {
            if let (Some(name), Some(definition)) = (definition_name(&target), definition) {
                definitions.insert(name.to_owned(), definition);
            }
        }
        if !definitions.is_empty() {
            root.insert("$defs".into(), Value::Object(definitions));
        }
        Ok(Value::Object(root))
    }

    /// Rewrites a subschema. `nullable`: null is accepted too.
    pub(super) fn schema(
        &mut self,
        schema: &Value,
        nullable: bool,
    ) -> Result<Map<String, Value>, DialectError> {
        if self.levels == MAX_LEVELS {
            return Err(self.error(DialectErrorKind::TooDeep { max_levels: MAX_LEVELS }));
        }
        self.levels += 1;
        let (open, pointer) = self.place();
        let rewritten = self.rewrite(schema, nullable);
        self.leave(open, pointer);
        self.levels -= 1;
        rewritten
    }

    /// Enters the targets of references that are replaced.
    pub(super) fn enter(&mut self, references: Vec<String>) {
        if let Some(target) = references.first() {
            self.pointer = target.trim_start_matches('#').to_owned();
        }
        self.open.extend(references);
    }

    /// Returns to where the schema was entered.
    pub(super) fn leave(&mut self, open: usize, pointer: String) {
        self.open.truncate(open);
        self.pointer = pointer;
    }

    pub(super) fn place(&self) -> (usize, String) {
        (self.open.len(), self.pointer.clone())
    }

    fn rewrite(
        &mut self,
        schema: &Value,
        nullable: bool,
    ) -> Result<Map<String, Value>, DialectError> {
        if let Some((target, members)) = self.kept_reference(schema) {
            if target != "#" {
                self.definitions.entry(target.to_owned()).or_insert(None);
            }
            let reference = Map::from_iter([("$ref".to_owned(), json!(target))]);
            let mut notes = Notes::default();
            self.note_keywords(members, &["$ref"], &mut notes);
            let plain = !nullable && notes.description(members).is_none();
            return match plain {
                true => self.spend(reference),
                false => self.alternatives_of(vec![reference], members, &notes, nullable),
            };
        }
        let (members, references) = self.expand(schema)?;
        self.enter(references);
        self.rewrite_alternatives(members, nullable)
    }

    /// Rewrites a schema without references and alternatives at its top.
    pub(super) fn typed(
        &mut self,
        members: &Map<String, Value>,
        mut nullable: bool,
        mut notes: Notes,
    ) -> Result<Map<String, Value>, DialectError> {
        let mut types = types(members);
        if types.contains(&"number") {
            types.retain(|name| *name != "integer");
        }
        if let Some(values) = fixed_values(members) {
            // A type that none of the values has cannot occur.
            let has_value = |name: &&str| values.iter().any(|value| is_of_type(value, name));
            if types.iter().any(has_value) {
                types.retain(has_value);
            }
        }
        if types.len() > 1 && types.contains(&"null") {
            types.retain(|name| *name != "null");
            nullable = true;
        }
        match types[..] {
            [] => {
                notes.sentence("Any JSON value, written as a string that contains JSON.");
                self.note_keywords(members, &["enum", "const"], &mut notes);
                let out = Map::from_iter([("type".to_owned(), json!("string"))]);
                self.finish(out, members, &notes, nullable)
            }
            [name] => {
                let out = match name {
                    "object" if is_map(members) => self.entries(members, &mut notes)?,
                    "object" => return self.object_or_null(members, notes, nullable),
                    "array" => self.array(members, &mut notes)?,
                    name => self.scalar(name, members, &mut notes),
                };
                self.finish(out, members, &notes, nullable)
            }
            _ => {
                let alternatives = types.iter().map(|name| {
                    let mut one = members.clone();
                    one.retain(|keyword, _| !is_annotation(keyword));
                    one.insert("type".into(), json!(name));
                    if let Some(Value::Array(values)) = one.get_mut("enum") {
                        values.retain(|value| is_of_type(value, name));
                        if values.is_empty() {
                            one.shift_remove("enum");
                        }
                    }
                    Value::Object(one)
                });
                let alternatives: Vec<_> = alternatives.collect();
                let rewritten: Result<Vec<_>, _> =
                    alternatives.iter().map(|it| self.schema(it, false)).collect();
                self.alternatives_of(rewritten?, members, &notes, nullable)
            }
        }
    }

    fn scalar(
        &self,
        name: &str,
        members: &Map<String, Value>,
        notes: &mut Notes,
    ) -> Map<String, Value> {
        let is_strict = self.dialect == SchemaDialect::Strict;
        let mut out = Map::from_iter([("type".to_owned(), json!(name))]);
        if let Some(values) = fixed_values(members)
            && name != "null"
        {
            let fitting = values.iter().filter(|value| is_of_type(value, name));
            let values: Vec<_> = fitting.cloned().collect();
            // An OpenAPI subset has enums of strings only, and none may be empty.
            if !values.is_empty() && (is_strict || name == "string") {
                out.insert("enum".into(), Value::Array(values));
            } else if !values.is_empty() {
                notes.keyword("one of", &Value::Array(values));
            }
        }
        let keywords: &[&str] = match (name, is_strict) {
            ("string", true) => &["pattern"],
            ("string", false) => &["pattern", "minLength", "maxLength"],
            ("integer" | "number", true) => {
                &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]
            }
            ("integer" | "number", false) => &["minimum", "maximum"],
            _ => &[],
        };
        let mut known = vec!["type", "enum", "const"];
        for keyword in keywords {
            if let Some(value) = members.get(*keyword) {
                out.insert((*keyword).to_owned(), value.clone());
            }
            known.push(keyword);
        }
        let knows_format = |format: &str| match is_strict {
            true => STRICT_FORMATS.contains(&format),
            false => format == "date-time",
        };
        if let Some(Value::String(format)) = members.get("format")
            && knows_format(format)
        {
            out.insert("format".into(), json!(format));
            known.push("format");
        }
        self.note_keywords(members, &known, notes);
        out
    }

    /// Notes the keywords that are not known in the dialect.
    pub(super) fn note_keywords(
        &self,
        members: &Map<String, Value>,
        known: &[&str],
        notes: &mut Notes,
    ) {
        for (keyword, value) in members {
            let is_said = matches!(keyword.as_str(), "default" | "examples") && !value.is_null()
                || keyword == "deprecated" && value == true
                || !is_annotation(keyword);
            if is_said && !known.contains(&keyword.as_str()) {
                notes.keyword(keyword, value);
            }
        }
    }

    /// Adds the annotations, and null if it is accepted.
    pub(super) fn finish(
        &mut self,
        mut out: Map<String, Value>,
        members: &Map<String, Value>,
        notes: &Notes,
        nullable: bool,
    ) -> Result<Map<String, Value>, DialectError> {
        if let Some(description) = notes.description(members) {
            out.insert("description".into(), description.into());
        }
        if let Some(header) = members.get("x-mcp-header") {
            out.insert("x-mcp-header".into(), header.clone());
        }
        let out = self.spend(out)?;
        Ok(self.with_null(out, nullable))
    }

    /// Adds null to a schema. The annotations stay outside.
    pub(super) fn with_null(
        &self,
        mut schema: Map<String, Value>,
        nullable: bool,
    ) -> Map<String, Value> {
        if !nullable {
            return schema;
        }
        if self.dialect == SchemaDialect::Flat && !schema.contains_key("enum") {
            if let Some(name @ Value::String(_)) = schema.get("type").cloned() {
                schema.insert("type".into(), json!([name, "null"]));
            }
            return schema;
        }
        let mut outer = Map::new();
        for annotation in ["description", "x-mcp-header"] {
            if let Some(value) = schema.shift_remove(annotation) {
                outer.insert(annotation.into(), value);
            }
        }
        outer.insert("anyOf".into(), json!([schema, { "type": "null" }]));
        outer
    }

    /// Counts what was written, without its subschemas, which are counted already.
    pub(super) fn spend(
        &mut self,
        schema: Map<String, Value>,
    ) -> Result<Map<String, Value>, DialectError> {
        for (keyword, value) in &schema {
            self.spent += keyword.len() + 4;
            if !matches!(keyword.as_str(), "items" | "anyOf" | "properties") {
                self.spent += value.to_string().len();
            }
        }
        match self.spent <= self.max_bytes {
            true => Ok(schema),
            false => Err(self.error(DialectErrorKind::TooLarge { max_bytes: self.max_bytes })),
        }
    }

    /// Whether the dialect is `Strict`.
    pub(super) fn is_strict(&self) -> bool {
        self.dialect == SchemaDialect::Strict
    }

    /// Runs `rewrite` for a part of the schema.
    pub(super) fn inside<T>(
        &mut self,
        segments: &[&str],
        rewrite: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let length = self.pointer.len();
        for part in segments {
            self.pointer.push('/');
            self.pointer.push_str(&escape(part));
        }
        let rewritten = rewrite(self);
        self.pointer.truncate(length);
        rewritten
    }

    pub(super) fn error(&self, kind: DialectErrorKind) -> DialectError {
        DialectError { pointer: self.pointer.clone(), kind }
    }
}

/// Whether a schema accepts null and nothing else.
pub(super) fn is_null(schema: &Value) -> bool {
    schema.get("type").is_some_and(|name| name == "null")
        || schema.get("const").is_some_and(Value::is_null)
        || schema.get("enum").is_some_and(|values| *values == json!([null]))
}

/// Whether alternatives leave nothing to choose, because one of them accepts any value.
pub(super) fn has_any(alternatives: &[Value]) -> bool {
    alternatives.iter().any(accepts_any)
}
