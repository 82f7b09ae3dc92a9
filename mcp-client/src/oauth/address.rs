//! What kind of machine an IP address leads to. Registries: IANA special-purpose addresses, RFC 6890.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where an address leads, seen from this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The public internet.
    Public,
    /// This machine.
    Loopback,
    /// The network of a house, a company, a carrier.
    Private,
    /// Nothing that a server of an authorization can be: links, groups, examples, tunnels, and the addresses at
    /// which clouds give their secrets away.
    Never,
}

/// Addresses that look public or private and are a cloud's own: Azure, Alibaba.
const CLOUD_V4: [Ipv4Addr; 2] =
    [Ipv4Addr::new(168, 63, 129, 16), Ipv4Addr::new(100, 100, 100, 200)];
/// Likewise: AWS.
const CLOUD_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

/// Where an address leads.
pub(crate) fn place(address: IpAddr) -> Place {
    match address {
        IpAddr::V4(address) => place_v4(address),
        IpAddr::V6(address) => place_v6(address),
    }
}

fn place_v4(address: Ipv4Addr) -> Place {
    if CLOUD_V4.contains(&address) {
        return Place::Never;
    }
    match address.octets() {
        [127, ..] => Place::Loopback,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => Place::Private,
        // "This network", links, protocol assignments, 6to4 relays, benchmarks, groups and what was never given.
        [0, ..]
        | [169, 254, ..]
        | [192, 0, 0, _]
        | [192, 88, 99, _]
        | [198, 18..=19, ..]
        | [224..=255, ..] => Place::Never,
        // Examples in documents.
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Place::Never,
        _ => Place::Public,
    }
}

fn place_v6(address: Ipv6Addr) -> Place {
    if address == CLOUD_V6 {
        return Place::Never;
    }
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        place_v4(Ipv4Addr::new(a, b, c, d))
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Place::Loopback,
        // IPv4 in other clothes: mapped, and through a NAT64, which is all that some networks have.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            embedded(high, low)
        }
        [0xfc00..=0xfdff, ..] => Place::Private,
        // Teredo, ORCHID and other protocols; examples; 6to4.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x2002, ..] | [0x3fff, 0..=0xfff, ..] => {
            Place::Never
        }
        [0x2000..=0x3fff, ..] => Place::Public,
        _ => Place::Never,
    }
}
