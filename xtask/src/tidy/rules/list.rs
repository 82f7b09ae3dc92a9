//! The list of rules.

use super::{
    examples, file_length, fixed_bounds, import_circles, line_width, method_names, phrases,
    requirement_ids, revision_comparisons, untagged,
};
use crate::tidy::rule::Rule;

pub(in crate::tidy) const RULES: &[Rule] = &[
    import_circles::RULE,
    requirement_ids::RULE,
    untagged::RULE,
    file_length::RULE,
    method_names::RULE,
    revision_comparisons::RULE,
    line_width::RULE,
    phrases::RULE,
    fixed_bounds::RULE,
    examples::RULE,
];
