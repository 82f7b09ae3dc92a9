//! `5.0` where a schema has an integer: the same number to JSON Schema, another type to serde.

use serde_json::{Number, Value};

use super::compile::SchemaCheck;
use super::node::{NodeId, Types};

/// Depth that is looked into. Fixed: messages are not nested deeper.
const MAX_DEPTH: usize = 128;

impl SchemaCheck {
    /// Writes floats without a fraction as integers where the schema allows integers and no other
    /// numbers. Returns whether it changed anything.
    pub(crate) fn write_integers(&self, value: &mut Value) -> bool {
        self.write_below(self.root, value, 0)
    }

    fn write_below(&self, id: NodeId, value: &mut Value, depth: usize) -> bool {
        let (Some(node), true) = (self.nodes.get(id), depth < MAX_DEPTH) else { return false };
        let mut changed = false;
        for id in node.alias_of.iter().chain(&node.all_of).chain(&node.any_of).chain(&node.one_of) {
            changed |= self.write_below(*id, value, depth + 1);
        }
        match value {
            Value::Number(number) => {
                let is_integer = node.types.is_some_and(|types| {
                    types.contains(Types::INTEGER) && !types.contains(Types::NUMBER)
                });
                if let Some(integer) = is_integer.then(|| integer(number)).flatten() {
                    *number = integer;
                    changed = true;
                }
            }
            Value::Array(items) => {
                let prefix = node.arrays.prefix.iter().copied().map(Some);
                let schemas = prefix.chain(std::iter::repeat(node.arrays.items));
                for (item, schema) in items.iter_mut().zip(schemas) {
                    if let Some(id) = schema {
                        changed |= self.write_below(id, item, depth + 1);
                    }
                }
            }
            Value::Object(members) => {
                for (name, member) in members {
                    let known = node.objects.properties.get(name.as_str()).copied();
                    if let Some(id) = known.or(node.objects.additional) {
                        changed |= self.write_below(id, member, depth + 1);
                    }
                }
            }
            _ => {}
        }
        changed
    }
}

/// The integer that a float is, if it is one that a double holds exactly.
fn integer(number: &Number) -> Option<Number> {
    const MAX_EXACT: f64 = 9_007_199_254_740_992.0;
    if !number.is_f64() {
        return None;
    }
    let float = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() <= MAX_EXACT)?;
    #[allow(clippy::cast_possible_truncation)] // It is exact.
    let integer = float as i64;
    Some(integer.into())
}
