//! Which URLs may be requested. Spec: basic/authorization, security considerations; the
//! security best practices, "Server-Side Request Forgery (SSRF)".

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use http::Uri;
use http::uri::Scheme;

use super::address::NetworkKind;
use super::error::{FetchError, FetchErrorKind};
use super::host::{Host, PrivateHosts};
use super::limits::{FetchLimits, SettingNames};
use crate::http_client::url::{ShownUrl, is_same_origin};

/// What URLs may lead to: the public internet over `https`, and more where the application allows
/// it.
#[derive(Debug, Clone)]
pub struct Guard {
    loopback: Loopback,
    /// What may be on a private network.
    private_hosts: PrivateHosts,
    /// What the application itself named, on a private network without TLS, and allows.
    plain: Arc<[Uri]>,
    max_url_bytes: usize,
    names: SettingNames,
}

/// Whether a URL may lead to this machine, and over `http`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Loopback {
    /// The MCP server is elsewhere.
    Refused,
    /// The MCP server is on this machine, so its authorization server may be too.
    Allowed,
    /// A private host like others.
    Named,
}

impl Guard {
    /// The rules for what an MCP server names. If that server is on this machine, the URLs may be
    /// so too, over `http`. One that is on a private network without TLS, and is named in
    /// `private_hosts`, may publish its own documents.
    #[must_use]
    pub fn for_server(server: &Uri, private_hosts: PrivateHosts, limits: &FetchLimits) -> Self {
        let network = Host::of(server).map_or(NetworkKind::Never, |host| host.network());
        let loopback = match network {
            NetworkKind::Loopback => Loopback::Allowed,
            _ => Loopback::Refused,
        };
        Self::new(loopback, [server], private_hosts, limits)
    }

    /// The rules for the URLs in the configuration of a server, and for what their documents name.
    /// Hosts on a private network and on this machine must be named in `private_hosts`. Then `http`
    /// may be used to this machine, and to the origins of `urls`, which the configuration names
    /// itself.
    #[must_use]
    pub fn for_configured<'a>(
        urls: impl IntoIterator<Item = &'a Uri>,
        private_hosts: PrivateHosts,
        limits: &FetchLimits,
    ) -> Self {
        Self::new(Loopback::Named, urls, private_hosts, limits)
    }

    fn new<'a>(
        loopback: Loopback,
        urls: impl IntoIterator<Item = &'a Uri>,
        private_hosts: PrivateHosts,
        limits: &FetchLimits,
    ) -> Self {
        let is_plain = |url: &&Uri| {
            url.scheme() == Some(&Scheme::HTTP)
                && Host::of(url).is_ok_and(|host| {
                    host.network() == NetworkKind::Private && private_hosts.contains(&host)
                })
        };
        let plain = urls.into_iter().filter(is_plain).cloned().collect();
        let (max_url_bytes, names) = (limits.max_url_bytes, SettingNames::FETCH);
        Self { loopback, private_hosts, plain, max_url_bytes, names }
    }

    /// The same rules, whose errors name other settings.
    #[must_use]
    pub fn with_names(self, names: SettingNames) -> Self {
        Self { names, ..self }
    }

    pub(super) fn names(&self) -> SettingNames {
        self.names
    }

    /// Checks a URL that is to be fetched or shown in a browser. The characters that are left are
    /// those of RFC 3986; `&` and the like are among them, so a URL never goes through a shell.
    ///
    /// A host that is a name is checked again when its addresses are known, where
    /// [`Fetcher::over_network`](super::Fetcher::over_network) connects to it.
    ///
    /// # Errors
    /// [`FetchErrorKind::Forbidden`], and why.
    pub fn check(&self, url: &str) -> Result<Uri, FetchError> {
        self.parse(url).map_err(|reason| {
            let message = format!("the URL {} must not be used: {reason}", ShownUrl(url));
            FetchError::new(FetchErrorKind::Forbidden, message)
        })
    }

    fn parse(&self, url: &str) -> Result<Uri, String> {
        if url.len() > self.max_url_bytes {
            return Err(format!(
                "it has {} bytes, and `{}::max_url_bytes` is {}",
                url.len(),
                self.names.limits,
                self.max_url_bytes
            ));
        }
        if let Some(bad) = url.chars().find(|&c| !is_url_character(c)) {
            return Err(format!("it contains {bad:?}, which a URL cannot"));
        }
        if url.contains('#') {
            return Err("it has a fragment (#...)".into());
        }
        let uri: Uri = url.parse().map_err(|_| "it is not a valid URL")?;
        let https = uri.scheme() == Some(&Scheme::HTTPS);
        if !https && uri.scheme() != Some(&Scheme::HTTP) {
            return Err("it does not begin with https://".into());
        }
        let host = Host::of(&uri)?;
        let is_named = self.private_hosts.contains(&host);
        match host.network() {
            NetworkKind::Loopback => match self.loopback {
                Loopback::Allowed => {}
                Loopback::Named if is_named => {}
                Loopback::Named => {
                    return Err(format!("its host is this machine; {}", how_to_allow(self.names)));
                }
                Loopback::Refused => {
                    return Err("its host is this machine, and the MCP server is elsewhere".into());
                }
            },
            _ if !https && !self.is_plain(&uri) => {
                return Err("it must begin with https://".into());
            }
            NetworkKind::Public => {}
            NetworkKind::Private if is_named => {}
            NetworkKind::Private => {
                let how_to_allow = how_to_allow(self.names);
                return Err(format!("its host is on a private network; {how_to_allow}"));
            }
            NetworkKind::Never => {
                return Err("its host is an address that no authorization server has".into());
            }
        }
        Ok(uri)
    }

    /// Whether a URL is on a private network, on an origin that the application named itself and to
    /// which it allows `http`.
    #[must_use]
    pub fn is_plain(&self, uri: &Uri) -> bool {
        self.plain.iter().any(|plain| is_same_origin(plain, uri))
    }

    /// Whether a connection to a name may go to an address that the name has.
    pub(super) fn admits(&self, name: &str, address: IpAddr) -> bool {
        let Ok(host) = Host::of_name(name) else { return false };
        let network = NetworkKind::of(address);
        // `http` is allowed to this machine, so its names must really be this machine.
        let is_named = self.private_hosts.contains(&host);
        if host.network() == NetworkKind::Loopback {
            let is_allowed = match self.loopback {
                Loopback::Refused => false,
                Loopback::Allowed => true,
                Loopback::Named => is_named,
            };
            return is_allowed && network == NetworkKind::Loopback;
        }
        match network {
            NetworkKind::Public => true,
            NetworkKind::Private => is_named,
            NetworkKind::Loopback => is_named && self.loopback != Loopback::Refused,
            NetworkKind::Never => false,
        }
    }
}

fn how_to_allow(names: SettingNames) -> String {
    format!("if that is intended, name the host in `{}`", names.private_hosts)
}

/// Unreserved, reserved and `%`: the characters of RFC 3986.
fn is_url_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(c)
}

/// A name must not be connected to, because of its addresses. It is in the chain of sources of the
/// stack's error.
#[derive(Debug)]
pub(super) struct ForbiddenAddress {
    pub(super) name: String,
    pub(super) address: IpAddr,
    pub(super) names: SettingNames,
}

impl ForbiddenAddress {
    /// The one in the chain of sources of an error.
    pub(super) fn of<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a Self> {
        let mut errors = std::iter::successors(Some(error), |error| (*error).source());
        errors.find_map(|error| error.downcast_ref())
    }
}

impl fmt::Display for ForbiddenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} has the address {}, which ", self.name, self.address)?;
        match NetworkKind::of(self.address) {
            NetworkKind::Private => {
                write!(f, "is on a private network; {}", how_to_allow(self.names))
            }
            NetworkKind::Loopback => f.write_str("is this machine"),
            NetworkKind::Public => f.write_str("is not this machine"),
            NetworkKind::Never => f.write_str("no authorization server has"),
        }
    }
}

impl std::error::Error for ForbiddenAddress {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::url_tables::{LOOPBACK, NEVER, PRIVATE, PUBLIC};

    fn guard(server: &str, private_hosts: &[&str]) -> Guard {
        Guard::for_server(
            &server.parse().unwrap(),
            PrivateHosts::new(private_hosts.iter().copied()),
            &FetchLimits::new(),
        )
    }

    /// For an MCP server on the internet.
    fn public() -> Guard {
        guard("https://mcp.example.com/mcp", &[])
    }

    /// For one on this machine.
    fn development() -> Guard {
        guard("http://127.0.0.1:3000/mcp", &[])
    }

    /// For one whose application names every host of [`PRIVATE`].
    fn company() -> Guard {
        guard("https://mcp.corp.example/mcp", ALLOWED)
    }

    const ALLOWED: &[&str] = &[
        "10.0.0.1",
        "10.255.255.255",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "100.64.0.1",
        "100.127.255.255",
        "fc00::1",
        "fd12:3456::1",
        "64:ff9b::10.0.0.1",
        "keycloak",
        ".internal",
        "printer.local",
        ".lan",
        ".home.arpa",
        ".corp",
        ".example.com",
    ];

    #[track_caller]
    fn expect(guard: &Guard, urls: &[&str], allowed: bool) {
        for url in urls {
            match guard.check(url) {
                Ok(_) => assert!(allowed, "{url:?} must be refused by {guard:?}"),
                Err(error) => {
                    assert!(!allowed, "{url:?}: {error}");
                    assert_eq!(error.kind(), FetchErrorKind::Forbidden);
                    let message = error.to_string();
                    assert!(!message.chars().any(char::is_control), "{message:?}");
                    assert!(message.len() < 1_500, "{message}");
                }
            }
        }
    }

    #[test]
    fn only_urls_of_possible_authorization_servers_are_allowed() {
        assert!(NEVER.len() + LOOPBACK.len() + PRIVATE.len() + PUBLIC.len() >= 150);
        for guard in [public(), development(), company(), guard("http://localhost:1/", ALLOWED)] {
            expect(&guard, NEVER, false);
            expect(&guard, PUBLIC, true);
        }
        for (guard, loopback, private) in [
            (public(), false, false),
            (development(), true, false),
            (company(), false, true),
            (guard("http://[::1]:1/", ALLOWED), true, true),
            (guard("https://as.localhost/mcp", &[]), true, false),
        ] {
            expect(&guard, LOOPBACK, loopback);
            expect(&guard, PRIVATE, private);
        }
    }

    #[test]
    fn one_private_host_opens_no_other() {
        let guard = guard("https://mcp.example.com/mcp", &["login.corp", "10.0.0.1"]);
        expect(&guard, &["https://login.corp/token", "https://10.0.0.1/token"], true);
        expect(&guard, &["https://wiki.corp/", "https://10.0.0.2/", "https://192.168.1.1/"], false);
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        assert!(guard.admits("login.corp", address("10.9.9.9")));
        assert!(!guard.admits("as.example.com", address("10.0.0.1")));
    }

    /// For a server whose configuration has these URLs.
    fn configured(urls: &[&str], private_hosts: &[&str]) -> Guard {
        let urls: Vec<Uri> = urls.iter().map(|url| url.parse().unwrap()).collect();
        let hosts = PrivateHosts::new(private_hosts.iter().copied());
        Guard::for_configured(&urls, hosts, &FetchLimits::new())
    }

    #[test]
    fn what_the_configuration_of_a_server_names_is_on_the_internet_or_is_named_twice() {
        let issuer = "http://127.0.0.1:9797";
        let (public, named) = (configured(&[issuer], &[]), configured(&[issuer], &["127.0.0.1"]));
        for guard in [&public, &named, &configured(&[], ALLOWED)] {
            expect(guard, NEVER, false);
            expect(guard, PUBLIC, true);
        }
        expect(&public, LOOPBACK, false);
        expect(&public, PRIVATE, false);
        expect(&configured(&[], ALLOWED), PRIVATE, true);
        expect(&configured(&[], ALLOWED), LOOPBACK, false);
        expect(&named, &["http://127.0.0.1:9797/keys", "https://127.0.0.1/keys"], true);
        expect(&named, &["http://localhost:9797/", "http://127.0.0.2/", "http://[::1]/"], false);
        assert_eq!(
            public.check(issuer).unwrap_err().to_string(),
            "the URL http://127.0.0.1:9797 must not be used: its host is this machine; if that is \
             intended, name the host in `PrivateHosts::new`"
        );

        // Without TLS, a private network is for what the configuration names itself.
        let issuer = "http://keycloak:8080/realms/a";
        let guard = configured(&[issuer], &["keycloak", "10.0.0.1"]);
        expect(&guard, &[issuer, "http://keycloak:8080/keys", "https://10.0.0.1/"], true);
        expect(&guard, &["http://keycloak/", "http://10.0.0.1:8080/", "http://a.example/"], false);
        expect(&configured(&[issuer], &[]), &[issuer], false);

        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let guard = configured(&[], &["localhost", "login.example.com", "keycloak"]);
        for (name, ip, is_admitted) in [
            ("localhost", "127.0.0.1", true),
            ("localhost", "10.0.0.1", false),
            ("as.localhost", "127.0.0.1", false),
            ("login.example.com", "127.0.0.1", true),
            ("login.example.com", "10.0.0.1", true),
            ("login.example.com", "169.254.169.254", false),
            ("keycloak", "172.18.0.2", true),
            ("other.example.com", "172.18.0.2", false),
            ("other.example.com", "127.0.0.1", false),
            ("other.example.com", "1.1.1.1", true),
        ] {
            assert_eq!(guard.admits(name, address(ip)), is_admitted, "{name} at {ip}");
        }
    }

    #[test]
    fn plain_http_is_for_this_machine_alone() {
        for guard in [public(), development(), company(), guard("http://localhost:1/", ALLOWED)] {
            for urls in [PUBLIC, PRIVATE] {
                for url in urls {
                    let plain = format!("http{}", &url[5..]);
                    assert!(guard.check(&plain).is_err(), "{plain}");
                }
            }
        }
    }

    #[test]
    fn a_private_server_without_tls_may_publish_its_own_metadata() {
        let (server, host) = ("http://192.168.1.5:8000/mcp", &["192.168.1.5", "192.168.1.6"][..]);
        let own = "http://192.168.1.5:8000/.well-known/oauth-protected-resource/mcp";
        assert!(guard(server, host).check(own).is_ok());
        for (guard, url) in [
            (guard(server, &[]), own),
            (guard(server, host), "http://192.168.1.5:8001/token"),
            (guard(server, host), "http://192.168.1.6:8000/token"),
            (guard(server, host), "http://as.example.com/token"),
            (guard("http://mcp.example.com/mcp", host), "http://mcp.example.com/token"),
        ] {
            assert!(guard.check(url).is_err(), "{url}");
        }
    }

    #[test]
    fn long_urls_are_refused_and_shown_shortened() {
        let long = format!("https://as.example.com/{}", "a".repeat(4096));
        let error = public().check(&long).unwrap_err().to_string();
        assert!(error.contains("max_url_bytes") && error.len() < 400, "{error}");
        assert!(public().check(&long[..4096]).is_ok());
    }

    #[test]
    fn a_message_says_what_to_do_and_shows_no_query() {
        let names = SettingNames::new("OAuthLimits", "OAuthBuilder::allow_private_hosts");
        let guard = public().with_names(names);
        let error = guard.check("https://10.0.0.1/x?token=s3cret").unwrap_err().to_string();
        assert_eq!(
            error,
            "the URL https://10.0.0.1/x?… must not be used: its host is on a private network; if that is \
             intended, name the host in `OAuthBuilder::allow_private_hosts`"
        );
    }

    #[test]
    fn a_name_leads_to_admitted_addresses_only() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        // name, address, public, development, company
        for (name, ip, admitted) in [
            ("as.example.com", "1.1.1.1", [true, true, true]),
            ("as.example.com", "2606:4700::1111", [true, true, true]),
            ("as.example.com", "64:ff9b::101:101", [true, true, true]),
            ("as.example.com", "10.0.0.1", [false, false, true]),
            ("as.example.com", "::ffff:10.0.0.1", [false, false, true]),
            ("as.example.com", "64:ff9b::a00:1", [false, false, true]),
            ("as.example.com", "fd00::1", [false, false, true]),
            ("other.example", "10.0.0.1", [false, false, false]),
            ("as.example.com", "127.0.0.1", [false, false, false]),
            ("as.example.com", "::1", [false, false, false]),
            ("as.example.com", "169.254.169.254", [false, false, false]),
            ("as.example.com", "fd00:ec2::254", [false, false, false]),
            ("as.example.com", "fd00:ec2::23", [false, false, false]),
            ("as.example.com", "fd20:ce::254", [false, false, false]),
            ("as.example.com", "0.0.0.0", [false, false, false]),
            ("as.example.com", "::", [false, false, false]),
            // A name of this machine that leads elsewhere would get unencrypted traffic.
            ("localhost", "127.0.0.1", [false, true, false]),
            ("as.localhost", "::1", [false, true, false]),
            ("localhost", "1.1.1.1", [false, false, false]),
            ("localhost", "10.0.0.1", [false, false, false]),
            ("127.1", "127.0.0.1", [false, false, false]),
        ] {
            let guards = [public(), development(), company()];
            let found = guards.map(|guard| guard.admits(name, address(ip)));
            assert_eq!(found, admitted, "{name} at {ip}");
        }
    }
}
