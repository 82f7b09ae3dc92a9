//! How the next token is obtained, and that one attempt serves all calls that need it.
//!
//! ```text
//! 401 ─▶ discovery ─▶ another token in the store? ─▶ refresh token? ─▶ the grant
//! 403 insufficient_scope ─▶ another token in the store with the scope?
//!         ─▶ the grant, with all scopes so far and the new ones
//! the token expires soon ─▶ refresh
//! ```

mod acquirer;
mod attempts;
mod flights;
mod keep;
mod login;
mod login_record;
mod need;
mod scope;
mod state;

pub(crate) use acquirer::Acquirer;
pub(crate) use flights::Flights;
pub(crate) use login::{Prospect, Revoked, StoredLogin};
