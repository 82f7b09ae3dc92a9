//! Compiles a schema to nodes.

use std::collections::HashMap;

use mcp_core::json::canonical;
use mcp_core::types::Schema;
use serde_json::{Map, Value};

use super::node::{Node, NodeId, Types, Values};
use super::number::Number;
use super::pattern::Pattern;
use crate::fragment::locate;

/// How much of a schema is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// Everything: the schema is not derived from a type.
    Everything,
    /// What the derived `Deserialize` does not enforce.
    Constraints,
}

/// A compiled schema.
#[derive(Debug)]
pub(crate) struct SchemaCheck {
    pub(super) nodes: Vec<Node>,
    pub(super) root: NodeId,
    pub(super) extent: Extent,
    /// Whether `null` counts as absent for members that are not required. It does in arguments,
    /// whose schemas do not say so, because models fill them in more reliably without.
    pub(super) null_is_absent: bool,
}

impl SchemaCheck {
    /// Compiles an explicit schema of arguments.
    pub(crate) fn of_arguments(schema: &Schema) -> Self {
        Self { null_is_absent: true, ..Self::compile(schema, Extent::Everything) }
    }

    /// Compiles the schema that was derived from the type of the arguments, to check what the type
    /// does not enforce.
    pub(crate) fn of_typed_arguments(schema: &Schema) -> Self {
        Self { null_is_absent: true, ..Self::compile(schema, Extent::Constraints) }
    }

    /// Compiles an explicit schema of results.
    pub(crate) fn of_result(schema: &Schema) -> Self {
        Self::compile(schema, Extent::Everything)
    }

    /// Whether the schema constrains any value.
    pub(crate) fn is_needed(&self) -> bool {
        self.nodes.get(self.root).is_some_and(|root| match self.extent {
            Extent::Everything => !root.accepts_all,
            Extent::Constraints => !root.is_enforced_by_type,
        })
    }

    fn compile(schema: &Schema, extent: Extent) -> Self {
        let document = schema.as_value();
        let mut compiler =
            Compiler { document: &document, nodes: Vec::new(), by_pointer: HashMap::new() };
        let root = compiler.schema("", &document);
        Self { nodes: compiler.nodes, root, extent, null_is_absent: false }
    }
}

struct Compiler<'a> {
    document: &'a Value,
    nodes: Vec<Node>,
    /// The nodes by their JSON pointers in the document, for references.
    by_pointer: HashMap<String, NodeId>,
}

impl<'a> Compiler<'a> {
    /// Returns the node of the schema at a pointer. The pointer is registered before its schema is
    /// compiled, so references may form a cycle.
    fn schema(&mut self, pointer: &str, schema: &'a Value) -> NodeId {
        if let Some(known) = self.by_pointer.get(pointer) {
            return *known;
        }
        let id = self.nodes.len();
        // Until it is compiled it counts as a node with constraints.
        self.nodes.push(Node::default());
        self.by_pointer.insert(pointer.to_owned(), id);
        let mut node = match schema {
            Value::Object(members) => self.object(pointer, members),
            Value::Bool(false) => Node { rejects_all: true, ..Node::default() },
            _ => Node::default(),
        };
        node.accepts_all = self.accepts_all(&node);
        node.is_enforced_by_type = self.is_enforced_by_type(&node, pointer.is_empty());
        if let Some(slot) = self.nodes.get_mut(id) {
            *slot = node;
        }
        id
    }

    fn object(&mut self, pointer: &str, schema: &'a Map<String, Value>) -> Node {
        let mut node = Node::default();
        let length = |value: &Value| value.as_u64();
        for (keyword, value) in schema {
            let here = format!("{pointer}/{}", segment(keyword));
            match keyword.as_str() {
                "type" => node.types = types(value),
                "enum" => node.values = value.as_array().map(|values| self::values(values)),
                "const" => node.values = Some(values(std::slice::from_ref(value))),
                "minimum" => node.numbers.minimum = Number::of(value),
                "exclusiveMinimum" => node.numbers.exclusive_minimum = Number::of(value),
                "maximum" => node.numbers.maximum = Number::of(value),
                "exclusiveMaximum" => node.numbers.exclusive_maximum = Number::of(value),
                "multipleOf" => node.numbers.multiple_of = Number::of(value),
                "minLength" => node.strings.min_length = length(value),
                "maxLength" => node.strings.max_length = length(value),
                "pattern" => node.strings.pattern = value.as_str().and_then(Pattern::compile),
                "minItems" => node.arrays.min_items = length(value),
                "maxItems" => node.arrays.max_items = length(value),
                "uniqueItems" => node.arrays.are_unique = value == &Value::Bool(true),
                "items" => node.arrays.items = Some(self.schema(&here, value)),
                "prefixItems" => node.arrays.prefix = self.schemas(&here, value),
                "minProperties" => node.objects.min_properties = length(value),
                "maxProperties" => node.objects.max_properties = length(value),
                "required" => node.objects.required = strings(value),
                "properties" => {
                    for (name, property) in value.as_object().into_iter().flatten() {
                        let id = self.schema(&format!("{here}/{}", segment(name)), property);
                        node.objects.is_mirrored |= self.is_mirrored(id, property);
                        node.objects.properties.insert(name.clone(), id);
                    }
                }
                "patternProperties" => {
                    for (source, property) in value.as_object().into_iter().flatten() {
                        let id = self.schema(&format!("{here}/{}", segment(source)), property);
                        if let Some(pattern) = Pattern::compile(source) {
                            node.objects.pattern_properties.push((pattern, id));
                        }
                    }
                }
                "additionalProperties" => {
                    node.objects.additional = Some(self.schema(&here, value));
                }
                "allOf" => node.all_of.extend(self.schemas(&here, value)),
                "anyOf" => node.any_of = self.schemas(&here, value),
                "oneOf" => node.one_of = self.schemas(&here, value),
                "$ref" => {
                    let target = value.as_str().and_then(|target| self.reference(target));
                    let is_alone = schema.keys().all(|keyword| is_annotation(keyword));
                    node.alias_of = target.filter(|_| is_alone);
                    node.all_of.extend(target.filter(|_| !is_alone));
                }
                _ => {}
            }
        }
        node
    }

    fn schemas(&mut self, pointer: &str, list: &'a Value) -> Vec<NodeId> {
        let list = list.as_array().into_iter().flatten().enumerate();
        list.map(|(index, schema)| self.schema(&format!("{pointer}/{index}"), schema)).collect()
    }

    /// Returns the target of a reference within the document. Other references are not followed.
    fn reference(&mut self, target: &str) -> Option<NodeId> {
        let (pointer, schema) = locate(self.document, target)?;
        Some(self.schema(&pointer, schema))
    }

    fn is_mirrored(&self, id: NodeId, property: &Value) -> bool {
        property.get("x-mcp-header").is_some()
            || self.nodes.get(id).is_some_and(|node| node.objects.is_mirrored)
    }

    /// Whether every value is valid.
    fn accepts_all(&self, node: &Node) -> bool {
        !node.rejects_all
            && node.types.is_none()
            && node.values.is_none()
            && node.objects.required.is_empty()
            && node.one_of.is_empty()
            && !node.has_bounds()
            && node.children().all(|id| self.nodes.get(id).is_some_and(|child| child.accepts_all))
    }

    /// Whether every value that the type behind the schema accepts is valid.
    fn is_enforced_by_type(&self, node: &Node, is_root: bool) -> bool {
        // A derived struct is also deserialized from an array. The arguments as a whole are an
        // object.
        let is_struct = !node.objects.properties.is_empty() && !is_root;
        !is_struct
            && !node.objects.is_mirrored
            && !node.has_bounds()
            && node.children().all(|id| {
                // The type enforces that an object is closed.
                self.nodes
                    .get(id)
                    .is_some_and(|child| child.is_enforced_by_type || child.rejects_all)
            })
    }
}

/// Whether a keyword next to a reference does not constrain values.
fn is_annotation(keyword: &str) -> bool {
    matches!(
        keyword,
        "$ref" | "title" | "description" | "default" | "examples" | "deprecated" | "x-mcp-header"
    )
}

fn types(value: &Value) -> Option<Types> {
    match value {
        Value::String(name) => Some(Types::named(name)),
        Value::Array(names) => {
            names.iter().filter_map(Value::as_str).map(Types::named).reduce(Types::or)
        }
        _ => None,
    }
}

fn values(values: &[Value]) -> Values {
    let listed: Vec<_> = values.iter().take(16).map(ToString::to_string).collect();
    let more = if values.len() > listed.len() { ", …" } else { "" };
    Values {
        canonical: values.iter().map(canonical).collect(),
        listed: format!("{}{more}", listed.join(", ")),
    }
}

fn strings(value: &Value) -> Vec<String> {
    let names = value.as_array().into_iter().flatten();
    names.filter_map(|name| name.as_str().map(str::to_owned)).collect()
}

/// Encodes a keyword or name as a segment of a JSON pointer (RFC 6901).
fn segment(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
