//! Which documents are asked for, in which order, and which are used.

use mcp_client::http::{Authorizer as _, Endpoint};
use mcp_client::oauth::{ErrorKind, OAuth};
use serde_json::json;

use crate::world::{Answer, ISSUER, METADATA, OPENID, PRM, ROOT_PRM, SERVER, World, bound};

/// A server whose challenge says nothing.
fn silent() -> World {
    let world = World::new();
    world.resource(|_, token, _| if token.is_some() { (200, None) } else { (401, None) });
    world
}

fn prm() -> serde_json::Value {
    json!({"resource": SERVER, "authorization_servers": [ISSUER]})
}

#[tokio::test]
async fn the_challenge_goes_first_and_alone() {
    let world = World::new();
    let custom = "https://mcp.example.com/custom/metadata.json";
    world.remove(PRM);
    world.document(custom, prm());
    world.resource(move |_, token, _| match token {
        Some(_) => (200, None),
        None => (
            401,
            Some(format!(
                r#"Basic realm="x", bearer error="invalid_token", Resource_Metadata="{custom}""#
            )),
        ),
    });
    assert_eq!(world.call(&bound(world.oauth()), "a").await.unwrap(), 200);
    assert_eq!(world.urls()[..2], [custom, METADATA]);
}

#[tokio::test]
async fn well_known_places_in_order() {
    // What is there, and the requests up to it.
    let table: [(&[&str], &[&str]); 3] =
        [(&[PRM, ROOT_PRM], &[PRM]), (&[ROOT_PRM], &[PRM, ROOT_PRM]), (&[PRM], &[PRM])];
    for (there, expected) in table {
        let world = silent();
        world.remove(PRM);
        for url in there {
            world.document(url, prm());
        }
        assert_eq!(world.call(&bound(world.oauth()), "a").await.unwrap(), 200, "{there:?}");
        assert_eq!(world.urls()[..=expected.len()], [expected, &[METADATA]].concat());
    }
}

#[tokio::test]
async fn a_challenge_that_leads_nowhere_is_not_the_end() {
    for bad in
        ["https://mcp.example.com/gone", "http://169.254.169.254/latest", "file:///etc/passwd", "%"]
    {
        let world = World::new();
        world.resource(move |_, token, _| match token {
            Some(_) => (200, None),
            None => (401, Some(format!(r#"Bearer resource_metadata="{bad}""#))),
        });
        assert_eq!(world.call(&bound(world.oauth()), "a").await.unwrap(), 200, "{bad}");
        assert!(!world.urls().iter().any(|url| url.contains("169.254") || url.contains("passwd")));
    }
}

#[tokio::test]
async fn authorization_server_metadata_in_order() {
    let tenant = "https://as.example.com/tenant1";
    let oauth = "https://as.example.com/.well-known/oauth-authorization-server/tenant1";
    let openid = "https://as.example.com/.well-known/openid-configuration/tenant1";
    let appended = "https://as.example.com/tenant1/.well-known/openid-configuration";
    let table: [(&str, &str, &[&str]); 5] = [
        (ISSUER, METADATA, &[METADATA]),
        (ISSUER, OPENID, &[METADATA, OPENID]),
        (tenant, oauth, &[oauth]),
        (tenant, openid, &[oauth, openid]),
        (tenant, appended, &[oauth, openid, appended]),
    ];
    for (issuer, place, expected) in table {
        let world = World::new();
        world.remove(METADATA);
        world.document(PRM, json!({"resource": SERVER, "authorization_servers": [issuer]}));
        world.document(
            place,
            json!({
                "issuer": issuer,
                "authorization_endpoint": "https://as.example.com/authorize",
                "token_endpoint": "https://as.example.com/token",
                "registration_endpoint": "https://as.example.com/register",
                "code_challenge_methods_supported": ["plain", "S256"],
                "unknown": {"kept": true},
            }),
        );
        assert_eq!(world.call(&bound(world.oauth()), "a").await.unwrap(), 200, "{place}");
        assert_eq!(world.urls()[1..=expected.len()], *expected, "{place}");
    }
}

#[tokio::test]
async fn issuers_are_compared_byte_by_byte() {
    for (named, says) in [
        ("https://as.example.com", "https://as.example.com/"),
        ("https://as.example.com/", "https://as.example.com"),
        ("https://as.example.com", "https://AS.example.com"),
        ("https://as.example.com", "https://as.example.com:443"),
        ("https://as.example.com", "HTTPS://as.example.com"),
        ("https://as.example.com", "https://evil.example.com"),
        ("https://as.example.com", "https://as.example.com/tenant"),
        ("https://as.example.com", ""),
    ] {
        let world = World::new();
        world.authorization_server(ISSUER, json!({"issuer": says}));
        world.document(PRM, json!({"resource": SERVER, "authorization_servers": [named]}));
        let error = world.call(&bound(world.oauth()), "a").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidMetadata, "{named} {says}");
        assert_eq!(world.urls(), [PRM, METADATA], "nothing of the document is used");
        assert!(world.logins().is_empty());
    }
}

#[tokio::test]
async fn a_document_about_another_resource_is_not_used() {
    for resource in [
        "https://evil.example.com/mcp",
        "https://mcp.example.com/other",
        "https://mcp.example.com/mc",
        "https://mcp.example.com/mcp/deeper",
        "https://mcp.example.com/mcp#fragment",
        "https://mcp.example.com/mcp?query",
        "http://mcp.example.com/mcp",
        "https://mcp.example.com:8443/mcp",
        "https://mcp.example.com@evil.example.com/mcp",
        "",
    ] {
        let world = World::new();
        world.document(PRM, json!({"resource": resource, "authorization_servers": [ISSUER]}));
        world.document(ROOT_PRM, prm());
        let error = world.call(&bound(world.oauth()), "a").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidMetadata, "{resource}");
        assert_eq!(world.urls(), [PRM], "{resource}");
    }
}

#[tokio::test]
async fn the_resource_is_sent_as_the_server_writes_it() {
    for resource in [
        "https://mcp.example.com",
        "https://mcp.example.com/",
        "https://MCP.example.com/mcp",
        SERVER,
    ] {
        let world = World::new();
        world.document(PRM, json!({"resource": resource, "authorization_servers": [ISSUER]}));
        let oauth = bound(world.oauth());
        assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
        world.expire_all();
        assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
        assert_eq!(world.logins()[0].field("resource").as_deref(), Some(resource));
        assert_eq!(
            world.grants("authorization_code")[0].field("resource").as_deref(),
            Some(resource)
        );
        assert_eq!(world.grants("refresh_token")[0].field("resource").as_deref(), Some(resource));
    }
}

#[tokio::test]
async fn documents_that_cannot_be_used_end_it() {
    let bad: [(&str, Answer); 6] = [
        (PRM, Answer { body: "{".to_owned(), ..Answer::json(json!({})) }),
        (PRM, Answer::json(json!({}))),
        (PRM, Answer::json(json!({"resource": SERVER}))),
        (PRM, Answer::json(json!({"resource": SERVER, "authorization_servers": []}))),
        (
            PRM,
            Answer::json(
                json!({"resource": SERVER, "authorization_servers": ["https://as.example.com?x"]}),
            ),
        ),
        (METADATA, Answer::json(json!({"token_endpoint": "https://as.example.com/token"}))),
    ];
    for (url, answer) in bad {
        let world = World::new();
        let shown = answer.body.clone();
        world.answer(url, answer);
        let error = world.call(&bound(world.oauth()), "a").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidMetadata, "{shown}");
        assert!(world.logins().is_empty());
    }
}

#[tokio::test]
async fn pages_and_refusals_are_no_documents_and_failures_are_none_either() {
    // A site that answers every URL with its page.
    let world = silent();
    world.document(ROOT_PRM, prm());
    let page = Answer {
        media_type: "text/html; charset=utf-8",
        body: "<html>".to_owned(),
        ..Answer::status(200)
    };
    world.answer(PRM, page);
    assert_eq!(world.call(&bound(world.oauth()), "a").await.unwrap(), 200);

    // A server that is down for a moment is not one of 2025-03-26.
    for (url, status) in [(PRM, 503), (PRM, 0), (PRM, 429), (METADATA, 500)] {
        let world = silent();
        world.answer(url, Answer::status(status));
        let error = world.call(&bound(world.oauth()), "a").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unreachable, "{url} {status}");
        assert!(world.logins().is_empty());
    }
}

#[tokio::test]
async fn servers_of_2025_03_26_speak_for_themselves() {
    let origin = "https://mcp.example.com";
    let metadata = "https://mcp.example.com/.well-known/oauth-authorization-server";
    // With metadata at the origin.
    let world = silent();
    world.remove(PRM);
    world.authorization_server(
        origin,
        json!({"token_endpoint": "https://mcp.example.com/oauth/token"}),
    );
    world.endpoints("https://mcp.example.com/oauth");
    assert_eq!(world.call(&bound(world.oauth()), "a").await.unwrap(), 200);
    assert_eq!(world.urls()[..3], [PRM, ROOT_PRM, metadata]);
    assert_eq!(world.logins()[0].field("resource").as_deref(), Some(SERVER));

    // Without any: the default places.
    let world = silent();
    world.remove(PRM);
    world.endpoints(origin);
    assert_eq!(world.call(&bound(world.oauth()), "a").await.unwrap(), 200);
    assert!(world.logins()[0].url.starts_with("https://mcp.example.com/authorize?"));
    assert_eq!(world.logins()[0].field("code_challenge_method").as_deref(), Some("S256"));
    assert_eq!(world.sent_to("https://mcp.example.com/register").len(), 1);

    // Nor those: then it has no OAuth at all.
    let world = silent();
    world.remove(PRM);
    let error = world.call(&bound(world.oauth()), "a").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains(SERVER), "{error}");

    // Metadata without PKCE is metadata without PKCE.
    let world = silent();
    world.remove(PRM);
    world.authorization_server(origin, json!({"code_challenge_methods_supported": null}));
    let error = world.call(&bound(world.oauth()), "a").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidMetadata);

    // Not where it is turned off, and not where the challenge names a document.
    let world = silent();
    world.remove(PRM);
    world.endpoints(origin);
    let error =
        world.call(&bound(world.oauth().fallback_2025_03_26(false)), "a").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidMetadata);
    let world = World::new();
    world.remove(PRM);
    world.endpoints(origin);
    let error = world.call(&bound(world.oauth()), "a").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidMetadata);
    assert!(world.logins().is_empty());
}

#[tokio::test]
async fn endpoints_must_be_https() {
    for (member, url) in [
        ("authorization_endpoint", "http://as.example.com/authorize"),
        ("authorization_endpoint", "javascript:alert(1)"),
        ("authorization_endpoint", "file:///bin/sh"),
        ("authorization_endpoint", "https://10.0.0.1/authorize"),
        ("token_endpoint", "http://as.example.com/token"),
        ("token_endpoint", "https://127.0.0.1/token"),
        ("registration_endpoint", "http://as.example.com/register"),
    ] {
        let world = World::new();
        world.authorization_server(ISSUER, json!({member: url}));
        let error = world.call(&bound(world.oauth()), "a").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ForbiddenUrl, "{member} {url}");
        assert!(world.sent_to(url).is_empty());
        assert!(member == "token_endpoint" || world.logins().is_empty());
    }
}

#[tokio::test]
async fn the_list_of_authorization_servers_has_a_bound() {
    let world = World::new();
    let mut issuers: Vec<_> =
        (0..1_000).map(|index| format!("https://as{index}.example.com")).collect();
    issuers.insert(0, ISSUER.to_owned());
    world.document(PRM, json!({"resource": SERVER, "authorization_servers": issuers}));
    for (issuer, expected) in
        [("https://as14.example.com", true), ("https://as15.example.com", false)]
    {
        world.authorization_server(issuer, json!({}));
        let client = mcp_client::oauth::RegisteredClient::new("mine").issuer(issuer);
        let result = world.call(&bound(world.oauth().client(client)), "a").await;
        assert_eq!(result.is_ok(), expected, "{issuer}");
    }
}

#[tokio::test]
async fn other_schemes_are_not_ours() {
    let world = World::new();
    world.resource(|_, _, _| (401, Some("Negotiate, Basic realm=\"x\"".to_owned())));
    let error = world.call(&bound(world.oauth()), "a").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("Negotiate"), "{error}");
    assert!(world.urls().is_empty());
}

#[tokio::test]
async fn an_authorizer_is_for_one_server() {
    let oauth = OAuth::authorization_code().build();
    let endpoint = |url| Endpoint::parse(url).unwrap();
    oauth.bind(&endpoint(SERVER)).unwrap();
    oauth.bind(&endpoint(SERVER)).unwrap();
    assert!(oauth.bind(&endpoint("https://mcp.example.com/other")).is_err());
    for (url, is_private) in [
        ("http://10.0.0.1/mcp", true),
        ("http://mcp.corp/mcp", true),
        // Private networks are allowed; this one is reached over the network of everybody.
        ("http://mcp.example.com/mcp", false),
        ("http://93.184.216.34/mcp", false),
    ] {
        assert!(OAuth::authorization_code().build().bind(&endpoint(url)).is_err(), "{url}");
        let allowed = OAuth::authorization_code().allow_private_networks(true).build();
        assert_eq!(allowed.bind(&endpoint(url)).is_ok(), is_private, "{url}");
    }
    for url in ["http://localhost:8/mcp", "http://127.0.0.1/", "http://[::1]/"] {
        OAuth::authorization_code().build().bind(&endpoint(url)).unwrap();
    }

    let world = World::new();
    let oauth = bound(world.oauth());
    assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
    for elsewhere in [
        "https://evil.example.com/mcp",
        "http://mcp.example.com/mcp",
        "https://mcp.example.com:8/mcp",
    ] {
        let mut request = http::Request::new(bytes::Bytes::new());
        *request.uri_mut() = elsewhere.parse().unwrap();
        assert!(oauth.authorize(&mut request).await.is_err(), "{elsewhere}");
        assert!(request.headers().is_empty());
    }
}
