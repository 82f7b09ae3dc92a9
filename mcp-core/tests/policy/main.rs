//! Policies: the language, the decisions, and what holds for all of them.

mod decisions;
mod dry_run;
mod files;
mod limits;
mod properties;
mod rates;
