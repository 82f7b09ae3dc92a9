//! Who may call: Host, Origin, Sec-Fetch-Site, Content-Type (THREAT-1 and THREAT-2). What is
//! refused reaches no handler.

use std::sync::atomic::Ordering;

use mcp_server::http::HttpOptions;
use mcp_test_support::http::Call;
use serde_json::json;

use crate::fixture;

fn echo() -> Call {
    Call::tool("echo", json!({ "text": "a" }))
}

/// Sends each form and compares the status; handlers ran for the accepted ones alone.
async fn check(options: HttpOptions, rows: Vec<(String, Call, u16)>) {
    let (server, seen) = fixture::server();
    let service = server.build().unwrap().into_service_with(options);
    let accepted = rows.iter().filter(|(_, _, status)| *status == 200).count();
    for (what, call, status) in rows {
        let answer = call.send(&service).await;
        assert_eq!(answer.status.as_u16(), status, "{what}: {answer:?}");
    }
    assert_eq!(seen.started.load(Ordering::SeqCst), accepted);
}

fn hosts(rows: &[(&str, u16)]) -> Vec<(String, Call, u16)> {
    rows.iter()
        .map(|(host, status)| (format!("host {host:?}"), echo().header("host", host), *status))
        .collect()
}

fn origins(rows: &[(&str, u16)]) -> Vec<(String, Call, u16)> {
    rows.iter()
        .map(|(origin, status)| {
            (format!("origin {origin:?}"), echo().header("origin", origin), *status)
        })
        .collect()
}

#[tokio::test]
async fn a_server_of_this_machine_answers_to_the_names_of_this_machine() {
    let mut rows = hosts(&[
        ("localhost", 200),
        ("LocalHost", 200),
        ("localhost:80", 200),
        ("localhost:65535", 200),
        ("127.0.0.1", 200),
        ("127.0.0.1:8080", 200),
        ("127.9.9.9", 200),
        ("[::1]", 200),
        ("[::1]:8080", 200),
        ("[0:0:0:0:0:0:0:1]", 200),
        ("evil.example.com", 403),
        ("localhost.evil.com", 403),
        ("evil.com:80", 403),
        ("localhost.", 403),
        ("a.localhost", 403),
        ("127.0.0.1.evil.com", 403),
        ("127.1", 403),
        ("2130706433", 403),
        ("0x7f000001", 403),
        ("0177.0.0.1", 403),
        ("127.0.0.01", 403),
        ("0.0.0.0", 403),
        ("0.0.0.0:80", 403),
        ("[::]", 403),
        ("[::ffff:127.0.0.1]", 403),
        ("[fe80::1]", 403),
        ("10.0.0.1", 403),
        ("128.0.0.1", 403),
        ("local_host", 403),
        ("", 400),
        ("localhost:", 400),
        ("localhost:0", 400),
        ("localhost:65536", 400),
        ("localhost:80:80", 400),
        ("localhost:http", 400),
        ("localhost:+80", 400),
        ("user@localhost", 400),
        ("user:pass@localhost", 400),
        ("localhost/x", 400),
        ("localhost#x", 400),
        ("localhost?x", 400),
        ("localhost\\x", 400),
        ("http://localhost", 400),
        ("localhost, localhost", 400),
        ("local host", 400),
        ("[::1", 400),
        ("::1", 400),
        ("[::1]x", 400),
        ("[localhost]", 400),
        ("[::1%25eth0]", 400),
        ("%6cocalhost", 400),
        (":80", 400),
        ("lo\tcalhost", 400),
        ("localhost;x", 400),
    ]);
    rows.push(("no host".into(), echo().without("host"), 400));
    rows.push(("two hosts".into(), echo().and("host", "localhost"), 400));
    rows.push(("not text".into(), echo().header("host", b"localh\xf6st"), 400));
    for (uri, status) in [
        ("http://localhost/mcp", 200),
        ("http://127.0.0.1/mcp", 400),
        ("http://evil.com/mcp", 400),
        ("http://localhost:81/mcp", 400),
    ] {
        let mut call = echo();
        call.uri = uri.into();
        rows.push((format!("uri {uri}"), call, status));
    }
    let mut http2 = echo().without("host");
    http2.uri = "http://evil.com/mcp".into();
    rows.push((":authority of another".into(), http2.clone(), 403));
    http2.uri = "http://localhost/mcp".into();
    rows.push((":authority of ours".into(), http2, 200));
    assert!(rows.len() >= 60);
    check(HttpOptions::new(), rows).await;
}

#[tokio::test]
async fn a_server_with_names_answers_to_them_alone() {
    let options = HttpOptions::new()
        .allow_host("MCP.example.com")
        .allow_host("other.example.com:8443")
        .allow_origin("https://app.example.com");
    let mut rows = hosts(&[
        ("mcp.example.com", 200),
        ("mcp.example.com:1234", 200),
        ("MCP.EXAMPLE.COM", 200),
        ("other.example.com:8443", 200),
        ("other.example.com", 403),
        ("other.example.com:443", 403),
        ("localhost", 403),
        ("127.0.0.1", 403),
        ("xmcp.example.com", 403),
        ("mcp.example.com.evil.com", 403),
        ("mcp.example.com.", 403),
        ("example.com", 403),
    ]);
    for (origin, status) in [
        ("https://app.example.com", 200),
        ("https://APP.example.com", 200),
        ("https://mcp.example.com", 200),
        ("http://mcp.example.com", 403),
        ("https://mcp.example.com:444", 403),
        ("http://localhost", 403),
        ("https://app.example.com:444", 403),
        ("https://app.example.com.evil.com", 403),
        ("null", 403),
        ("https://evil.com", 403),
    ] {
        let call = echo().header("host", "mcp.example.com:443").header("origin", origin);
        rows.push((format!("origin {origin}"), call, status));
    }
    let listed =
        echo().header("host", "mcp.example.com").header("origin", "https://app.example.com");
    rows.push((
        "a listed site is another on purpose".into(),
        listed.header("sec-fetch-site", "cross-site"),
        200,
    ));
    check(options, rows).await;
}

#[tokio::test]
async fn pages_of_other_sites_are_refused() {
    let mut rows = origins(&[
        ("http://localhost", 200),
        ("http://localhost:3000", 200),
        ("https://127.0.0.1", 200),
        ("http://[::1]:1", 200),
        ("null", 403),
        ("", 403),
        ("http://evil.com", 403),
        ("https://localhost.evil.com", 403),
        ("file://", 403),
        ("http://localhost@evil.com", 403),
        ("http://evil.com#localhost", 403),
        ("ftp://localhost", 403),
        ("chrome-extension://localhost", 403),
        ("localhost", 403),
        ("http://localhost/", 403),
        ("http://", 403),
        ("http://localhost http://evil.com", 403),
        ("http://0.0.0.0", 403),
        ("HTTP://evil.com", 403),
    ]);
    rows.push((
        "two origins".into(),
        echo().and("origin", "http://localhost").and("origin", "http://localhost"),
        403,
    ));
    for (site, status) in [
        ("same-origin", 200),
        ("same-site", 200),
        ("none", 200),
        ("cross-site", 403),
        ("Cross-Site", 403),
    ] {
        rows.push((format!("site {site}"), echo().header("sec-fetch-site", site), status));
    }
    check(HttpOptions::new(), rows).await;
    let any = HttpOptions::new().allow_any_host().allow_any_origin();
    let rows = vec![
        (
            "any".to_owned(),
            echo().header("host", "evil.com").header("origin", "https://evil.com"),
            200,
        ),
        ("none".to_owned(), echo().header("origin", "null"), 403),
    ];
    check(any, rows).await;
    let any_host = HttpOptions::new().allow_any_host();
    let rebound = echo().header("host", "evil.com").header("origin", "http://evil.com");
    check(any_host, vec![("a Host that is not checked proves nothing".into(), rebound, 403)]).await;
}

#[tokio::test]
async fn bodies_are_json_and_not_compressed() {
    let mut rows = Vec::new();
    for (media, status) in [
        ("application/json", 200),
        ("Application/JSON", 200),
        ("application/json; charset=utf-8", 200),
        ("application/json;charset=UTF-8", 200),
        ("text/plain", 415),
        ("application/json-x", 415),
        ("application/jsonp", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/x-www-form-urlencoded", 415),
        ("text/plain; application/json", 415),
        ("", 415),
        ("*/*", 415),
        ("application/json, text/plain", 415),
        ("application/json; charset=utf-16", 415),
    ] {
        rows.push((format!("media {media}"), echo().header("content-type", media), status));
    }
    rows.push(("no media".into(), echo().without("content-type"), 415));
    rows.push(("two media".into(), echo().and("content-type", "text/plain"), 415));
    for (encoding, status) in
        [("identity", 200), ("gzip", 415), ("br", 415), ("zstd", 415), ("identity, gzip", 415)]
    {
        rows.push((
            format!("encoding {encoding}"),
            echo().header("content-encoding", encoding),
            status,
        ));
    }
    check(HttpOptions::new(), rows).await;
}
