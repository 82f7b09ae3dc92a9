//! A server that is protected by the tokens of an authorization server.

use mcp_server::auth::{IntrospectionVerifier, JwtVerifier, Protection, TokenVerifier};
use mcp_server::http::HttpOptions;
use mcp_server::{Principal, Server, routes, tool};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::authorization_server::TokenFormat;

/// Say who calls.
#[tool]
async fn whoami(principal: Principal) -> String {
    let subject = principal.subject().unwrap_or("-");
    format!("{subject} with {}", principal.scopes())
}

/// Read a file. Needs the scope that every request needs.
#[tool]
async fn read() -> &'static str {
    "read"
}

/// Write a file.
#[tool(scopes("files:write"))]
async fn write() -> &'static str {
    "written"
}

/// How strictly tokens are bound to keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Binding {
    /// Bearer tokens.
    None,
    /// DPoP, with nonces of the server.
    Required,
}

/// A running server. Dropping it ends the server.
pub(super) struct ProtectedServer {
    task: JoinHandle<()>,
    url: String,
}

impl ProtectedServer {
    /// Starts a server that accepts the tokens of an issuer for its own URL.
    pub(super) async fn start(issuer: &str, format: TokenFormat, binding: Binding) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let url = format!("http://{address}{}", HttpOptions::PATH);
        let mut protection = Protection::new(&url, verifier(issuer, format)).scopes(["files:read"]);
        if binding == Binding::Required {
            protection = protection.require_dpop().dpop_nonces();
        }
        let server = Server::builder("files", "1.0.0")
            .routes(routes![whoami, read, write])
            .protect(protection)
            .build()
            .expect("a server");
        let task = tokio::spawn(async move {
            let forever = std::future::pending::<()>();
            server
                .serve_http_with(listener, HttpOptions::new(), forever)
                .await
                .expect("the server runs");
        });
        Self { task, url }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for ProtectedServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The verifier of a kind of tokens. An issuer on this machine has to be allowed.
fn verifier(issuer: &str, format: TokenFormat) -> Box<dyn TokenVerifier> {
    match format {
        TokenFormat::Jwt => Box::new(
            JwtVerifier::builder(issuer)
                .allow_private_hosts(["127.0.0.1"])
                .build()
                .expect("a verifier"),
        ),
        TokenFormat::Opaque => Box::new(
            IntrospectionVerifier::builder(issuer, format!("{issuer}/token/introspection"))
                .client_secret_basic("resource-server", "resource-secret")
                .allow_private_hosts(["127.0.0.1"])
                .build()
                .expect("a verifier"),
        ),
    }
}
