//! Sessions of the legacy era. Spec: basic/transports of 2025-03-26 to 2025-11-25
//! (SH-1 … SH-10).
//!
//! `legacy_session` makes calls; `session_stream` reads the stream for what belongs to no call, and
//! `renewal` replaces a session that the server has forgotten. Beneath, `channel` sends requests in
//! the session, and `receiver` takes the messages that arrive beside responses.

mod awaited;
mod cancel_on_drop;
mod channel;
mod handshake;
mod legacy_session;
mod receiver;
mod reconnect;
mod renewal;
mod resumption;
mod server_requests;
mod session;
mod session_stream;
mod stream_state;

pub(crate) use legacy_session::LegacySession;
