//! Random histories: sequences of operations whose answers are compared with those of a model.

mod generator;
mod model;
mod operation;
mod play;
#[cfg(feature = "http")]
mod session;

pub use play::{random_histories, replay_history};
#[cfg(feature = "http")]
pub use session::{random_session_histories, replay_session_history};
