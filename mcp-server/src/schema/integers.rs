//! Rewrites `5.0` to `5` where a schema requires an integer: the numbers are equal in JSON Schema,
//! but serde refuses the float.

use serde_json::{Number, Value};

use super::compile::SchemaCheck;
use super::node::{NodeId, Types};

/// Maximum depth. Fixed: messages are not nested more deeply.
const MAX_DEPTH: usize = 128;

/// Maximum number of visits of a value by a subschema; a long member name counts as several. Fixed:
/// a few hundredths of a second, and ten visits for each value of the largest message by default
/// (`max_json_nodes`). Only nested alternatives need more, because each visits the same value. What
/// is left stays a float.
const MAX_VISITS: usize = 1 << 20;

/// The length of a member name that counts as one visit, in bytes.
const NAME_BYTES_PER_VISIT: usize = 64;

impl SchemaCheck {
    /// Rewrites floats without a fraction to integers where the schema allows integers and no other
    /// numbers. Returns whether anything changed.
    pub(crate) fn write_integers(&self, value: &mut Value) -> bool {
        let mut conversion = Conversion { schema: self, remaining: MAX_VISITS, has_changed: false };
        conversion.visit(self.root, value, 0);
        conversion.has_changed
    }
}

/// The conversion of one value.
struct Conversion<'s> {
    schema: &'s SchemaCheck,
    /// The number of visits that are left.
    remaining: usize,
    has_changed: bool,
}

impl Conversion<'_> {
    fn visit(&mut self, id: NodeId, value: &mut Value, depth: usize) {
        let (Some(node), true) = (self.schema.nodes.get(id), depth < MAX_DEPTH) else { return };
        if !self.spend(1) {
            return;
        }
        for id in node.alias_of.iter().chain(&node.all_of).chain(&node.any_of).chain(&node.one_of) {
            self.visit(*id, value, depth + 1);
        }
        match value {
            Value::Number(number) => {
                let is_integer = node.types.is_some_and(|types| {
                    types.contains(Types::INTEGER) && !types.contains(Types::NUMBER)
                });
                if let Some(integer) = is_integer.then(|| integer(number)).flatten() {
                    *number = integer;
                    self.has_changed = true;
                }
            }
            Value::Array(items) => {
                let rest = node.arrays.items.iter().cycle();
                for (item, id) in items.iter_mut().zip(node.arrays.prefix.iter().chain(rest)) {
                    self.visit(*id, item, depth + 1);
                }
            }
            Value::Object(members) => {
                let schemas = &node.objects;
                let is_free = schemas.properties.is_empty()
                    && schemas.pattern_properties.is_empty()
                    && schemas.additional.is_none();
                if is_free {
                    return;
                }
                for (name, member) in members {
                    if !self.spend(1 + name.len() / NAME_BYTES_PER_VISIT) {
                        return;
                    }
                    if let Some(id) = schemas.declared(name).or(schemas.additional) {
                        self.visit(id, member, depth + 1);
                    }
                }
            }
            _ => {}
        }
    }

    /// Takes some of the remaining visits. Returns false if there are not enough.
    fn spend(&mut self, visits: usize) -> bool {
        let left = self.remaining.checked_sub(visits);
        self.remaining = left.unwrap_or(0);
        left.is_some()
    }
}

/// Converts a float to an integer. From 2^53 on, a float may stand for several integers.
fn integer(number: &Number) -> Option<Number> {
    const MAX_EXACT: f64 = 9_007_199_254_740_992.0;
    if !number.is_f64() {
        return None;
    }
    let float = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() < MAX_EXACT)?;
    let integer = float as i64;
    Some(integer.into())
}
