//! Sessions of the legacy era: 2025-03-26 to 2025-11-25, and HTTP+SSE of 2024-11-05.

mod ask;
mod delete;
mod event_id;
mod events;
mod exchange;
mod follow;
mod get;
mod incoming;
mod initialize;
mod kept;
mod lookup;
mod post;
mod restore;
pub(super) mod session;
#[cfg(feature = "http-sse")]
pub(super) mod sse_2024;
pub(super) mod state;
mod stream;
mod translations;

pub(super) use delete::delete;
pub(super) use get::get;
pub(super) use incoming::failed_answer;
pub(super) use post::post;
