//! The authorization server, as a child process.

use mcp_test_support::keys;

use crate::installed::node;
use crate::listening::Listening;
use mcp_server::auth::jose::{SigningAlgorithm, SigningKey};

/// What access tokens look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenFormat {
    /// Signed: a server verifies it with the keys of the authorization server.
    Jwt,
    /// A random text: a server asks the authorization server.
    Opaque,
}

pub(super) const FORMATS: [TokenFormat; 2] = [TokenFormat::Jwt, TokenFormat::Opaque];

/// Starts the server. Its URL is the issuer.
pub(super) fn start(format: TokenFormat) -> Listening {
    let key = SigningKey::from_pem(SigningAlgorithm::Es256, keys::P256).expect("a key");
    let mut command = node("node/authorization-server.mjs");
    command.args(["--client-jwk", key.public_jwk()]);
    if format == TokenFormat::Opaque {
        command.arg("--opaque");
    }
    Listening::start(command)
}
