//! Tables of URLs and addresses.

use std::net::IpAddr;

use super::error::ErrorKind;
use super::guard::Guard;
use crate::http::Endpoint;

fn guard(server: &str, private: bool) -> Guard {
    Guard::new(&Endpoint::parse(server).unwrap(), private)
}

/// For a server on the internet.
fn public() -> Guard {
    guard("https://mcp.example.com/mcp", false)
}

/// For one on this machine.
fn development() -> Guard {
    guard("http://127.0.0.1:3000/mcp", false)
}

/// For one whose host allows private networks.
fn company() -> Guard {
    guard("https://mcp.corp.example/mcp", true)
}

/// No guard lets these pass.
const NEVER: &[&str] = &[
    // Other schemes, and what only looks like one.
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    "javascript://as.example.com/%0aalert(1)",
    "data:text/html,<script>alert(1)</script>",
    "data:text/html;base64,PHNjcmlwdD4=",
    "file:///etc/passwd",
    "file://as.example.com/share",
    "vbscript:msgbox(1)",
    "ftp://as.example.com/",
    "ws://as.example.com/",
    "gopher://as.example.com:70/_x",
    "ms-settings:network",
    "smb://as.example.com/x",
    "blob:https://as.example.com/1",
    "view-source:https://as.example.com/",
    "chrome://settings",
    "intent://as.example.com#Intent;scheme=http;end",
    "about:blank",
    "",
    "https",
    "https:",
    "https:/",
    "https://",
    "https:///path",
    "https:as.example.com",
    "as.example.com",
    "//as.example.com/x",
    "/token",
    // Characters.
    "https://as.example.com/a b",
    " https://as.example.com/",
    "https://as.example.com/\n",
    "https://as.example.com/\r\nX-Evil: 1",
    "https://as.example.com/\0",
    "https://as.example.com/\u{7f}",
    "https://as.example.com/\u{1b}[2J",
    "https://as.example.com/\"&calc&\"",
    "https://as.example.com/`id`",
    "https://as.example.com/a|b",
    "https://as.example.com/<x>",
    "https://as.example.com/{x}",
    "https://as.example.com/^x",
    "https://as.example.com\\@evil.example/",
    "https:\\\\as.example.com/",
    "https://as.example.com/\u{202e}gpj",
    "https://аs.example.com/",
    "https://as。example。com/",
    "https://１２７.0.0.1/",
    // User information, fragments, ports.
    "https://user@as.example.com/",
    "https://user:password@as.example.com/",
    "https://as.example.com@10.0.0.1/",
    "https://as.example.com:443@10.0.0.1/",
    "https://as.example.com/#fragment",
    "https://as.example.com#@evil.example/",
    "https://as.example.com:0/",
    "https://as.example.com:/",
    "https://as.example.com:65536/",
    "https://as.example.com:99999/",
    "https://as.example.com:-1/",
    "https://as.example.com:abc/",
    // Hosts that are none.
    "https://.example.com/",
    "https://as..example.com/",
    "https://.",
    "https://..",
    "https://as.example.com../",
    "https://as.%65xample.com/",
    "https://as%2eexample.com/",
    "https://as!example.com/",
    "https://as*.example.com/",
    "https://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example.com/",
    // IPv4 in spellings that resolvers read.
    "https://127.1/",
    "https://127.0.1/",
    "https://2130706433/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0X7F.1/",
    "https://127.0.0.0x1/",
    "https://010.0.0.1/",
    "https://10.1/",
    "https://169.254.43518/",
    "https://0xa9fea9fe/",
    "https://2852039166/",
    "https://1.2.3.4.5/",
    "https://256.256.256.256/",
    "https://1.2.3/",
    "https://as.example.1/",
    "https://as.example.0x/",
    // IPv4 that is no server's.
    "https://0.0.0.0/",
    "https://0.1.2.3/",
    "https://169.254.169.254/latest/meta-data/",
    "https://169.254.169.254./",
    "https://169.254.0.1/",
    "https://192.0.0.1/",
    "https://192.0.0.192/opc/v1/",
    "https://192.0.2.1/",
    "https://192.88.99.1/",
    "https://198.18.0.1/",
    "https://198.19.255.255/",
    "https://198.51.100.7/",
    "https://203.0.113.7/",
    "https://224.0.0.1/",
    "https://239.255.255.250/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    "https://100.100.100.200/latest/meta-data/",
    "https://168.63.129.16/",
    // IPv6 that is no server's.
    "https://[::]/",
    "https://[::ffff:0.0.0.0]/",
    "https://[::ffff:169.254.169.254]/",
    "https://[::ffff:a9fe:a9fe]/",
    "https://[::169.254.169.254]/",
    "https://[::a00:1]/",
    "https://[64:ff9b::169.254.169.254]/",
    "https://[64:ff9b::a9fe:a9fe]/",
    "https://[64:ff9b:1::a00:1]/",
    "https://[2002:a00:1::1]/",
    "https://[2002:7f00:1::]/",
    "https://[2001::1]/",
    "https://[2001:20::1]/",
    "https://[2001:db8::1]/",
    "https://[3fff::1]/",
    "https://[100::1]/",
    "https://[fe80::1]/",
    "https://[fe80::1%25eth0]/",
    "https://[fe80::1%eth0]/",
    "https://[fec0::1]/",
    "https://[ff02::1]/",
    "https://[ff05::1:3]/",
    "https://[fd00:ec2::254]/latest/meta-data/",
    "https://[5f00::1]/",
    "https://[v1.x]/",
    "https://[::1",
    "https://::1/",
    "https://[1.2.3.4]/",
];

/// On this machine: only for a server that is there too.
const LOOPBACK: &[&str] = &[
    "https://localhost/",
    "https://LOCALHOST/",
    "https://localhost./",
    "https://as.localhost/",
    "https://127.0.0.1/",
    "https://127.255.255.254:8443/",
    "https://[::1]/",
    "https://[0:0:0:0:0:0:0:1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[64:ff9b::7f00:1]/",
    "http://localhost:9000/",
    "http://127.0.0.1:9000/token",
    "http://[::1]:9000/",
];

/// On private networks: only when the host allows them.
const PRIVATE: &[&str] = &[
    "https://10.0.0.1/",
    "https://10.255.255.255/",
    "https://172.16.0.1/",
    "https://172.31.255.255/",
    "https://192.168.1.1/",
    "https://100.64.0.1/",
    "https://100.127.255.255/",
    "https://[fc00::1]/",
    "https://[fd12:3456::1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://[::ffff:c0a8:101]/",
    "https://[64:ff9b::10.0.0.1]/",
    "https://keycloak/realms/x",
    "https://metadata.google.internal/",
    "https://printer.local/",
    "https://PRINTER.LOCAL./",
    "https://router.lan/",
    "https://nas.home.arpa/",
    "https://idp.corp/",
];

/// For everyone.
const PUBLIC: &[&str] = &[
    "https://as.example.com",
    "https://as.example.com/",
    "HTTPS://AS.EXAMPLE.COM/",
    "https://as.example.com./",
    "https://as.example.com:8443/tenant1/token?x=1&y=%20",
    "https://xn--bcher-kva.example/",
    "https://a_b.example.com/",
    "https://1.1.1.1/",
    "https://172.15.0.1/",
    "https://172.32.0.1/",
    "https://192.167.1.1/",
    "https://100.63.0.1/",
    "https://100.128.0.1/",
    "https://198.17.0.1/",
    "https://198.20.0.1/",
    "https://223.255.255.1/",
    "https://[2606:4700::1111]/",
    "https://[2001:4860:4860::8888]/",
    "https://[::ffff:1.1.1.1]/",
    "https://[64:ff9b::1.1.1.1]/",
    "https://notlocalhost.example/",
    "https://localhost.example.com/",
    "https://local.example/",
    "https://0x7f.example/",
    "https://127.0.0.1.example.com/",
];

#[track_caller]
fn expect(guard: &Guard, urls: &[&str], allowed: bool) {
    for url in urls {
        match guard.check(url) {
            Ok(_) => assert!(allowed, "{url:?} must be refused by {guard:?}"),
            Err(error) => {
                assert!(!allowed, "{url:?}: {error}");
                assert_eq!(error.kind(), ErrorKind::ForbiddenUrl);
                let message = error.to_string();
                assert!(!message.chars().any(char::is_control), "{message:?}");
                assert!(message.len() < 1_500, "{message}");
            }
        }
    }
}

#[test]
fn urls() {
    assert!(NEVER.len() + LOOPBACK.len() + PRIVATE.len() + PUBLIC.len() >= 150);
    for guard in [public(), development(), company(), guard("http://localhost:1/", true)] {
        expect(&guard, NEVER, false);
        expect(&guard, PUBLIC, true);
    }
    for (guard, loopback, private) in [
        (public(), false, false),
        (development(), true, false),
        (company(), false, true),
        (guard("http://[::1]:1/", true), true, true),
        (guard("https://as.localhost/mcp", false), true, false),
    ] {
        expect(&guard, LOOPBACK, loopback);
        expect(&guard, PRIVATE, private);
    }
}

#[test]
fn plain_http_is_for_this_machine_alone() {
    for guard in [public(), development(), company(), guard("http://localhost:1/", true)] {
        for urls in [PUBLIC, PRIVATE] {
            for url in urls {
                let plain = format!("http{}", &url[5..]);
                assert!(guard.check(&plain).is_err(), "{plain}");
            }
        }
    }
}

#[test]
fn a_private_server_without_tls_may_speak_for_itself() {
    let server = "http://192.168.1.5:8000/mcp";
    let own = "http://192.168.1.5:8000/.well-known/oauth-protected-resource/mcp";
    assert!(guard(server, true).check(own).is_ok());
    for (guard, url) in [
        (guard(server, false), own),
        (guard(server, true), "http://192.168.1.5:8001/token"),
        (guard(server, true), "http://192.168.1.6:8000/token"),
        (guard(server, true), "http://as.example.com/token"),
        (guard("http://mcp.example.com/mcp", true), "http://mcp.example.com/token"),
    ] {
        assert!(guard.check(url).is_err(), "{url}");
    }
}

#[test]
fn long_urls_are_refused_and_shown_shortened() {
    let long = format!("https://as.example.com/{}", "a".repeat(4096));
    let error = public().check(&long).unwrap_err().to_string();
    assert!(error.contains("longer than 4096 bytes") && error.len() < 400, "{error}");
    assert!(public().check(&long[..4096]).is_ok());
}

#[test]
fn messages_say_what_to_do() {
    let error = public().check("https://10.0.0.1/").unwrap_err().to_string();
    assert_eq!(
        error,
        "the URL https://10.0.0.1/ must not be used: its host is on a private network; if that is intended, \
         allow private networks on the authorizer"
    );
}

#[test]
fn addresses_of_names() {
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
        ("as.example.com", "127.0.0.1", [false, false, false]),
        ("as.example.com", "::1", [false, false, false]),
        ("as.example.com", "169.254.169.254", [false, false, false]),
        ("as.example.com", "fd00:ec2::254", [false, false, false]),
        ("as.example.com", "0.0.0.0", [false, false, false]),
        ("as.example.com", "::", [false, false, false]),
        // A name of this machine that leads elsewhere would get what is meant for this machine, in the clear.
        ("localhost", "127.0.0.1", [false, true, false]),
        ("as.localhost", "::1", [false, true, false]),
        ("localhost", "1.1.1.1", [false, false, false]),
        ("localhost", "10.0.0.1", [false, false, false]),
        ("127.1", "127.0.0.1", [false, false, false]),
    ] {
        let guards = [public(), development(), company()];
        assert_eq!(guards.map(|guard| guard.admits(name, address(ip))), admitted, "{name} at {ip}");
    }
}
