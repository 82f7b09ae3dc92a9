//! Protocol extensions: what an extension is, for both sides.
//!
//! An extension has an id, settings that each side declares, and methods, which are rows beside
//! those of the [method table](crate::method::TABLE). Each side declares the extensions that it
//! supports: a client in the capabilities of each request (since 2026-07-28) or in `initialize`, a
//! server in the result of `server/discover` or `initialize`. Spec: basic/versioning (EXT-1 to
//! EXT-3).
//!
//! ```
//! use mcp_core::extension::{NoSettings, ProtocolExtension};
//! use mcp_core::method::{Direction, Kind, RetrySafety, Row};
//!
//! /// Full-text search in everything that a server has.
//! enum Search {}
//!
//! impl ProtocolExtension for Search {
//!     const ID: &'static str = "com.example/search";
//!     type ServerSettings = NoSettings;
//!     type ClientSettings = NoSettings;
//!     const METHODS: &'static [Row] = &[
//!         Row::of_extension(Self::ID, "search/find", Kind::Request, Direction::ClientToServer)
//!             .retry(RetrySafety::Safe),
//!     ];
//! }
//! ```

mod built_in;
mod check;
mod protocol_extension;

pub use built_in::{Skills, SkillsSettings, Tasks};
pub use check::{InvalidExtension, check};
pub use protocol_extension::{NoSettings, ProtocolExtension};
