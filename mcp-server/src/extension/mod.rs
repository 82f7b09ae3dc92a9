//! Protocol extensions of a server: settings, methods, and filters of subscriptions. Spec:
//! basic/versioning (EXT-1 to EXT-3).
//!
//! An extension is described by a [`ProtocolExtension`], which both sides share. A
//! [`ServerExtension`] adds the handlers of the server:
//!
//! ```
//! use mcp_server::extension::{NoSettings, ProtocolExtension, ServerExtension};
//! use mcp_server::method::{Direction, Kind, Method, Row};
//! use mcp_server::Server;
//! use serde::{Deserialize, Serialize};
//!
//! enum Search {}
//!
//! impl ProtocolExtension for Search {
//!     const ID: &'static str = "com.example/search";
//!     type ServerSettings = NoSettings;
//!     type ClientSettings = NoSettings;
//!     const METHODS: &'static [Row] = &[
//!         Row::of_extension(Self::ID, Find::NAME, Kind::Request, Direction::ClientToServer),
//!     ];
//! }
//!
//! enum Find {}
//!
//! #[derive(Serialize, Deserialize)]
//! struct FindParams { text: String }
//!
//! #[derive(Serialize, Deserialize)]
//! struct FindResult { uris: Vec<String> }
//!
//! impl Method for Find {
//!     const NAME: &'static str = "search/find";
//!     type Params = FindParams;
//!     type Result = FindResult;
//! }
//!
//! let search = ServerExtension::new::<Search>(&NoSettings::new())
//!     .method::<Find, _, _>(|params, _ctx| async move {
//!         Ok(FindResult { uris: vec![format!("notes://{}", params.text)] })
//!     });
//! let server = Server::builder("notes", "1.0.0").extension(search).build()?;
//! # Ok::<(), mcp_server::BuildError>(())
//! ```
//!
//! A request of the extension from a client that did not declare it is answered with −32021 (−32600
//! until 2025-11-25), which names the extension, and never reaches the handler.

mod context;
mod listening;
mod server_extension;

pub use listening::Listening;
pub use mcp_core::extension::{NoSettings, ProtocolExtension, Skills, SkillsSettings, Tasks};
pub use server_extension::ServerExtension;

pub(crate) use listening::{ListenFilter, Notifications, of_subscription};
pub(crate) use server_extension::Registered;
