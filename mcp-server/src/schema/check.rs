//! Validates a value against a schema while its text is read.

use std::collections::HashSet;
use std::fmt::{self, Write as _};

use mcp_core::json::canonical;
use serde::Deserialize;
use serde::de::{
    self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde_json::Value;
use serde_json::value::RawValue;

use super::compile::{Extent, SchemaCheck};
use super::node::{KnownMembers, Node, NodeId, Types};
use super::number::Number;
use super::pattern::MAX_STRING_BYTES;
use super::violation::Violation;
use crate::describe_value::DescribeValue;
use crate::extract::escape;
use crate::json_text::JsonText;

/// Maximum number of violations reported for one value. Fixed: a model corrects a few at a time.
const MAX_VIOLATIONS: usize = 8;

/// Maximum work for one value, roughly in bytes read. Alternatives read a value repeatedly, and
/// nested ones multiply. Fixed: about a tenth of a second, which even the largest message reaches
/// only with nested alternatives.
const MAX_WORK: usize = 64 << 20;

/// The work of validating one value against one subschema, in the same unit.
const WORK_PER_NODE: usize = 8;

/// The work of starting to read a value again, in the same unit.
const WORK_PER_READ: usize = 256;

/// Maximum depth of subschemas that apply to the same value. Fixed: a deeper schema refers to
/// itself.
const MAX_DEPTH: usize = 128;

impl SchemaCheck {
    /// Returns what violates the schema in a JSON text.
    pub(crate) fn violations(&self, json: &str) -> Vec<Violation> {
        let mut run = Validation {
            schema: self,
            pointer: String::new(),
            found: Vec::new(),
            is_probe: false,
            is_exhausted: false,
            work: 0,
            depth: 0,
        };
        if let Err(error) = run.read(self.root, json)
            && run.found.is_empty()
        {
            let reason = if run.is_exhausted {
                "takes too long to validate; send a smaller value".to_owned()
            } else {
                format!("cannot be validated: {}", crate::error::reason(&error))
            };
            run.found.push(Violation { pointer: run.pointer, reason, is_shape: false });
        }
        run.found
    }
}

/// The validation of one value.
struct Validation<'s> {
    schema: &'s SchemaCheck,
    /// The JSON pointer of the current position.
    pointer: String,
    found: Vec<Violation>,
    /// Whether an alternative is being tried.
    is_probe: bool,
    is_exhausted: bool,
    work: usize,
    depth: usize,
}

impl<'s> Validation<'s> {
    /// Validates a text against a node.
    fn read(&mut self, node: NodeId, json: &str) -> Result<(), serde_json::Error> {
        self.spend(json.len() + WORK_PER_READ)?;
        let mut text = serde_json::Deserializer::from_str(json);
        Subschema { run: self, node, may_be_null: false }.deserialize(&mut text)
    }

    /// Returns the node, or the one that it refers to.
    fn node(&self, id: NodeId) -> Option<&'s Node> {
        let mut node = self.schema.nodes.get(id)?;
        for _ in 0..MAX_DEPTH {
            match node.alias_of {
                Some(target) => node = self.schema.nodes.get(target)?,
                None => return Some(node),
            }
        }
        None
    }

    fn spend<E: de::Error>(&mut self, work: usize) -> Result<(), E> {
        self.work = self.work.saturating_add(work);
        if self.work > MAX_WORK {
            self.is_exhausted = true;
            return Err(E::custom("too much work"));
        }
        Ok(())
    }

    /// Records a violation. An error ends the validation, because the limit is reached.
    fn violation<E: de::Error>(
        &mut self,
        is_shape: bool,
        reason: impl fmt::Display,
    ) -> Result<(), E> {
        if is_shape && self.is_probe {
            return Err(E::custom("the alternative does not match"));
        }
        if is_shape && self.schema.extent == Extent::Constraints {
            return Ok(());
        }
        let (pointer, reason) = (self.pointer.clone(), reason.to_string());
        self.found.push(Violation { pointer, reason, is_shape });
        if self.found.len() < MAX_VIOLATIONS {
            Ok(())
        } else {
            Err(E::custom("too many violations"))
        }
    }

    /// Returns whether a value is of a type that the node allows, and records a violation if it is
    /// not.
    fn is_of_type<E: de::Error>(
        &mut self,
        node: &Node,
        types: Types,
        found: Unexpected<'_>,
    ) -> Result<bool, E> {
        if node.rejects_all {
            self.violation(true, "no value is allowed here")?;
            return Ok(false);
        }
        let Some(allowed) = node.types.filter(|allowed| !allowed.contains(types)) else {
            return Ok(true);
        };
        // A derived struct is also deserialized from an array, where its arguments have no names.
        let is_unnamed = types == Types::ARRAY && allowed.contains(Types::OBJECT);
        self.violation(
            !is_unnamed,
            format_args!("expected {}, got {}", allowed.describe(), DescribeValue(found)),
        )?;
        Ok(false)
    }

    /// Runs `read` for a member or an item.
    fn descend<T>(&mut self, segment: impl fmt::Display, read: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.pointer.len();
        let _ = write!(self.pointer, "/{segment}"); // Writing to a string cannot fail.
        let result = read(self);
        self.pointer.truncate(length);
        result
    }

    /// Checks what needs the whole value: fixed values, unique items, alternatives.
    fn check_whole<E: de::Error>(&mut self, node: &Node, raw: &RawValue) -> Result<(), E> {
        let json = raw.get();
        if let Some(values) = &node.values {
            self.spend(json.len())?;
            let value: Value = serde_json::from_str(json).map_err(E::custom)?;
            if !values.canonical.contains(&canonical(&value)) {
                self.violation(true, format_args!("expected one of {}", values.listed))?;
            }
        }
        if node.arrays.are_unique && json.starts_with('[') {
            self.spend(json.len())?;
            let items: Vec<Value> = serde_json::from_str(json).map_err(E::custom)?;
            let mut seen = HashSet::new();
            let duplicate = items.iter().position(|item| !seen.insert(canonical(item)));
            if let Some(index) = duplicate {
                let reason = "equals an earlier item; the items must be unique";
                self.descend(index, |run| run.violation(false, reason))?;
            }
        }
        if self.depth == MAX_DEPTH {
            return Ok(());
        }
        self.depth += 1;
        for id in &node.all_of {
            self.read(*id, json).map_err(E::custom)?;
        }
        self.alternatives(&node.any_of, false, json)?;
        self.alternatives(&node.one_of, true, json)?;
        self.depth -= 1;
        Ok(())
    }

    fn alternatives<E: de::Error>(
        &mut self,
        alternatives: &[NodeId],
        exactly_one: bool,
        json: &str,
    ) -> Result<(), E> {
        if alternatives.is_empty() {
            return Ok(());
        }
        let mut matching = 0;
        // The violations of the first alternative whose shape matches.
        let mut nearest = None;
        for id in alternatives {
            match self.probe(*id, json)? {
                Some(found) if found.is_empty() => matching += 1,
                Some(found) => nearest = nearest.or(Some(found)),
                None => {}
            }
            if matching > 0 && !exactly_one {
                return Ok(());
            }
        }
        match (matching, nearest) {
            (1, _) => Ok(()),
            (0, Some(found)) => {
                self.found.extend(found);
                self.found.truncate(MAX_VIOLATIONS);
                Ok(())
            }
            (0, None) => self.no_alternative_matches(alternatives, json),
            _ => self.violation(true, "matches more than one of the allowed alternatives"),
        }
    }

    /// Reports why no alternative matches. If only one allows the type of the value, its violations
    /// are reported.
    fn no_alternative_matches<E: de::Error>(
        &mut self,
        alternatives: &[NodeId],
        json: &str,
    ) -> Result<(), E> {
        let allows = |id: &&NodeId| {
            let types = self.node(**id).and_then(|node| node.types);
            types.is_none_or(|types| types.contains(type_of(json)))
        };
        let candidates: Vec<NodeId> = alternatives.iter().filter(allows).copied().collect();
        match candidates.as_slice() {
            [only] if !self.is_probe => self.read(*only, json).map_err(E::custom),
            _ => self.violation(true, "matches none of the allowed alternatives"),
        }
    }

    /// Returns the violations of an alternative; `None` if not even its shape matches.
    fn probe<E: de::Error>(&mut self, id: NodeId, json: &str) -> Result<Option<Vec<Violation>>, E> {
        let found = std::mem::take(&mut self.found);
        let pointer = self.pointer.clone();
        let (is_probe, depth) = (std::mem::replace(&mut self.is_probe, true), self.depth);
        let outcome = self.read(id, json);
        let probed = std::mem::replace(&mut self.found, found);
        (self.pointer, self.is_probe, self.depth) = (pointer, is_probe, depth);
        match outcome {
            Ok(()) => Ok(Some(probed)),
            Err(error) if self.is_exhausted => Err(E::custom(error)),
            Err(_) if probed.len() == MAX_VIOLATIONS => Ok(Some(probed)),
            Err(_) => Ok(None),
        }
    }
}

fn type_of(json: &str) -> Types {
    match json.as_bytes().first() {
        Some(b'n') => Types::NULL,
        Some(b't' | b'f') => Types::BOOLEAN,
        Some(b'"') => Types::STRING,
        Some(b'[') => Types::ARRAY,
        Some(b'{') => Types::OBJECT,
        _ => Types::NUMBER.or(Types::INTEGER),
    }
}

/// Validates a value against a subschema.
struct Subschema<'r, 's> {
    run: &'r mut Validation<'s>,
    node: NodeId,
    may_be_null: bool,
}

impl<'de> DeserializeSeed<'de> for Subschema<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        let Self { run, node: id, may_be_null } = self;
        // The shape decides whether an alternative matches, so it is always checked there.
        let skips_enforced = run.schema.extent == Extent::Constraints && !run.is_probe;
        let is_checked =
            |node: &&Node| !(node.accepts_all || skips_enforced && node.is_enforced_by_type);
        let Some(node) = run.node(id).filter(is_checked) else {
            return IgnoredAny::deserialize(value).map(drop);
        };
        run.spend(WORK_PER_NODE)?;
        if !node.needs_whole() {
            return value.deserialize_any(Reader { run, node, may_be_null });
        }
        let raw = <&RawValue>::deserialize(value)?;
        if may_be_null && raw.get() == "null" {
            return Ok(());
        }
        run.spend(raw.get().len())?;
        serde_json::Deserializer::from_str(raw.get())
            .deserialize_any(Reader { run, node, may_be_null })
            .map_err(de::Error::custom)?;
        run.check_whole(node, raw)
    }
}

/// Reads a value once and checks all keywords except those of [`Validation::check_whole`].
struct Reader<'r, 's> {
    run: &'r mut Validation<'s>,
    node: &'s Node,
    may_be_null: bool,
}

impl Reader<'_, '_> {
    fn number<E: de::Error>(self, number: Number, found: Unexpected<'_>) -> Result<(), E> {
        let Self { run, node, .. } = self;
        let types = match number.is_integer() {
            true => Types::INTEGER.or(Types::NUMBER),
            false => Types::NUMBER,
        };
        if !run.is_of_type(node, types, found)? {
            return Ok(());
        }
        let bounds = &node.numbers;
        let is = |bound: Option<Number>, test: fn(std::cmp::Ordering) -> bool| {
            bound.filter(|bound| test(number.compare(*bound)))
        };
        if let Some(bound) = is(bounds.minimum, std::cmp::Ordering::is_lt) {
            run.violation(false, format_args!("must be at least {bound}, got {number}"))?;
        }
        if let Some(bound) = is(bounds.exclusive_minimum, std::cmp::Ordering::is_le) {
            run.violation(false, format_args!("must be more than {bound}, got {number}"))?;
        }
        if let Some(bound) = is(bounds.maximum, std::cmp::Ordering::is_gt) {
            run.violation(false, format_args!("must be at most {bound}, got {number}"))?;
        }
        if let Some(bound) = is(bounds.exclusive_maximum, std::cmp::Ordering::is_ge) {
            run.violation(false, format_args!("must be less than {bound}, got {number}"))?;
        }
        if let Some(factor) = bounds.multiple_of
            && !number.is_multiple_of(factor)
        {
            run.violation(false, format_args!("must be a multiple of {factor}, got {number}"))?;
        }
        Ok(())
    }

    /// Checks a count against its bounds.
    fn count<E: de::Error>(
        &mut self,
        count: usize,
        min: Option<u64>,
        max: Option<u64>,
        unit: &str,
    ) -> Result<(), E> {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        if let Some(min) = min.filter(|min| count < *min) {
            let reason = format_args!("must have at least {min} {unit}, got {count}");
            self.run.violation(false, reason)?;
        }
        if let Some(max) = max.filter(|max| count > *max) {
            let reason = format_args!("must have at most {max} {unit}, got {count}");
            self.run.violation(false, reason)?;
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for Reader<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        if self.may_be_null {
            return Ok(());
        }
        self.run.is_of_type(self.node, Types::NULL, Unexpected::Unit).map(drop)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<(), E> {
        self.run.is_of_type(self.node, Types::BOOLEAN, Unexpected::Bool(value)).map(drop)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<(), E> {
        self.number(Number::Integer(value.into()), Unexpected::Signed(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<(), E> {
        self.number(Number::Integer(value.into()), Unexpected::Unsigned(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<(), E> {
        self.number(Number::Float(value), Unexpected::Float(value))
    }

    fn visit_str<E: de::Error>(mut self, text: &str) -> Result<(), E> {
        if !self.run.is_of_type(self.node, Types::STRING, Unexpected::Str(text))? {
            return Ok(());
        }
        let bounds = &self.node.strings;
        if bounds.min_length.is_some() || bounds.max_length.is_some() {
            let length = text.chars().count();
            self.count(length, bounds.min_length, bounds.max_length, "characters")?;
        }
        let Some(pattern) = &bounds.pattern else { return Ok(()) };
        if text.len() > MAX_STRING_BYTES {
            let length = text.len();
            let reason = format_args!(
                "has {length} bytes; a string with a pattern can have at most {MAX_STRING_BYTES}"
            );
            return self.run.violation(false, reason);
        }
        self.run.spend(text.len().saturating_mul(8))?;
        if !pattern.matches(text) {
            let source = pattern.source();
            let reason = format_args!("must match the pattern {source}");
            return self.run.violation(false, reason);
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        if !self.run.is_of_type(self.node, Types::ARRAY, Unexpected::Seq)? {
            while items.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(());
        }
        let bounds = &self.node.arrays;
        let mut count = 0_usize;
        loop {
            let read = match bounds.prefix.get(count).copied().or(bounds.items) {
                None => items.next_element::<IgnoredAny>()?.map(drop),
                Some(node) => self.run.descend(count, |run| {
                    items.next_element_seed(Subschema { run, node, may_be_null: false })
                })?,
            };
            if read.is_none() {
                break;
            }
            count += 1;
        }
        self.count(count, bounds.min_items, bounds.max_items, "items")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        if !self.run.is_of_type(self.node, Types::OBJECT, Unexpected::Map)? {
            while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(());
        }
        let objects = &self.node.objects;
        let additional = objects.additional;
        let is_closed =
            additional.and_then(|id| self.run.node(id)).is_some_and(|node| node.rejects_all);
        let mut missing: Vec<&str> = objects.required.iter().map(String::as_str).collect();
        let mut count = 0_usize;
        while let Some(JsonText(name)) = members.next_key()? {
            count += 1;
            missing.retain(|required| *required != name);
            let node = objects.declared(&name);
            let is_unknown = node.is_none() && (is_closed || objects.is_mirrored);
            let may_be_null =
                self.run.schema.null_is_absent && !objects.required.iter().any(|it| *it == name);
            let read = |run: &mut Validation<'_>| {
                if is_unknown {
                    let known = KnownMembers(objects);
                    let reason = format_args!("unknown member{known}");
                    run.violation(!objects.is_mirrored, reason)?;
                }
                match node.or(additional).filter(|_| !is_unknown) {
                    Some(node) => members.next_value_seed(Subschema { run, node, may_be_null }),
                    None => members.next_value::<IgnoredAny>().map(drop),
                }
            };
            self.run.descend(escape(&name), read)?;
        }
        for name in missing {
            let reason = "the member is required";
            self.run.descend(escape(name), |run| run.violation(true, reason))?;
        }
        self.count(count, objects.min_properties, objects.max_properties, "members")
    }
}
