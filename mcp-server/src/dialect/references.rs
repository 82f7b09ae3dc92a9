//! References in a dialect: they are replaced by their targets, unless those refer to themselves.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::error::{DialectError, DialectErrorKind};
use super::merge::add_keywords;
use super::parts::{definition_name, is_annotation};
use super::rewriter::{MAX_LEVELS, Rewriter};
use crate::fragment::resolve;

impl Rewriter<'_> {
    /// Returns the target of a reference that stays one in `Strict`: it leads to a definition that
    /// refers to itself, and has no keywords beside it that constrain values.
    pub(super) fn kept_reference<'s>(
        &self,
        schema: &'s Value,
    ) -> Option<(&'s str, &'s Map<String, Value>)> {
        let members = schema.as_object()?;
        let target = members.get("$ref")?.as_str()?;
        let is_alone = members.keys().all(|keyword| keyword == "$ref" || is_annotation(keyword));
        let is_kept = self.is_strict()
            && is_alone
            && !members.contains_key("x-mcp-header")
            && (target == "#" || definition_name(target).is_some())
            && self.is_recursive(target);
        is_kept.then_some((target, members))
    }

    /// Whether a definition refers to itself, also through others.
    fn is_recursive(&self, target: &str) -> bool {
        let mut reached = HashSet::new();
        let mut pending: Vec<&Value> = resolve(self.root, target).into_iter().collect();
        while let Some(schema) = pending.pop() {
            match schema {
                Value::Object(members) => {
                    if let Some(Value::String(next)) = members.get("$ref") {
                        if next == target {
                            return true;
                        }
                        if reached.insert(next.as_str()) {
                            pending.extend(resolve(self.root, next));
                        }
                    }
                    pending.extend(members.values());
                }
                Value::Array(items) => pending.extend(items),
                _ => {}
            }
        }
        false
    }

    /// Returns the keywords of a schema, with those of its references and of `allOf`, and the
    /// references that were replaced.
    pub(super) fn expand(
        &self,
        schema: &Value,
    ) -> Result<(Map<String, Value>, Vec<String>), DialectError> {
        let mut references = Vec::new();
        let members = self.expand_part(schema, &mut references, 0)?;
        Ok((members, references))
    }

    fn expand_part(
        &self,
        schema: &Value,
        references: &mut Vec<String>,
        levels: usize,
    ) -> Result<Map<String, Value>, DialectError> {
        if levels == MAX_LEVELS {
            return Err(self.error(DialectErrorKind::TooDeep { max_levels: MAX_LEVELS }));
        }
        let Value::Object(schema) = schema else { return Ok(Map::new()) };
        let mut members = schema.clone();
        if let Some(Value::String(target)) = members.shift_remove("$ref") {
            let is_known = references.contains(&target);
            if (is_known || self.open.contains(&target)) && self.is_recursive(&target) {
                return Err(self.error(DialectErrorKind::Recursive { target }));
            }
            let Some(referred) = resolve(self.root, &target) else {
                return Err(self.error(DialectErrorKind::Unresolved { target }));
            };
            // Its keywords apply to the same value, and once is enough.
            if !is_known {
                references.push(target);
                let referred = self.expand_part(referred, references, levels + 1)?;
                add_keywords(&mut members, &referred);
            }
        }
        if let Some(Value::Array(parts)) = members.shift_remove("allOf") {
            for part in &parts {
                let part = self.expand_part(part, references, levels + 1)?;
                add_keywords(&mut members, &part);
            }
        }
        Ok(members)
    }

    /// Rewrites the target of a reference that stays.
    pub(super) fn definition(&mut self, target: &str) -> Result<Value, DialectError> {
        let Some(written) = resolve(self.root, target) else {
            let target = target.to_owned();
            return Err(self.error(DialectErrorKind::Unresolved { target }));
        };
        self.pointer = target.trim_start_matches('#').to_owned();
        let rewritten = self.schema(written, false)?;
        self.pointer.clear();
        Ok(Value::Object(rewritten))
    }
}
