//! The rules, one in each file.

mod examples;
mod file_length;
mod fixed_bounds;
mod import_circles;
mod line_width;
mod list;
mod method_names;
mod phrases;
mod requirement_ids;
mod revision_comparisons;
mod untagged;

pub(super) use list::RULES;
