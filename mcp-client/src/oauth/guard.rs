//! Which URLs of an authorization may be used. A server chose them, so each is hostile until it is checked.
//! Spec: basic/authorization, security considerations; the tutorial on security, server-side request forgery.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::Uri;
use http::uri::Scheme;

use super::address::{Place, place};
use super::error::{Error, ErrorKind};
use crate::http::Endpoint;

/// Longest URL that is used, in bytes.
const MOST_URL: usize = 4096;
/// How much of a refused URL is shown.
const MOST_SHOWN: usize = 200;
/// Last labels of names that are never public.
const PRIVATE_SUFFIXES: [&str; 9] =
    ["local", "localdomain", "internal", "intranet", "lan", "home", "corp", "private", "home.arpa"];

/// What the URLs of one authorization may lead to. The public internet over `https` always; more when it is said.
#[derive(Debug, Clone)]
pub(crate) struct Guard {
    /// The MCP server is on this machine, so its authorization server may be too, and over `http`.
    loopback: bool,
    /// The host allows private networks.
    private: bool,
    /// The MCP server itself, if it is on a private network without TLS and the host allows that.
    plain: Option<Endpoint>,
}

impl Guard {
    /// The rules for one MCP server.
    pub(crate) fn new(endpoint: &Endpoint, allow_private_networks: bool) -> Self {
        let place = Host::of(endpoint.uri()).map_or(Place::Never, |host| host.place());
        let is_plain = place == Place::Private
            && allow_private_networks
            && endpoint.uri().scheme() == Some(&Scheme::HTTP);
        Self {
            loopback: place == Place::Loopback,
            private: allow_private_networks,
            plain: is_plain.then(|| endpoint.clone()),
        }
    }

    /// Checks a URL, whether it is to be fetched or to be shown in a browser. The characters that are left are
    /// those of RFC 3986; still, `&` and the like are among them, so a URL never goes through a shell.
    ///
    /// A host that is a name is checked once more when its addresses are known.
    pub(crate) fn check(&self, url: &str) -> Result<Uri, Error> {
        self.parse(url).map_err(|reason| forbidden(url, &reason))
    }

    fn parse(&self, url: &str) -> Result<Uri, String> {
        if url.len() > MOST_URL {
            return Err(format!("it is longer than {MOST_URL} bytes"));
        }
        if let Some(bad) = url.chars().find(|&c| !is_url_character(c)) {
            return Err(format!("it holds {bad:?}, which no URL does"));
        }
        if url.contains('#') {
            return Err("it has a fragment (#...)".into());
        }
        let uri: Uri = url.parse().map_err(|_| "it is no URL")?;
        let https = uri.scheme() == Some(&Scheme::HTTPS);
        if !https && uri.scheme() != Some(&Scheme::HTTP) {
            return Err("it does not begin with https://".into());
        }
        let host = Host::of(&uri)?;
        match host.place() {
            Place::Loopback if self.loopback => {}
            Place::Loopback => {
                return Err("its host is this machine, and the MCP server is not".into());
            }
            _ if !https && !self.is_plain_server(&uri) => {
                return Err("it must begin with https://".into());
            }
            Place::Public => {}
            Place::Private if self.private => {}
            Place::Private => {
                return Err(format!("its host is on a private network; {HOW_TO_ALLOW}"));
            }
            Place::Never => return Err("its host is an address that no such server has".into()),
        }
        Ok(uri)
    }

    /// Whether a URL is on the MCP server that may be spoken to without TLS, on a private network.
    pub(crate) fn is_plain_server(&self, uri: &Uri) -> bool {
        self.plain.as_ref().is_some_and(|server| server.is_same_origin(uri))
    }

    /// Whether a connection for a name may go to an address that the name has.
    pub(crate) fn admits(&self, name: &str, address: IpAddr) -> bool {
        let place = place(address);
        match Host::name(name) {
            // What may be spoken to without TLS must really be this machine.
            Ok(host) if host.place() == Place::Loopback => {
                self.loopback && place == Place::Loopback
            }
            Ok(_) => match place {
                Place::Public => true,
                Place::Private => self.private,
                Place::Loopback => self.private && self.loopback,
                Place::Never => false,
            },
            Err(_) => false,
        }
    }
}

const HOW_TO_ALLOW: &str = "if that is intended, allow private networks on the authorizer";

fn forbidden(url: &str, reason: &str) -> Error {
    let shown: String = url.chars().take(MOST_SHOWN).flat_map(char::escape_debug).collect();
    Error::new(ErrorKind::ForbiddenUrl, format!("the URL {shown} must not be used: {reason}"))
}

/// Unreserved, reserved and `%`: what RFC 3986 knows.
fn is_url_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(c)
}

/// The host of a URL.
#[derive(Debug, PartialEq, Eq)]
enum Host<'a> {
    Address(IpAddr),
    /// Without the dot that may be at the end.
    Name(&'a str),
}

impl<'a> Host<'a> {
    fn of(uri: &'a Uri) -> Result<Self, &'static str> {
        let Some(authority) = uri.authority() else { return Err("it has no host") };
        if authority.as_str().contains('@') {
            return Err("it has user information (user@host)");
        }
        // What stands after the host can only be a port, and a port is read only if it is one.
        let host = authority.host();
        if authority.as_str().len() != host.len() && !matches!(authority.port_u16(), Some(1..)) {
            return Err("its port is no port");
        }
        match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            Some(literal) => literal
                .parse()
                .map(|address: Ipv6Addr| Self::Address(address.into()))
                .map_err(|_| "its host is no IPv6 address"),
            None => Self::name(host),
        }
    }

    fn name(host: &'a str) -> Result<Self, &'static str> {
        let host = host.strip_suffix('.').unwrap_or(host);
        let is_label = |label: &str| {
            matches!(label.len(), 1..=63)
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        if host.len() > 253 || !host.split('.').all(is_label) {
            return Err("its host is no name");
        }
        if !ends_in_number(host) {
            return Ok(Self::Name(host));
        }
        // Resolvers read 127.1, 0x7f.1, 0177.0.0.1 and 2130706433 as addresses too. No honest server writes so.
        host.parse()
            .map(|address: Ipv4Addr| Self::Address(address.into()))
            .map_err(|_| "its host is an address in an unusual spelling")
    }

    fn place(&self) -> Place {
        let name = match self {
            Self::Address(address) => return place(*address),
            Self::Name(name) => name.to_ascii_lowercase(),
        };
        let is_under = |suffix: &str| {
            name.strip_suffix(suffix).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        if is_under("localhost") {
            Place::Loopback
        } else if !name.contains('.') || PRIVATE_SUFFIXES.iter().any(|suffix| is_under(suffix)) {
            Place::Private
        } else {
            Place::Public
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

/// A name whose addresses must not be connected to. It is in the chain of sources of the stack's error.
#[derive(Debug)]
pub(crate) struct ForbiddenAddress {
    pub(crate) name: String,
    pub(crate) address: IpAddr,
}

impl fmt::Display for ForbiddenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} has the address {}, which ", self.name, self.address)?;
        match place(self.address) {
            Place::Private => write!(f, "is on a private network; {HOW_TO_ALLOW}"),
            Place::Loopback => f.write_str("is this machine"),
            Place::Public => f.write_str("is not this machine"),
            Place::Never => f.write_str("no such server has"),
        }
    }
}

impl std::error::Error for ForbiddenAddress {}
