//! Who makes a call.

#[cfg(feature = "http")]
use std::net::IpAddr;

use mcp_core::service::Request;

use crate::auth::Principal;
use crate::call::Binding;
use crate::context::Context;

/// Who makes a call, as far as the server can know it.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) enum Caller {
    Principal(Principal),
    /// The address of an HTTP client. Of an IPv6 address the first 56 bits: a provider assigns the
    /// others to its customer, who can change them with each request.
    #[cfg(feature = "http")]
    Address(IpAddr),
    /// A connection that is not HTTP.
    Connection(u64),
    /// An HTTP client whose address the host of the service did not say, or a request that a layer
    /// created.
    Unknown,
}

impl Caller {
    /// Whether the caller is one user or one connection, so that something can belong to it.
    pub(super) fn is_one(&self) -> bool {
        matches!(self, Self::Principal(_) | Self::Connection(_))
    }

    pub(super) fn of(request: &Request) -> Self {
        if let Some(principal) = principal(request) {
            return Self::Principal(principal);
        }
        let Some(context) = Context::of(request) else { return Self::Unknown };
        #[cfg(feature = "http")]
        if let Some(peer) = context.peer_address() {
            return Self::Address(network(peer.ip()));
        }
        let conversation = &context.call().conversation;
        match conversation.binding {
            Binding::Stream => Self::Connection(conversation.id),
            #[cfg(feature = "http")]
            _ => Self::Unknown,
        }
    }
}

/// Returns the verified caller: the one that an outer layer has inserted, or else the one that the
/// transport knows.
pub(super) fn principal(request: &Request) -> Option<Principal> {
    let inserted = request.extensions.get::<Principal>().cloned();
    inserted.or_else(|| Context::of(request)?.principal().cloned())
}

/// Returns the network of a client.
#[cfg(feature = "http")]
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            IpAddr::V6(std::net::Ipv6Addr::from_bits(address.to_bits() >> 72 << 72))
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(all(test, feature = "http"))]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_client_is_its_network() {
        let network = |text: &str| network(text.parse().unwrap());
        assert_eq!(network("2001:db8:1:2:3::4"), network("2001:db8:1:2:ffff::1"));
        assert_eq!(network("2001:db8:1:200::1"), network("2001:db8:1:2ff::1"));
        assert_ne!(network("2001:db8:1:200::1"), network("2001:db8:1:300::1"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    }
}
