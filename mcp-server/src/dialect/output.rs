//! The schema of results in the dialect `Flat`. What it says stays true, so it only becomes weaker.

use serde_json::{Map, Value, json};

use super::error::{DialectError, DialectErrorKind};
use super::kind::SchemaDialect;
use super::notes::{Notes, documented};
use super::rewriter::{MAX_LEVELS, Rewriter};

/// Rewrites the schema of results.
pub(super) fn flat(root: &Value, max_bytes: usize) -> Result<Value, DialectError> {
    let mut rewriter = Rewriter::new(root, SchemaDialect::Flat, max_bytes);
    let flat = flatten(&mut rewriter, root, 0)?;
    // A wrapped result is announced by a root that is not an object, which must not change.
    let is_object = |schema: &Value| schema.get("type").is_some_and(|name| name == "object");
    Ok(if is_object(&flat) == is_object(root) { flat } else { root.clone() })
}

fn flatten(
    rewriter: &mut Rewriter<'_>,
    schema: &Value,
    levels: usize,
) -> Result<Value, DialectError> {
    let Value::Object(written) = schema else { return Ok(schema.clone()) };
    if levels == MAX_LEVELS {
        return Err(rewriter.error(DialectErrorKind::TooDeep { max_levels: MAX_LEVELS }));
    }
    let (open, pointer) = rewriter.place();
    let members = match written.contains_key("$ref") {
        true => {
            let (members, references) = rewriter.expand(schema)?;
            rewriter.enter(references);
            members
        }
        false => written.clone(),
    };
    let mut out = Map::new();
    let keeps = |keyword: &str| members.get(keyword).is_some_and(|it| !has_reference(it));
    let (keeps_condition, keeps_contains) = (keeps("if"), keeps("contains"));
    for (keyword, value) in members {
        match (keyword.as_str(), value) {
            ("$defs" | "definitions", _) => {}
            // What counts as evaluated depends on keywords that are rewritten.
            ("unevaluatedItems" | "unevaluatedProperties", _) => {}
            // A condition that becomes weaker makes the schema stronger.
            ("not" | "if" | "contains", value) if has_reference(&value) => {}
            ("then" | "else", _) if !keeps_condition => {}
            ("minContains" | "maxContains", _) if !keeps_contains => {}
            ("properties" | "patternProperties" | "dependentSchemas", Value::Object(schemas)) => {
                let mut flat = Map::new();
                for (name, schema) in schemas {
                    let one = rewriter
                        .inside(&[&keyword, &name], |it| flatten(it, &schema, levels + 1))?;
                    flat.insert(name, one);
                }
                out.insert(keyword, Value::Object(flat));
            }
            ("items" | "additionalProperties" | "propertyNames" | "then" | "else", schema) => {
                let flat = rewriter.inside(&[&keyword], |it| flatten(it, &schema, levels + 1))?;
                out.insert(keyword, flat);
            }
            ("oneOf" | "anyOf" | "allOf" | "prefixItems", Value::Array(schemas)) => {
                let mut flat = Vec::new();
                for (index, schema) in schemas.iter().enumerate() {
                    let place = [keyword.as_str(), &index.to_string()];
                    flat.push(rewriter.inside(&place, |it| flatten(it, schema, levels + 1))?);
                }
                out.insert(keyword, Value::Array(flat));
            }
            (_, value) => drop(out.insert(keyword, value)),
        }
    }
    rewriter.leave(open, pointer);
    let counted: Map<_, _> = (out.iter())
        .filter(|(_, value)| !value.is_object() && !value.is_array())
        .map(|(keyword, value)| (keyword.clone(), value.clone()))
        .collect();
    rewriter.spend(counted)?;
    weaken(&mut out);
    Ok(Value::Object(out))
}

/// Whether a schema has a reference, which would lead to nothing without the definitions.
fn has_reference(schema: &Value) -> bool {
    match schema {
        Value::Object(members) => {
            members.contains_key("$ref") || members.values().any(has_reference)
        }
        Value::Array(items) => items.iter().any(has_reference),
        _ => false,
    }
}

/// Replaces `oneOf`, documented enums and tuples.
fn weaken(schema: &mut Map<String, Value>) {
    if let Some(Value::Array(alternatives)) = schema.get("oneOf")
        && !schema.contains_key("anyOf")
    {
        let alternatives = alternatives.clone();
        schema.shift_remove("oneOf");
        match values_of(&alternatives) {
            Some((values, docs)) if !schema.contains_key("enum") => {
                if values.iter().all(Value::is_string) {
                    schema.entry("type").or_insert_with(|| json!("string"));
                }
                schema.insert("enum".into(), Value::Array(values));
                let own = schema.get("description").and_then(Value::as_str).map(str::to_owned);
                let parts: Vec<String> = own.into_iter().chain(docs).collect();
                if !parts.is_empty() {
                    schema.insert("description".into(), parts.join("\n\n").into());
                }
            }
            _ => drop(schema.insert("anyOf".into(), Value::Array(alternatives))),
        }
    }
    if let Some(Value::Array(prefix)) = schema.shift_remove("prefixItems") {
        let max = schema.get("maxItems").and_then(Value::as_u64);
        let has_no_rest = max.is_some_and(|max| max <= prefix.len() as u64);
        let mut items: Vec<Value> = Vec::new();
        for item in prefix {
            if !items.contains(&item) {
                items.push(item);
            }
        }
        match schema.get("items") {
            Some(Value::Bool(false)) => {}
            Some(rest) => items.push(rest.clone()),
            // Further items may be anything.
            None if has_no_rest => {}
            None => return,
        }
        let items = if items.len() == 1 { items.swap_remove(0) } else { json!({ "anyOf": items }) };
        schema.insert("items".into(), items);
    }
}

/// Returns the values of an enum with documented variants, and their documentation.
fn values_of(alternatives: &[Value]) -> Option<(Vec<Value>, Option<String>)> {
    let mut notes = Notes::default();
    let mut all = Vec::new();
    for alternative in alternatives {
        all.extend(documented(alternative.as_object()?)?);
    }
    notes.values(&all);
    Some((all.into_iter().map(|(value, _)| value).collect(), notes.description(&Map::new())))
}
