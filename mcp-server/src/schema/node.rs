//! The nodes of a compiled schema, one for each subschema.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use super::number::Number;
use super::pattern::Pattern;

/// The index of a node among all nodes of a schema.
pub(super) type NodeId = usize;

/// A subschema. Absent keywords do not constrain values.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// The schema `false`.
    pub(super) rejects_all: bool,
    pub(super) types: Option<Types>,
    /// The values of `enum` and `const`.
    pub(super) values: Option<Values>,
    pub(super) numbers: Numbers,
    pub(super) strings: Strings,
    pub(super) arrays: Arrays,
    pub(super) objects: Objects,
    pub(super) all_of: Vec<NodeId>,
    pub(super) any_of: Vec<NodeId>,
    pub(super) one_of: Vec<NodeId>,
    /// The target, if the schema consists only of a reference.
    pub(super) alias_of: Option<NodeId>,
    /// Whether every value is valid.
    pub(super) accepts_all: bool,
    /// Whether every value that the type behind the schema accepts is valid.
    pub(super) is_enforced_by_type: bool,
}

impl Node {
    /// Whether it has bounds for numbers, strings, arrays or objects.
    pub(super) fn has_bounds(&self) -> bool {
        let Self { numbers, strings, arrays, objects, .. } = self;
        numbers.minimum.is_some()
            || numbers.exclusive_minimum.is_some()
            || numbers.maximum.is_some()
            || numbers.exclusive_maximum.is_some()
            || numbers.multiple_of.is_some()
            || strings.min_length.is_some()
            || strings.max_length.is_some()
            || strings.pattern.is_some()
            || arrays.min_items.is_some()
            || arrays.max_items.is_some()
            || arrays.are_unique
            || objects.min_properties.is_some()
            || objects.max_properties.is_some()
    }

    /// Returns the nodes that this one refers to.
    pub(super) fn children(&self) -> impl Iterator<Item = NodeId> {
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

    /// Whether a value must be read as a whole, after its parts.
    pub(super) fn needs_whole(&self) -> bool {
        self.values.is_some()
            || self.arrays.are_unique
            || !(self.all_of.is_empty() && self.any_of.is_empty() && self.one_of.is_empty())
    }
}

#[derive(Debug)]
pub(super) struct Values {
    /// In canonical form.
    pub(super) canonical: BTreeSet<Vec<u8>>,
    /// For error messages.
    pub(super) listed: String,
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
pub(super) struct Strings {
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
    /// Whether a header mirrors an argument in it. Unknown members are refused then: a
    /// `serde(alias)` would hide the argument from intermediaries that read only headers.
    pub(super) is_mirrored: bool,
}

impl Objects {
    /// The schema of a member that the schema names, or that has a pattern.
    pub(super) fn declared(&self, name: &str) -> Option<NodeId> {
        let of_pattern = || {
            let mut patterns = self.pattern_properties.iter();
            patterns.find(|(pattern, _)| pattern.matches(name)).map(|(_, id)| *id)
        };
        self.properties.get(name).copied().or_else(of_pattern)
    }
}

/// The end of a message: the names of the members that a schema has. Empty if it has none.
pub(super) struct KnownMembers<'a>(pub(super) &'a Objects);

impl fmt::Display for KnownMembers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names: Vec<_> = self.0.properties.keys().map(String::as_str).collect();
        names.sort_unstable();
        match names.is_empty() {
            true => Ok(()),
            false => write!(f, "; known are {}", names.join(", ")),
        }
    }
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

    /// Returns the type with a name. An unknown name is the empty set.
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

    /// Describes the types for an error message: `a string or null`.
    pub(super) fn describe(self) -> String {
        let words: Vec<_> = (Self::NAMES.iter().rev())
            .filter(|(_, types, _)| self.contains(*types))
            .map(|(.., words)| *words)
            .collect();
        words.join(" or ")
    }
}
