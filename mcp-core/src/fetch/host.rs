//! The host of a URL: a name or an address, and the network that it belongs to as far as its
//! spelling says.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use http::Uri;

use super::address::NetworkKind;

/// Last labels of names that are never public.
const PRIVATE_SUFFIXES: [&str; 9] =
    ["local", "localdomain", "internal", "intranet", "lan", "home", "corp", "private", "home.arpa"];

/// The host of a URL.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Host<'a> {
    Address(IpAddr),
    /// Without the dot that may be at its end.
    Name(&'a str),
}

impl<'a> Host<'a> {
    /// The host of a URL. The error says why the URL has no host that can be used.
    pub(super) fn of(uri: &'a Uri) -> Result<Self, &'static str> {
        let Some(authority) = uri.authority() else { return Err("it has no host") };
        if authority.as_str().contains('@') {
            return Err("it has user information (user@host)");
        }
        // Behind the host there can only be a port, and `port_u16` reads valid ports alone.
        let host = authority.host();
        if authority.as_str().len() != host.len() && !matches!(authority.port_u16(), Some(1..)) {
            return Err("its port is not valid");
        }
        match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            Some(literal) => literal
                .parse()
                .map(|address: Ipv6Addr| Self::Address(address.into()))
                .map_err(|_| "its host is not a valid IPv6 address"),
            None => Self::of_name(host),
        }
    }

    /// The host that a name, or an IPv4 address, stands for.
    pub(super) fn of_name(host: &'a str) -> Result<Self, &'static str> {
        let host = host.strip_suffix('.').unwrap_or(host);
        let is_label = |label: &str| {
            matches!(label.len(), 1..=63)
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        if host.len() > 253 || !host.split('.').all(is_label) {
            return Err("its host is not a valid name");
        }
        if !ends_in_number(host) {
            return Ok(Self::Name(host));
        }
        // Resolvers read 127.1, 0x7f.1, 0177.0.0.1 and 2130706433 as addresses too.
        host.parse()
            .map(|address: Ipv4Addr| Self::Address(address.into()))
            .map_err(|_| "its host is an address in an unusual spelling")
    }

    /// The network of an address, or the one that a name belongs to by convention.
    pub(super) fn network(&self) -> NetworkKind {
        let name = match self {
            Self::Address(address) => return NetworkKind::of(*address),
            Self::Name(name) => name.to_ascii_lowercase(),
        };
        let is_under = |suffix: &str| {
            name.strip_suffix(suffix).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        if is_under("localhost") {
            NetworkKind::Loopback
        } else if !name.contains('.') || PRIVATE_SUFFIXES.iter().any(|suffix| is_under(suffix)) {
            NetworkKind::Private
        } else {
            NetworkKind::Public
        }
    }
}

/// Whether the last label is a number in any base, which makes the host an address.
fn ends_in_number(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or(host);
    let hex = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    last.bytes().all(|b| b.is_ascii_digit())
        || hex.is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Hosts that may be on a private network, because the application says so. None by default.
#[derive(Debug, Clone, Default)]
pub struct PrivateHosts(Arc<[String]>);

impl PrivateHosts {
    /// Names, addresses, and names with a leading dot for everything below them.
    #[must_use]
    pub fn new<S: AsRef<str>>(hosts: impl IntoIterator<Item = S>) -> Self {
        let normalize = |host: S| {
            let host = host.as_ref().trim_matches(['[', ']']);
            host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
        };
        Self(hosts.into_iter().map(normalize).collect())
    }

    /// Whether a host is one of them.
    pub(super) fn contains(&self, host: &Host<'_>) -> bool {
        match host {
            Host::Address(address) => {
                let is_same = |allowed: &String| {
                    allowed.parse().is_ok_and(|allowed: IpAddr| {
                        allowed.to_canonical() == address.to_canonical()
                    })
                };
                self.0.iter().any(is_same)
            }
            Host::Name(name) => {
                let name = name.to_ascii_lowercase();
                self.0.iter().any(|allowed| {
                    name == *allowed || (allowed.starts_with('.') && name.ends_with(allowed))
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_hosts_are_names_addresses_and_suffixes() {
        let hosts = PrivateHosts::new(["Login.Corp.Example.", ".lan", "10.0.0.7", "[fd00::7]"]);
        let contains = |host: &str| {
            let uri: Uri = format!("https://{host}/").parse().unwrap();
            hosts.contains(&Host::of(&uri).unwrap())
        };
        for good in
            ["login.corp.example", "LOGIN.corp.example.", "a.b.lan", "10.0.0.7", "[fd00:0::7]"]
        {
            assert!(contains(good), "{good}");
        }
        for bad in ["x.login.corp.example", "corp.example", "lan", "alan", "10.0.0.8", "[fd00::8]"]
        {
            assert!(!contains(bad), "{bad}");
        }
        assert!(!PrivateHosts::default().contains(&Host::Name("lan")));
    }
}
