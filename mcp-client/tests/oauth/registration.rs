//! The client's id, and how it authenticates.

use mcp_client::oauth::{ClientMetadata, ErrorKind, MemoryStore, RegisteredClient};
use serde_json::{Value, json};

use crate::world::{Answer, ISSUER, PRM, REDIRECT, SERVER, World, bound};

const REGISTER: &str = "https://as.example.com/register";
const DOCUMENT: &str = "https://host.example.com/client.json";

#[tokio::test]
async fn a_registered_client_goes_before_a_document_and_that_before_registration() {
    let registered = || Some(RegisteredClient::new("mine"));
    // Whether the server supports documents and registration; what the application set; the id.
    let table = [
        (true, true, registered(), Some(DOCUMENT), Some("mine")),
        (true, true, None, Some(DOCUMENT), Some(DOCUMENT)),
        (true, false, None, Some(DOCUMENT), Some(DOCUMENT)),
        (false, true, None, Some(DOCUMENT), Some("dynamic@as.example.com")),
        (true, true, None, None, Some("dynamic@as.example.com")),
        (false, false, registered(), None, Some("mine")),
        (false, false, None, Some(DOCUMENT), None),
        (true, false, None, None, None),
    ];
    for (documents, registration, client, document, expected) in table {
        let world = World::new();
        let mut changes = json!({"client_id_metadata_document_supported": documents});
        if !registration {
            changes["registration_endpoint"] = Value::Null;
        }
        world.authorization_server(ISSUER, changes);
        let mut builder = world.oauth();
        builder = if let Some(client) = client { builder.client(client) } else { builder };
        builder = if let Some(document) = document {
            builder.client_metadata_url(document)
        } else {
            builder
        };
        let result = world.call(&bound(builder), "a").await;
        let case = format!("{documents} {registration} {document:?} {expected:?}");
        match expected {
            Some(id) => {
                assert_eq!(result.unwrap(), 200, "{case}");
                assert_eq!(world.logins()[0].field("client_id").as_deref(), Some(id), "{case}");
                assert_eq!(
                    world.sent_to(REGISTER).len(),
                    usize::from(id.starts_with("dynamic")),
                    "{case}"
                );
            }
            None => {
                assert_eq!(result.unwrap_err().kind(), ErrorKind::Configuration, "{case}");
                assert!(world.logins().is_empty());
            }
        }
    }
}

#[tokio::test]
async fn a_dynamic_registration_has_the_metadata_of_the_client() {
    let world = World::new();
    let metadata =
        ClientMetadata::new().client_uri("https://host.example.com").software_id("notes");
    let oauth = bound(world.oauth().client_name("Notes").client_metadata(metadata));
    assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
    let sent = &world.sent_to(REGISTER)[0];
    assert_eq!(sent.headers["content-type"], "application/json");
    let expected = json!({
        "client_name": "Notes",
        "redirect_uris": [REDIRECT],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
        "application_type": "native",
        "client_uri": "https://host.example.com",
        "software_id": "notes",
    });
    assert_eq!(sent.json(), expected);

    for (redirect, kind) in [
        ("https://app.example.com/callback", "web"),
        ("com.example.app:/callback", "native"),
        ("http://127.0.0.1:1/callback", "native"),
        ("https://localhost/callback", "native"),
    ] {
        let world = World::new();
        let oauth = bound(world.oauth().redirect(redirect, |_| async { Err("enough".into()) }));
        world.call(&oauth, "a").await.unwrap_err();
        assert_eq!(world.sent_to(REGISTER)[0].json()["application_type"], kind, "{redirect}");
    }
}

#[tokio::test]
async fn invalid_urls_of_the_application_are_refused() {
    for document in [
        "http://host.example.com/c.json",
        "https://host.example.com",
        "https://host.example.com/",
        "x",
        "https://a@b.example/c",
    ] {
        let world = World::new();
        world.authorization_server(ISSUER, json!({"client_id_metadata_document_supported": true}));
        let error =
            world.call(&bound(world.oauth().client_metadata_url(document)), "a").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration, "{document}");
        assert!(world.logins().is_empty());
    }
    for redirect in [
        "http://host.example.com/callback",
        "HTTP://10.0.0.1/",
        "https://host.example.com/#x",
        "callback",
        "",
        "//x",
    ] {
        let world = World::new();
        let oauth = bound(world.oauth().redirect(redirect, |_| async { Err("not asked".into()) }));
        let error = world.call(&oauth, "a").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration, "{redirect}");
        assert!(world.sent_to(REGISTER).is_empty());
    }
}

/// What the server lists and assigns, the secret that it issues, and what the client then does.
#[tokio::test]
async fn a_dynamic_client_authenticates_as_it_was_registered() {
    let basic: &[&str] = &["client_secret_basic"];
    let post: &[&str] = &["client_secret_post"];
    type Listed = Option<&'static [&'static str]>;
    let table: [(Listed, Option<&str>, Option<&str>, &str); 10] = [
        (Some(basic), Some("client_secret_basic"), Some("s"), "basic"),
        (Some(post), Some("client_secret_post"), Some("s"), "post"),
        (Some(basic), Some("client_secret_post"), Some("s"), "post"),
        (Some(&["none"]), Some("none"), None, "none"),
        (Some(&["none"]), Some("none"), Some("s"), "none"),
        (Some(post), None, Some("s"), "post"),
        (Some(basic), None, Some("s"), "basic"),
        (None, None, Some("s"), "basic"),
        (None, None, None, "none"),
        (Some(basic), Some("client_secret_basic"), None, "none"),
    ];
    for (listed, assigned, secret, expected) in table {
        let world = World::new();
        world.authorization_server(
            ISSUER,
            json!({"token_endpoint_auth_methods_supported": listed.map_or(Value::Null, |listed| json!(listed))}),
        );
        world.route(REGISTER, move |_, _| {
            let mut answer = json!({"client_id": "the id:"});
            if let Some(assigned) = assigned {
                answer["token_endpoint_auth_method"] = assigned.into();
            }
            if let Some(secret) = secret {
                answer["client_secret"] = secret.into();
            }
            Answer { status: 201, ..Answer::json(answer) }
        });
        let case = format!("{listed:?} {assigned:?} {secret:?}");
        let oauth = bound(world.oauth());
        assert_eq!(world.call(&oauth, "a").await.unwrap(), 200, "{case}");
        world.expire_all();
        assert_eq!(world.call(&oauth, "a").await.unwrap(), 200, "{case}");
        for sent in [&world.grants("authorization_code")[0], &world.grants("refresh_token")[0]] {
            let header = sent.headers.get("authorization").map(|value| value.to_str().unwrap());
            let form = (sent.field("client_id"), sent.field("client_secret"));
            let id = Some("the id:".to_owned());
            match expected {
                // "the+id%3A:s"
                "basic" => {
                    assert_eq!(
                        (header, form),
                        (Some("Basic dGhlK2lkJTNBOnM="), (None, None)),
                        "{case}"
                    );
                }
                "post" => assert_eq!((header, form), (None, (id, Some("s".to_owned()))), "{case}"),
                _ => assert_eq!((header, form), (None, (id, None)), "{case}"),
            }
        }
    }
    // An unsupported method is an error before the user logs in.
    let world = World::new();
    world.route(REGISTER, |_, _| {
        Answer::json(
            json!({"client_id": "x", "client_secret": "s", "token_endpoint_auth_method": "tls_client_auth"}),
        )
    });
    let error = world.call(&bound(world.oauth()), "a").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("tls_client_auth"), "{error}");
}

#[tokio::test]
async fn a_registered_client_authenticates_as_the_metadata_or_the_application_says() {
    for (method, listed, header) in [
        (None, json!(["client_secret_basic"]), true),
        (None, json!(["client_secret_post"]), false),
        (Some("client_secret_post"), json!(["client_secret_basic", "client_secret_post"]), false),
    ] {
        let world = World::new();
        world.authorization_server(
            ISSUER,
            json!({"registration_endpoint": null, "token_endpoint_auth_methods_supported": listed}),
        );
        let mut client = RegisteredClient::new("mine").secret("s").issuer(ISSUER);
        if let Some(method) = method {
            client = client.token_endpoint_auth_method(method);
        }
        assert_eq!(world.call(&bound(world.oauth().client(client)), "a").await.unwrap(), 200);
        let sent = &world.grants("authorization_code")[0];
        assert_eq!(sent.headers.contains_key("authorization"), header);
        assert_eq!(sent.field("client_secret").is_some(), !header);
    }
}

#[tokio::test]
async fn a_registered_client_stays_with_its_authorization_server() {
    // By its issuer.
    let world = World::new();
    let client = RegisteredClient::new("mine").secret("s").issuer("https://login.example.com");
    let error = world.call(&bound(world.oauth().client(client)), "a").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("login.example.com"), "{error}");

    // By the first one that the MCP server named, in another process too.
    let world = World::new();
    let store = MemoryStore::new();
    let oauth = || bound(world.oauth().client(RegisteredClient::new("mine")).store(store.clone()));
    assert_eq!(world.call(&oauth(), "a").await.unwrap(), 200);
    world.forget_sent();
    world.expire_all();
    world.authorization_server("https://evil.example.com", json!({}));
    world.document(
        PRM,
        json!({"resource": SERVER, "authorization_servers": ["https://evil.example.com"]}),
    );
    let error = world.call(&oauth(), "a").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(world.logins().is_empty());
    assert!(world.urls().iter().all(|url| !url.ends_with("/token")));
}

#[tokio::test]
async fn one_registration_serves_an_authorization_server() {
    let world = World::new();
    let store = MemoryStore::new();
    assert_eq!(world.call(&bound(world.oauth().store(store.clone())), "a").await.unwrap(), 200);
    world.expire_all();
    world.route("https://as.example.com/token", |world, sent| match sent.field("refresh_token") {
        Some(_) => Answer::error("invalid_grant"),
        None => world.issue(sent, json!({})),
    });
    assert_eq!(world.call(&bound(world.oauth().store(store.clone())), "a").await.unwrap(), 200);
    assert_eq!(world.logins().len(), 2);
    assert_eq!(world.sent_to(REGISTER).len(), 1, "it was stored");

    // Another redirect URI needs another registration.
    world.expire_all();
    let oauth = world
        .oauth()
        .redirect("http://localhost:4000/callback", |_| async { Err("enough".into()) });
    world.call(&bound(oauth.store(store)), "a").await.unwrap_err();
    assert_eq!(world.sent_to(REGISTER).len(), 2);
}

#[tokio::test]
async fn an_expired_secret_is_not_used() {
    let world = World::new();
    world.route(REGISTER, |_, _| {
        Answer::json(json!({"client_id": "x", "client_secret": "s", "client_secret_expires_at": 1}))
    });
    let store = MemoryStore::new();
    for _ in 0..2 {
        world.expire_all();
        assert_eq!(world.call(&bound(world.oauth().store(store.clone())), "a").await.unwrap(), 200);
    }
    assert_eq!(world.sent_to(REGISTER).len(), 2);
}

#[tokio::test]
async fn a_refused_registration_is_an_error() {
    for (answer, kind, code) in [
        (Answer::error("invalid_redirect_uri"), ErrorKind::Refused, Some("invalid_redirect_uri")),
        (Answer::status(403), ErrorKind::Refused, None),
        (Answer::status(503), ErrorKind::Unreachable, None),
        (Answer::json(json!({})), ErrorKind::InvalidMetadata, None),
    ] {
        let world = World::new();
        world.answer(REGISTER, answer);
        let error = world.call(&bound(world.oauth()), "a").await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (kind, code));
        assert!(world.logins().is_empty());
    }
}

#[tokio::test]
async fn a_client_that_the_server_has_forgotten_registers_again() {
    let world = World::new();
    let store = MemoryStore::new();
    let oauth = || bound(world.oauth().store(store.clone()));
    assert_eq!(world.call(&oauth(), "a").await.unwrap(), 200);
    world.expire_all();
    world.route("https://as.example.com/token", |world, sent| match sent.field("refresh_token") {
        Some(_) => Answer::error("invalid_client"),
        None => world.issue(sent, json!({})),
    });
    assert_eq!(world.call(&oauth(), "a").await.unwrap(), 200);
    assert_eq!((world.sent_to(REGISTER).len(), world.logins().len()), (2, 2));

    // One that was registered by hand cannot be registered again.
    let client = RegisteredClient::new("mine").issuer(ISSUER);
    let oauth = bound(world.oauth().client(client));
    assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
    world.expire_all();
    let error = world.call(&oauth, "a").await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Refused, Some("invalid_client")));
}
