//! Access tokens: requested at the token endpoint, refreshed, and presented to the MCP server.

mod access_token;
mod endpoint;
mod presentation;
mod refresh;
mod revoke;

pub(crate) use access_token::{AccessToken, TokenType};
pub(crate) use endpoint::request_token;
pub(crate) use presentation::{Bearer, Presentation};
pub(crate) use refresh::{Refreshed, load_token, refresh, remove_token};
pub(crate) use revoke::revoke;
