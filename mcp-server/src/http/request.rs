//! What a handler can know of the HTTP request that its call came in.

use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;

use http::request::Parts;
use mcp_core::service::Request;

use super::head::accept::Accepts;
use super::head::fields::Fields;
use super::head::version::VersionHeader;
#[cfg(feature = "auth")]
use crate::auth::Authenticated;
use crate::auth::Principal;
use crate::context::Context;

/// The address that a request came from. [`Context::peer_address`] returns it; it is not among the
/// extensions of [`Context::http_request`] if `serve_http` serves. A host of your own puts it into
/// the extensions of each `http::Request`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerAddress(pub SocketAddr);

/// The head of a request.
pub(super) struct Head<'a> {
    /// Shared from the beginning, because handlers get it and a move of it is expensive.
    parts: &'a Arc<Parts>,
    /// The peer of the connection, where the accept loop knows it. It is not an extension of
    /// `parts`, because `http` allocates a map for the first extension of each request.
    peer: Option<&'a Arc<PeerAddress>>,
    /// The caller, where its token was verified.
    #[cfg(feature = "auth")]
    verified: Option<Principal>,
    pub(super) fields: Fields<'a>,
}

impl<'a> Head<'a> {
    pub(super) fn new(parts: &'a Arc<Parts>, peer: Option<&'a Arc<PeerAddress>>) -> Self {
        Self {
            parts,
            peer,
            #[cfg(feature = "auth")]
            verified: None,
            fields: Fields::read(&parts.headers),
        }
    }

    /// Sets the caller whose token was verified. Returns the nonce for its next proof.
    #[cfg(feature = "auth")]
    pub(super) fn set_caller(&mut self, caller: Authenticated) -> Option<String> {
        self.verified = Some(caller.principal);
        caller.nonce
    }

    /// The caller: from its token, or from a layer that has verified it.
    pub(super) fn principal(&self) -> Option<&Principal> {
        #[cfg(feature = "auth")]
        if let Some(verified) = &self.verified {
            return Some(verified);
        }
        self.parts.extensions.get()
    }

    /// The media types that the client reads as a response.
    pub(super) fn accepts(&self) -> Accepts {
        Accepts::read(self.fields.accept, &self.parts.headers)
    }

    /// What `MCP-Protocol-Version` says.
    pub(super) fn version(&self) -> VersionHeader {
        VersionHeader::read(self.fields.protocol_version)
    }

    /// Adds to a call what its handler can know of the HTTP request.
    pub(super) fn describe(&self, request: &mut Request) {
        request.extensions.insert_shared(Arc::clone(self.parts));
        if let Some(peer) = self.peer {
            request.extensions.insert_shared(Arc::clone(peer));
        }
        if let Some(principal) = self.principal() {
            request.extensions.insert(principal.clone());
        }
    }
}

impl Deref for Head<'_> {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        self.parts
    }
}

impl Context {
    /// The HTTP request of this call, without its body: header fields, URI, and the extensions that
    /// layers around the service have set. `None` when the call came over another transport.
    ///
    /// Extractors take it as [`Extension<http::request::Parts>`](crate::extract::Extension).
    ///
    /// ```
    /// # use mcp_server::{Context, tool};
    /// /// Say which language the user reads.
    /// #[tool]
    /// async fn language(ctx: &Context) -> String {
    ///     let accepted = ctx.http_request().and_then(|request| request.headers.get("accept-language"));
    ///     match accepted.and_then(|value| value.to_str().ok()) {
    ///         Some(languages) => languages.to_owned(),
    ///         None => "en".to_owned(), // Also over stdio.
    ///     }
    /// }
    /// ```
    pub fn http_request(&self) -> Option<&Parts> {
        self.extensions().get()
    }

    /// The address that this call came from, where the host of the service has set it.
    ///
    /// ```
    /// # use mcp_server::{Context, tool};
    /// /// Restart the service. Only from the network of the office.
    /// #[tool]
    /// async fn restart(ctx: &Context) -> Result<&'static str, &'static str> {
    ///     match ctx.peer_address() {
    ///         Some(address) if address.ip().is_loopback() => Ok("restarted"),
    ///         Some(_) => Err("not from this address"),
    ///         None => Err("the address of the caller is not known"),
    ///     }
    /// }
    /// ```
    pub fn peer_address(&self) -> Option<SocketAddr> {
        let peer: Option<&PeerAddress> = self.extensions().get();
        peer.or_else(|| self.http_request()?.extensions.get()).map(|peer| peer.0)
    }
}
