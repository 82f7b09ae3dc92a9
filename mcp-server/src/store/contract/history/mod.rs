//! Random histories: sequences of operations whose answers are compared with those of a model.

mod generator;
mod model;
mod operation;
mod play;

pub use play::{random_histories, replay_history};
