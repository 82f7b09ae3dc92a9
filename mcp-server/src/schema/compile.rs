//! From the text of a schema to nodes.

use std::collections::HashMap;

use mcp_core::json::canonical;
use mcp_core::types::Schema;
use serde_json::{Map, Value};

use super::node::{Node, NodeId, Types, Values};
use super::number::Number;
use super::pattern::Pattern;

/// How far a schema is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// All of it: the schema was given, and no type stands behind it.
    Everything,
    /// What the `Deserialize` that was derived with it does not enforce.
    Constraints,
}

/// A schema that values can be held against.
#[derive(Debug)]
pub(crate) struct SchemaCheck {
    pub(super) nodes: Vec<Node>,
    pub(super) root: NodeId,
    pub(super) extent: Extent,
    /// Whether `null` stands for a member that is not required. It does in arguments, whose
    /// derived schemas do not say so, because models do better without.
    pub(super) null_is_absent: bool,
}

impl SchemaCheck {
    /// Checks all of a schema of arguments.
    pub(crate) fn of_arguments(schema: &Schema) -> Self {
        Self { null_is_absent: true, ..Self::compile(schema, Extent::Everything) }
    }

    /// Checks what the type of arguments does not enforce of the schema that was derived from it.
    pub(crate) fn of_typed_arguments(schema: &Schema) -> Self {
        Self { null_is_absent: true, ..Self::compile(schema, Extent::Constraints) }
    }

    /// Checks all of a schema of results.
    pub(crate) fn of_result(schema: &Schema) -> Self {
        Self::compile(schema, Extent::Everything)
    }

    /// Whether there is anything to check.
    pub(crate) fn is_needed(&self) -> bool {
        self.nodes.get(self.root).is_some_and(|root| match self.extent {
            Extent::Everything => !root.is_anything,
            Extent::Constraints => !root.is_enforced,
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
    /// Nodes that references may lead to, by their pointers in the document.
    by_pointer: HashMap<String, NodeId>,
}

impl<'a> Compiler<'a> {
    /// The node of the schema at a pointer. The pointer is known before the schema is looked
    /// into, so references may form a circle.
    fn schema(&mut self, pointer: &str, schema: &'a Value) -> NodeId {
        if let Some(known) = self.by_pointer.get(pointer) {
            return *known;
        }
        let id = self.nodes.len();
        // While it is compiled it counts as one that has to be checked.
        self.nodes.push(Node::default());
        self.by_pointer.insert(pointer.to_owned(), id);
        let mut node = match schema {
            Value::Object(members) => self.object(pointer, members),
            Value::Bool(false) => Node { never: true, ..Node::default() },
            _ => Node::default(),
        };
        node.is_anything = self.is_anything(&node);
        node.is_enforced = self.is_enforced(&node, pointer.is_empty());
        if let Some(place) = self.nodes.get_mut(id) {
            *place = node;
        }
        id
    }

    fn object(&mut self, pointer: &str, schema: &'a Map<String, Value>) -> Node {
        let mut node = Node::default();
        let length = |value: &Value| value.as_u64();
        for (keyword, value) in schema {
            let here = format!("{pointer}/{}", part(keyword));
            match keyword.as_str() {
                "type" => node.types = types(value),
                "enum" => node.values = value.as_array().map(|values| self::values(values)),
                "const" => node.values = Some(values(std::slice::from_ref(value))),
                "minimum" => node.numbers.minimum = Number::of(value),
                "exclusiveMinimum" => node.numbers.exclusive_minimum = Number::of(value),
                "maximum" => node.numbers.maximum = Number::of(value),
                "exclusiveMaximum" => node.numbers.exclusive_maximum = Number::of(value),
                "multipleOf" => node.numbers.multiple_of = Number::of(value),
                "minLength" => node.texts.min_length = length(value),
                "maxLength" => node.texts.max_length = length(value),
                "pattern" => node.texts.pattern = value.as_str().and_then(Pattern::compile),
                "minItems" => node.arrays.min_items = length(value),
                "maxItems" => node.arrays.max_items = length(value),
                "uniqueItems" => node.arrays.are_unique = value == &Value::Bool(true),
                "items" => node.arrays.items = Some(self.schema(&here, value)),
                "prefixItems" => node.arrays.prefix = self.schemas(&here, value),
                "minProperties" => node.objects.min_properties = length(value),
                "maxProperties" => node.objects.max_properties = length(value),
                "required" => node.objects.required = texts(value),
                "properties" => {
                    for (name, property) in value.as_object().into_iter().flatten() {
                        let id = self.schema(&format!("{here}/{}", part(name)), property);
                        node.objects.is_mirrored |= self.is_mirrored(id, property);
                        node.objects.properties.insert(name.clone(), id);
                    }
                }
                "patternProperties" => {
                    for (source, property) in value.as_object().into_iter().flatten() {
                        let id = self.schema(&format!("{here}/{}", part(source)), property);
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

    /// A reference within the document; others are not followed.
    fn reference(&mut self, target: &str) -> Option<NodeId> {
        let pointer = target.strip_prefix('#')?;
        let document = self.document;
        let schema = document.pointer(pointer)?;
        Some(self.schema(pointer, schema))
    }

    fn is_mirrored(&self, id: NodeId, property: &Value) -> bool {
        property.get("x-mcp-header").is_some()
            || self.nodes.get(id).is_some_and(|node| node.objects.is_mirrored)
    }

    /// Whether every value fits.
    fn is_anything(&self, node: &Node) -> bool {
        !node.never
            && node.types.is_none()
            && node.values.is_none()
            && node.objects.required.is_empty()
            && node.one_of.is_empty()
            && !node.has_bounds()
            && node.below().all(|id| self.nodes.get(id).is_some_and(|below| below.is_anything))
    }

    /// Whether every value fits that the type behind the schema reads.
    fn is_enforced(&self, node: &Node, is_root: bool) -> bool {
        // A derived struct is read from an array as well. Arguments as a whole are an object.
        let is_struct = !node.objects.properties.is_empty() && !is_root;
        !is_struct
            && !node.objects.is_mirrored
            && !node.has_bounds()
            && node.below().all(|id| {
                // The type knows that an object is closed.
                self.nodes.get(id).is_some_and(|below| below.is_enforced || below.never)
            })
    }
}

/// Keywords beside a reference that say nothing of a value.
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
    let shown: Vec<_> = values.iter().take(16).map(ToString::to_string).collect();
    let more = if values.len() > shown.len() { ", …" } else { "" };
    Values {
        canonical: values.iter().map(canonical).collect(),
        shown: format!("{}{more}", shown.join(", ")),
    }
}

fn texts(value: &Value) -> Vec<String> {
    let names = value.as_array().into_iter().flatten();
    names.filter_map(|name| name.as_str().map(str::to_owned)).collect()
}

/// A keyword or name as a part of a JSON pointer (RFC 6901).
fn part(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
