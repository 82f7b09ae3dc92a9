//! What kind of network an IP address belongs to. Registries: IANA special-purpose addresses,
//! RFC 6890.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The network of an address, seen from this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NetworkKind {
    /// The public internet.
    Public,
    /// This machine.
    Loopback,
    /// A home, a company or a carrier.
    Private,
    /// None in which an authorization server can be: link-local, multicast, documentation and
    /// tunnel addresses, and the services at which clouds hand out the credentials of a machine.
    Never,
}

/// Services of clouds outside of 169.254.0.0/16 and 192.0.0.0/24, in networks that are private or
/// public otherwise.
const CLOUD_V4: [Ipv4Addr; 2] = [
    // Azure: the virtual public IP address of the platform ("WireServer").
    Ipv4Addr::new(168, 63, 129, 16),
    // Alibaba Cloud: instance metadata.
    Ipv4Addr::new(100, 100, 100, 200),
];
const CLOUD_V6: [Ipv6Addr; 5] = [
    // Google Cloud: instance metadata.
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
    // Oracle Cloud: instance metadata.
    Ipv6Addr::new(0xfd00, 0xc1, 0, 0, 0, 0, 0xa9fe, 0xa9fe),
    // Akamai (Linode): instance metadata.
    Ipv6Addr::new(0xfd00, 0xa9fe, 0xa9fe, 0, 0, 0, 0, 1),
    // Scaleway: instance metadata.
    Ipv6Addr::new(0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42),
    // Alibaba Cloud: instance metadata.
    Ipv6Addr::new(0xfd00, 0x100, 0, 0, 0, 0, 0x100, 0x200),
];

impl NetworkKind {
    /// The network of an address.
    pub(super) fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => Self::of_v6(address),
        }
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        if CLOUD_V4.contains(&address) {
            return Self::Never;
        }
        match address.octets() {
            [127, ..] => Self::Loopback,
            [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => Self::Private,
            // "This network", link-local, protocol assignments, 6to4 relays, benchmarks, multicast
            // and reserved addresses.
            [0, ..]
            | [169, 254, ..]
            | [192, 0, 0, _]
            | [192, 88, 99, _]
            | [198, 18..=19, ..]
            | [224..=255, ..] => Self::Never,
            // Documentation.
            [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Self::Never,
            _ => Self::Public,
        }
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        if CLOUD_V6.contains(&address) {
            return Self::Never;
        }
        let embedded = |high: u16, low: u16| {
            let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
            Self::of_v4(Ipv4Addr::new(a, b, c, d))
        };
        match address.segments() {
            [0, 0, 0, 0, 0, 0, 0, 1] => Self::Loopback,
            // IPv4 addresses: mapped, and through a NAT64, which is all that some networks have.
            [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
                embedded(high, low)
            }
            // AWS: instance metadata, the credentials of a pod, DNS and time.
            [0xfd00, 0xec2, ..] => Self::Never,
            [0xfc00..=0xfdff, ..] => Self::Private,
            // Teredo, ORCHID and other protocols; documentation; 6to4.
            [0x2001, 0..=0x1ff, ..]
            | [0x2001, 0xdb8, ..]
            | [0x2002, ..]
            | [0x3fff, 0..=0xfff, ..] => Self::Never,
            [0x2000..=0x3fff, ..] => Self::Public,
            _ => Self::Never,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_services_of_clouds_are_never_reached() {
        for address in [
            "169.254.169.254",    // most clouds
            "169.254.170.2",      // AWS: credentials of a task
            "169.254.170.23",     // AWS: credentials of a pod
            "169.254.42.42",      // Scaleway
            "169.254.0.23",       // Tencent Cloud
            "168.63.129.16",      // Azure
            "192.0.0.192",        // Oracle Cloud Classic
            "100.100.100.200",    // Alibaba Cloud
            "fd00:ec2::254",      // AWS
            "fd00:ec2::23",       // AWS: credentials of a pod
            "fd20:ce::254",       // Google Cloud
            "fd00:c1::a9fe:a9fe", // Oracle Cloud
            "fd00:a9fe:a9fe::1",  // Akamai
            "fd00:42::42",        // Scaleway
            "fd00:100::100:200",  // Alibaba Cloud
            "fe80::a9fe:a9fe",    // OpenStack
            "::ffff:168.63.129.16",
            "64:ff9b::100.100.100.200",
        ] {
            assert_eq!(NetworkKind::of(address.parse().unwrap()), NetworkKind::Never, "{address}");
        }
        for neighbour in ["fd20:ce::255", "fd00:c1::1", "fd00:42::43", "100.100.100.201"] {
            assert_eq!(
                NetworkKind::of(neighbour.parse().unwrap()),
                NetworkKind::Private,
                "{neighbour}"
            );
        }
    }
}
