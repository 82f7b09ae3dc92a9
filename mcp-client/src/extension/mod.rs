//! Protocol extensions of a client: settings, checks, and results of other types. Spec:
//! basic/versioning (EXT-1, EXT-2).
//!
//! An extension is described by a [`ProtocolExtension`], which both sides share. A
//! [`ClientExtension`] declares it to servers. Its requests are sent by
//! [`Client::request`](crate::Client::request), and its notifications arrive as
//! [`Event::Other`](crate::Event::Other).
//!
//! ```no_run
//! use std::process::Command;
//!
//! use mcp_client::Client;
//! use mcp_client::extension::{ClientExtension, NoSettings, ProtocolExtension};
//! use mcp_client::method::{Direction, Kind, Method, Row};
//! use mcp_client::serde_json::{Value, json};
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
//! impl Method for Find {
//!     const NAME: &'static str = "search/find";
//!     type Params = Value;
//!     type Result = Value;
//! }
//!
//! # async fn example() -> Result<(), mcp_client::Error> {
//! let client = Client::builder()
//!     .extension(ClientExtension::new::<Search>(&NoSettings::new()))
//!     .connect_command(Command::new("notes-server"))
//!     .await?;
//! if client.server_extension::<Search>()?.is_some() {
//!     let found = client.request::<Find>(&json!({ "text": "rust" })).await?;
//!     println!("{found}");
//! }
//! # Ok(())
//! # }
//! ```

mod client_extension;
mod extended_result;
mod server_settings;

pub use client_extension::ClientExtension;
pub use extended_result::ExtendedResult;
pub use mcp_core::extension::{NoSettings, ProtocolExtension, Skills, SkillsSettings, Tasks};

pub(crate) use client_extension::Registered;
