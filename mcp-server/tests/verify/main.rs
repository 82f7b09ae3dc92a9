//! Verification of tokens, through the public API.

mod any_of;
mod documents;
mod hostile;
mod keys;
mod presets;
mod refresh;
mod settings;
mod tokens;
mod valid;
