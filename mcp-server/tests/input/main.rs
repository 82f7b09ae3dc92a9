//! Asking in the middle of a handler: the same functions over streams and in memory, on sessions and in rounds.

mod client;
mod eras;
mod explicit;
mod forgeries;
mod forms;
mod limits;
mod rounds;
mod ui;
