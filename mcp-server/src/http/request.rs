//! What a handler can know of the HTTP request that its call came in.

use std::net::SocketAddr;

use http::request::Parts;

use crate::context::Context;

/// The address that a request came from. The accept loop of `serve_http` puts it into each
/// request's extensions; in another host, put it there yourself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerAddress(pub SocketAddr);

impl Context {
    /// The HTTP request of this call, without its body: header fields, URI, and the extensions that
    /// layers around the service have set. `None` when the call came over another transport.
    ///
    /// Extractors take it as [`Extension<http::request::Parts>`](crate::extract::Extension).
    pub fn http_request(&self) -> Option<&Parts> {
        self.extensions().get()
    }

    /// The address that this call came from, where the host of the service has set it.
    pub fn peer_address(&self) -> Option<SocketAddr> {
        self.http_request()?.extensions.get::<PeerAddress>().map(|peer| peer.0)
    }
}
