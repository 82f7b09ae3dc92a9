//! The server, and what its command line adds to it.

use std::time::Duration;

use mcp_benches::{Error, fixture::tools::Choice, server};
use mcp_core::jose::SigningAlgorithm;
use mcp_server::audit::{AuditLog, AuditRecord, AuditSink, SinkError};
use mcp_server::auth::Protection;
use mcp_server::layer::{
    AuditLayer, ConcurrencyLimitLayer, LayerExt as _, PolicyLayer, RateLimitLayer,
    ResponseCacheLayer, ResponseSizeLayer, TimeoutLayer, TraceLayer,
};
use mcp_server::policy::Policy;
use mcp_server::{ServerBuilder, async_trait};

use crate::tokens;

/// What the server has beyond its tools.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Additions {
    /// `--protected`: it requires access tokens.
    pub tokens: bool,
    /// `--layers`: it has all layers but that for audit records. They let every call pass.
    pub layers: bool,
    /// `--audit`: it has the layer for audit records, whose sink drops them.
    pub audit: bool,
}

impl Additions {
    /// Reads them from the command line of this process.
    pub fn from_arguments() -> Additions {
        let has = |flag: &str| std::env::args().any(|argument| argument == flag);
        Additions { tokens: has("--protected"), layers: has("--layers"), audit: has("--audit") }
    }
}

/// Creates the server that the command line describes, in a runtime.
pub fn from_arguments() -> Result<ServerBuilder, Error> {
    with(Choice::from_arguments(), Additions::from_arguments())
}

/// Creates a server with these tools and additions, in a runtime.
pub fn with(choice: Choice, additions: Additions) -> Result<ServerBuilder, Error> {
    let mut server = server::with_tools(choice)?;
    if additions.tokens {
        let key = tokens::key(SigningAlgorithm::Rs256)?;
        let verifier = tokens::verifier(tokens::public(&key)?)?;
        server = server.protect(Protection::new(tokens::RESOURCE, verifier));
    }
    if additions.layers {
        server = server
            // Not for the tool that is called: its handler has to run.
            .layer(ResponseCacheLayer::new(Duration::from_secs(60)).except_tools(["echo"]))
            .layer(ResponseSizeLayer::refuse(4 << 20))
            .layer(TimeoutLayer::new(Duration::from_secs(60)))
            .layer(ConcurrencyLimitLayer::new(10_000))
            .layer(PolicyLayer::new(Policy::parse("policy.toml", POLICY)?))
            .layer(RateLimitLayer::new(100_000_000, Duration::from_secs(1)));
    }
    if additions.audit {
        server = server.layer(AuditLayer::new(AuditLog::builder().open_sink(Drop)?));
    }
    if additions.layers {
        server = server.layer(TraceLayer::new());
    }
    Ok(server)
}

const POLICY: &str = r#"
default = "ask"

[[rule]]
verdict = "deny"
tools = ["delete_*", "drop_*"]

[[rule]]
verdict = "allow"
annotations = { read_only = true }

[[rule]]
verdict = "deny"
tools = ["trivial_*"]
hours = "20:00-06:00"

[[rule]]
verdict = "allow"
tools = ["echo", "add"]
"#;

/// A sink that stores nothing.
struct Drop;

#[async_trait]
impl AuditSink for Drop {
    async fn write(&self, _: &[AuditRecord]) -> Result<(), SinkError> {
        Ok(())
    }
}
