//! Authorization with a real authorization server, oidc-provider: it issues the tokens, the server
//! of this SDK verifies them, and clients of this and other SDKs log in.

mod authorization_server;
mod browser;
mod clients;
mod protected_server;
mod tokens;
