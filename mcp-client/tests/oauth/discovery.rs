//! Which documents are fetched, in which order, and which are used.

use mcp_client::Revision;
use mcp_client::http::Authorizer as _;
use mcp_client::oauth::{ErrorKind, OAuth};
use serde_json::json;

use crate::world::{
    Answer, ISSUER, METADATA, OPENID, PRM, ROOT_PRM, SERVER, World, binding, bound,
};

/// A server without a challenge.
fn without_challenge() -> World {
    let world = World::new();
    world.resource(|_, token, _| if token.is_some() { (200, None) } else { (401, None) });
    world
}

fn prm() -> serde_json::Value {
    json!({"resource": SERVER, "authorization_servers": [ISSUER]})
}

#[tokio::test]
async fn the_document_of_the_challenge_is_fetched_first_and_alone() {
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
async fn without_a_challenge_the_well_known_urls_are_fetched_in_order() {
    // The URLs with a document, and the requests up to the first one.
    let table: [(&[&str], &[&str]); 3] =
        [(&[PRM, ROOT_PRM], &[PRM]), (&[ROOT_PRM], &[PRM, ROOT_PRM]), (&[PRM], &[PRM])];
    for (there, expected) in table {
        let world = without_challenge();
        world.remove(PRM);
        for url in there {
            world.document(url, prm());
        }
        assert_eq!(world.call(&bound(world.oauth()), "a").await.unwrap(), 200, "{there:?}");
        assert_eq!(world.urls()[..=expected.len()], [expected, &[METADATA]].concat());
    }
}

#[tokio::test]
async fn a_challenge_without_a_document_is_followed_by_the_well_known_urls() {
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
async fn authorization_server_metadata_is_fetched_in_order() {
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
async fn issuers_are_compared_byte_for_byte() {
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
        "https://mcp.example.com",
        "https://mcp.example.com/",
        "https://mcp.example.com/other",
        "https://mcp.example.com/mc",
        "https://mcp.example.com/mcp/",
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
        assert!(error.to_string().contains("OAuthBuilder::resource"), "{error}");
    }
    // A document that the challenge names has the server's URL too, wherever the document is.
    let custom = "https://mcp.example.com/custom/metadata.json";
    let world = World::new();
    let origin = "https://mcp.example.com";
    world.document(custom, json!({"resource": origin, "authorization_servers": [ISSUER]}));
    world.resource(move |_, _, _| (401, Some(format!(r#"Bearer resource_metadata="{custom}""#))));
    let error = world.call(&bound(world.oauth()), "a").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidMetadata);
}

#[tokio::test]
async fn a_document_about_the_whole_origin_may_name_the_origin() {
    for resource in ["https://mcp.example.com", "https://mcp.example.com/", SERVER] {
        for is_named in [false, true] {
            let world = without_challenge();
            world.remove(PRM);
            world.document(
                ROOT_PRM,
                json!({"resource": resource, "authorization_servers": [ISSUER]}),
            );
            if is_named {
                world.resource(|_, token, _| match token {
                    Some(_) => (200, None),
                    None => (401, Some(format!(r#"Bearer resource_metadata="{ROOT_PRM}""#))),
                });
            }
            assert_eq!(world.call(&bound(world.oauth()), "a").await.unwrap(), 200, "{resource}");
            assert_eq!(world.logins()[0].field("resource").as_deref(), Some(resource));
        }
    }
}

#[tokio::test]
async fn an_application_may_set_the_resource_of_a_server() {
    let resource = "https://api.example.com/everything";
    let world = World::new();
    world.document(PRM, json!({"resource": resource, "authorization_servers": [ISSUER]}));
    assert_eq!(world.call(&bound(world.oauth().resource(resource)), "a").await.unwrap(), 200);
    assert_eq!(world.logins()[0].field("resource").as_deref(), Some(resource));
    // Exactly this one.
    let other = bound(world.oauth().resource("https://api.example.com"));
    let error = world.call(&other, "a").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidMetadata);
}

#[tokio::test]
async fn the_resource_is_sent_as_the_server_writes_it() {
    for resource in ["https://MCP.example.com/mcp", "https://mcp.example.com:443/mcp", SERVER] {
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
async fn an_invalid_document_ends_the_discovery() {
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
async fn a_page_is_not_a_document_and_a_failure_does_not_mean_that_there_is_none() {
    // A site that answers every URL with its page.
    let world = without_challenge();
    world.document(ROOT_PRM, prm());
    let page = Answer {
        media_type: "text/html; charset=utf-8",
        body: "<html>".to_owned(),
        ..Answer::status(200)
    };
    world.answer(PRM, page);
    assert_eq!(world.call(&bound(world.oauth()), "a").await.unwrap(), 200);

    // A server that is down for a moment may have metadata.
    for (url, status) in [(PRM, 503), (PRM, 0), (PRM, 429), (METADATA, 500)] {
        let world = without_challenge();
        world.answer(url, Answer::status(status));
        let error = world.call(&bound(world.oauth()), "a").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unreachable, "{url} {status}");
        assert!(world.logins().is_empty());
    }
}

#[tokio::test]
async fn a_server_of_2025_03_26_may_be_its_own_authorization_server() {
    let own = |world: &World| bound(world.oauth().fallback_2025_03_26(true));
    let origin = "https://mcp.example.com";
    let metadata = "https://mcp.example.com/.well-known/oauth-authorization-server";
    // With metadata at the origin.
    let world = without_challenge();
    world.remove(PRM);
    world.authorization_server(
        origin,
        json!({"token_endpoint": "https://mcp.example.com/oauth/token"}),
    );
    world.endpoints("https://mcp.example.com/oauth");
    assert_eq!(world.call(&own(&world), "a").await.unwrap(), 200);
    assert_eq!(world.urls()[..3], [PRM, ROOT_PRM, metadata]);
    assert_eq!(world.logins()[0].field("resource").as_deref(), Some(SERVER));

    // Without any: the default endpoints.
    let world = without_challenge();
    world.remove(PRM);
    world.endpoints(origin);
    assert_eq!(world.call(&own(&world), "a").await.unwrap(), 200);
    assert!(world.logins()[0].url.starts_with("https://mcp.example.com/authorize?"));
    assert_eq!(world.logins()[0].field("code_challenge_method").as_deref(), Some("S256"));
    assert_eq!(world.sent_to("https://mcp.example.com/register").len(), 1);

    // Without those either: it has no OAuth at all.
    let world = without_challenge();
    world.remove(PRM);
    let error = world.call(&own(&world), "a").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains(SERVER), "{error}");

    // Its metadata must list PKCE like any other.
    let world = without_challenge();
    world.remove(PRM);
    world.authorization_server(origin, json!({"code_challenge_methods_supported": null}));
    let error = world.call(&own(&world), "a").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidMetadata);

    // Not where the challenge names a document.
    let world = World::new();
    world.remove(PRM);
    world.endpoints(origin);
    let error = world.call(&own(&world), "a").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidMetadata);
    assert!(world.logins().is_empty());
}

#[tokio::test]
async fn without_metadata_the_negotiated_revision_decides() {
    let revisions = Revision::ALL.map(Some);
    for revision in revisions.into_iter().chain([None]) {
        let world = without_challenge();
        world.remove(PRM);
        world.endpoints("https://mcp.example.com");
        let oauth = world.oauth().build();
        oauth.bind(&binding(SERVER).with_revision(move || revision)).unwrap();
        let result = world.call(&oauth, "a").await;
        if revision == Some(Revision::V2025_03_26) {
            assert_eq!(result.unwrap(), 200);
        } else {
            let error = result.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidMetadata, "{revision:?}");
            assert!(error.to_string().contains("fallback_2025_03_26"), "{error}");
            assert!(world.logins().is_empty(), "{revision:?}");
            assert_eq!(world.urls(), [PRM, ROOT_PRM], "{revision:?}");
        }
    }
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
async fn the_list_of_authorization_servers_is_bounded() {
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
async fn a_challenge_of_another_scheme_is_an_error() {
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
    oauth.bind(&binding(SERVER)).unwrap();
    oauth.bind(&binding(SERVER)).unwrap();
    assert!(oauth.bind(&binding("https://mcp.example.com/other")).is_err());
    for (url, is_private) in [
        ("http://10.0.0.1/mcp", true),
        ("http://mcp.corp/mcp", true),
        // Its name is public.
        ("http://mcp.example.com/mcp", false),
        ("http://93.184.216.34/mcp", false),
    ] {
        assert!(OAuth::authorization_code().build().bind(&binding(url)).is_err(), "{url}");
        let hosts = ["10.0.0.1", ".corp", "mcp.example.com", "93.184.216.34"];
        let allowed = OAuth::authorization_code().allow_private_hosts(hosts).build();
        assert_eq!(allowed.bind(&binding(url)).is_ok(), is_private, "{url}");
    }
    for url in ["http://localhost:8/mcp", "http://127.0.0.1/", "http://[::1]/"] {
        OAuth::authorization_code().build().bind(&binding(url)).unwrap();
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
