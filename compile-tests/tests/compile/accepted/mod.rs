//! Programs that the macros accept. Each file denies warnings, because an expansion must not cause
//! any.
// The functions are deliberately written in every form, including unnecessarily long ones.
#![allow(clippy::needless_lifetimes, unused_qualifications)]

mod argument_forms;
mod crate_path;
mod elicit_crate_path;
mod elicit_forms;
pub mod free_functions;
mod impl_block;
mod impl_block_generic;
mod injected;
mod prompts_and_resources;
mod return_types;
