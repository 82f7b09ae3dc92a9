//! A compiled schema, one node for each subschema.

use std::collections::{BTreeSet, HashMap};

use super::number::Number;
use super::pattern::Pattern;

/// The place of a node among all nodes of a schema.
pub(super) type NodeId = usize;

/// One subschema. What is not said is unbounded.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// The schema `false`.
    pub(super) never: bool,
    pub(super) types: Option<Types>,
    /// Canonical texts of the values of `enum` and `const`.
    pub(super) values: Option<Values>,
    pub(super) numbers: Numbers,
    pub(super) texts: Texts,
    pub(super) arrays: Arrays,
    pub(super) objects: Objects,
    pub(super) all_of: Vec<NodeId>,
    pub(super) any_of: Vec<NodeId>,
    pub(super) one_of: Vec<NodeId>,
    /// Nothing but a reference to this node.
    pub(super) alias_of: Option<NodeId>,
    /// Every value fits.
    pub(super) is_anything: bool,
    /// Every value fits that the type behind the schema reads.
    pub(super) is_enforced: bool,
}

impl Node {
    /// Whether it bounds numbers, texts, arrays or objects.
    pub(super) fn has_bounds(&self) -> bool {
        let Self { numbers, texts, arrays, objects, .. } = self;
        numbers.minimum.is_some()
            || numbers.exclusive_minimum.is_some()
            || numbers.maximum.is_some()
            || numbers.exclusive_maximum.is_some()
            || numbers.multiple_of.is_some()
            || texts.min_length.is_some()
            || texts.max_length.is_some()
            || texts.pattern.is_some()
            || arrays.min_items.is_some()
            || arrays.max_items.is_some()
            || arrays.are_unique
            || objects.min_properties.is_some()
            || objects.max_properties.is_some()
    }

    /// The nodes that this one refers to.
    pub(super) fn below(&self) -> impl Iterator<Item = NodeId> {
        let Self { arrays, objects, .. } = self;
        (arrays.prefix.iter())
            .chain(&arrays.items)
            .chain(objects.properties.values())
            .chain(objects.pattern_properties.iter().map(|(_, id)| id))
            .chain(&objects.additional)
            .chain(&self.all_of)
            .chain(&self.alias_of)
            .chain(&self.any_of)
            .chain(&self.one_of)
            .copied()
    }

    /// Whether a value has to be read more than once.
    pub(super) fn is_read_again(&self) -> bool {
        self.values.is_some()
            || self.arrays.are_unique
            || !(self.all_of.is_empty() && self.any_of.is_empty() && self.one_of.is_empty())
    }
}

#[derive(Debug)]
pub(super) struct Values {
    pub(super) canonical: BTreeSet<Vec<u8>>,
    /// As an error message shows them.
    pub(super) shown: String,
}

#[derive(Debug, Default)]
pub(super) struct Numbers {
    pub(super) minimum: Option<Number>,
    pub(super) exclusive_minimum: Option<Number>,
    pub(super) maximum: Option<Number>,
    pub(super) exclusive_maximum: Option<Number>,
    pub(super) multiple_of: Option<Number>,
}

#[derive(Debug, Default)]
pub(super) struct Texts {
    pub(super) min_length: Option<u64>,
    pub(super) max_length: Option<u64>,
    pub(super) pattern: Option<Pattern>,
}

#[derive(Debug, Default)]
pub(super) struct Arrays {
    pub(super) min_items: Option<u64>,
    pub(super) max_items: Option<u64>,
    pub(super) are_unique: bool,
    pub(super) prefix: Vec<NodeId>,
    pub(super) items: Option<NodeId>,
}

#[derive(Debug, Default)]
pub(super) struct Objects {
    pub(super) min_properties: Option<u64>,
    pub(super) max_properties: Option<u64>,
    pub(super) required: Vec<String>,
    pub(super) properties: HashMap<String, NodeId>,
    pub(super) pattern_properties: Vec<(Pattern, NodeId)>,
    pub(super) additional: Option<NodeId>,
    /// An argument in it is mirrored in a header, so it may have no members that the schema does
    /// not name: a `serde(alias)` would hide the argument from who reads headers alone.
    pub(super) is_mirrored: bool,
}

/// A set of the types of JSON Schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Types(u8);

impl Types {
    pub(super) const NULL: Self = Self(1);
    pub(super) const BOOLEAN: Self = Self(1 << 1);
    pub(super) const INTEGER: Self = Self(1 << 2);
    pub(super) const NUMBER: Self = Self(1 << 3);
    pub(super) const STRING: Self = Self(1 << 4);
    pub(super) const ARRAY: Self = Self(1 << 5);
    pub(super) const OBJECT: Self = Self(1 << 6);

    const NAMES: [(&str, Self, &str); 7] = [
        ("null", Self::NULL, "null"),
        ("boolean", Self::BOOLEAN, "a boolean"),
        ("integer", Self::INTEGER, "an integer"),
        ("number", Self::NUMBER, "a number"),
        ("string", Self::STRING, "a string"),
        ("array", Self::ARRAY, "an array"),
        ("object", Self::OBJECT, "an object"),
    ];

    /// An unknown name is the empty set.
    pub(super) fn named(name: &str) -> Self {
        let found = Self::NAMES.iter().find(|(known, ..)| *known == name);
        found.map_or(Self(0), |(_, types, _)| *types)
    }

    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn contains(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// For an error message: `a string or null`.
    pub(super) fn in_words(self) -> String {
        let words: Vec<_> = (Self::NAMES.iter().rev())
            .filter(|(_, types, _)| self.contains(*types))
            .map(|(.., words)| *words)
            .collect();
        words.join(" or ")
    }
}
