//! Verification of tokens, through the public API.

mod any_of;
mod documents;
mod hostile;
mod keys;
mod network;
mod presets;
mod refresh;
mod settings;
mod tokens;
mod valid;
