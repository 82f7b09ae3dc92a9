//! The client of this SDK, with each grant and both kinds of tokens.

use std::sync::{Arc, Mutex};

use mcp_client::http::{Authorizer, BearerToken, Bytes, HttpStack as _, Network, Request};
use mcp_client::oauth::{
    AuthorizationCode, OAuth, OAuthBuilder, RegisteredClient, SigningAlgorithm, SigningKey,
};
use mcp_client::{Client, ErrorKind};
use mcp_core::fetch::{FORM, Form};
use mcp_test_support::keys;
use serde_json::{Value, json};

use super::authorization_server::{self, FORMATS, TokenFormat};
use super::browser;
use super::protected_server::{Binding, ProtectedServer};
use crate::host::text;

async fn connect(url: &str, authorizer: impl Authorizer) -> Client {
    let client = Client::builder().authorizer(authorizer).connect_http(url).await;
    client.expect("the client logs in")
}

async fn whoami(client: &Client) -> String {
    text(client, "whoami", json!({})).await
}

#[tokio::test]
#[cfg_attr(not(node_peers_installed), ignore = "run `bash conformance-tests/peers/install.sh`")]
async fn client_credentials_with_a_secret_and_with_a_key() {
    for format in FORMATS {
        let authorization_server = authorization_server::start(format);
        let issuer = authorization_server.url("");
        let server = ProtectedServer::start(&issuer, format, Binding::None).await;
        let secret = RegisteredClient::new("service").secret("service-secret");
        let key = SigningKey::from_pem(SigningAlgorithm::Es256, keys::P256).unwrap();
        let key = RegisteredClient::new("service-key").private_key(key);
        for (client, name) in [(secret, "service"), (key, "service-key")] {
            let oauth = OAuth::client_credentials(client.issuer(&issuer)).scopes(["files:read"]);
            let client = connect(server.url(), oauth.build()).await;
            assert!(whoami(&client).await.ends_with(" with files:read"), "{name}");
            assert_eq!(text(&client, "read", json!({})).await, "read");
            client.close().await;
        }
    }
}

/// A client whose user logs in with a browser, and the browser's visits: how many pages each had.
fn with_browser() -> (OAuthBuilder<AuthorizationCode>, Arc<Mutex<Vec<usize>>>) {
    let visits = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&visits);
    let builder = OAuth::authorization_code().client_name("Peer tests").open_browser(move |url| {
        let (url, seen) = (url.as_str().to_owned(), Arc::clone(&seen));
        tokio::spawn(async move {
            let pages = browser::visit(&url).await;
            seen.lock().expect("no panic").push(pages);
        });
        Ok(())
    });
    (builder, visits)
}

#[tokio::test]
#[cfg_attr(not(node_peers_installed), ignore = "run `bash conformance-tests/peers/install.sh`")]
async fn a_user_logs_in_with_pkce_and_steps_up_to_a_second_scope() {
    for format in FORMATS {
        let authorization_server = authorization_server::start(format);
        let issuer = authorization_server.url("");
        let server = ProtectedServer::start(&issuer, format, Binding::None).await;
        let (builder, visits) = with_browser();
        let client = connect(server.url(), builder.scopes(["files:read"]).build()).await;
        assert_eq!(whoami(&client).await, "ada with files:read");
        assert_eq!(text(&client, "read", json!({})).await, "read");
        assert_eq!(visits.lock().unwrap().len(), 1);
        // The call is refused with 403 and both scopes, and repeated when the user agreed.
        assert_eq!(text(&client, "write", json!({})).await, "written");
        assert_eq!(whoami(&client).await, "ada with files:read files:write");
        // Each visit comes through the page for the log-in, and ends at the listener of the client.
        let visits = visits.lock().unwrap().clone();
        assert!(visits.len() == 2 && visits.iter().all(|pages| *pages >= 4), "{visits:?}");
        client.close().await;
    }
}

#[tokio::test]
#[cfg_attr(not(node_peers_installed), ignore = "run `bash conformance-tests/peers/install.sh`")]
async fn tokens_that_are_bound_to_a_key() {
    for format in FORMATS {
        let authorization_server = authorization_server::start(format);
        let issuer = authorization_server.url("");
        let server = ProtectedServer::start(&issuer, format, Binding::Required).await;
        let key = || SigningKey::generate().expect("a key");
        let (builder, _visits) = with_browser();
        let user = builder.dpop(key()).scopes(["files:read"]).build();
        let client = connect(server.url(), user).await;
        assert_eq!(whoami(&client).await, "ada with files:read");
        assert_eq!(text(&client, "write", json!({})).await, "written");
        client.close().await;

        let service = RegisteredClient::new("service").secret("service-secret").issuer(&issuer);
        let service = OAuth::client_credentials(service).scopes(["files:read"]).dpop(key()).build();
        let client = connect(server.url(), service).await;
        for _ in 0..3 {
            assert_eq!(text(&client, "read", json!({})).await, "read");
        }
        client.close().await;

        // A token that is bound to no key.
        let bearer = BearerToken::new(&token(&issuer, server.url()).await).expect("a token");
        assert_unauthorized(server.url(), bearer).await;
    }
}

#[tokio::test]
#[cfg_attr(not(node_peers_installed), ignore = "run `bash conformance-tests/peers/install.sh`")]
async fn a_token_for_another_server_or_of_another_issuer_is_refused() {
    for format in FORMATS {
        let servers = [authorization_server::start(format), authorization_server::start(format)];
        let [issuer, other_issuer] = servers.each_ref().map(|server| server.url(""));
        let server = ProtectedServer::start(&issuer, format, Binding::None).await;
        let bearer = async |issuer: &str, resource: &str| {
            BearerToken::new(&token(issuer, resource).await).expect("a token")
        };
        let client = connect(server.url(), bearer(&issuer, server.url()).await).await;
        assert_eq!(text(&client, "read", json!({})).await, "read");
        client.close().await;

        let with_slash = format!("{}/", server.url());
        for resource in ["http://127.0.0.1:1/mcp", &with_slash] {
            assert_unauthorized(server.url(), bearer(&issuer, resource).await).await;
        }
        assert_unauthorized(server.url(), bearer(&other_issuer, server.url()).await).await;
        assert_unauthorized(server.url(), BearerToken::new("guessed").expect("a token")).await;
    }
}

#[tokio::test]
#[cfg_attr(not(node_peers_installed), ignore = "run `bash conformance-tests/peers/install.sh`")]
async fn an_authorization_server_that_is_gone_says_nothing_about_tokens() {
    for format in FORMATS {
        let authorization_server = authorization_server::start(format);
        let issuer = authorization_server.url("");
        let server = ProtectedServer::start(&issuer, format, Binding::None).await;
        let known = token(&issuer, server.url()).await;
        let unknown = token(&issuer, server.url()).await;
        let client = connect(server.url(), BearerToken::new(&known).expect("a token")).await;
        assert_eq!(text(&client, "read", json!({})).await, "read");
        drop(authorization_server);
        // It was verified a moment ago.
        assert_eq!(text(&client, "read", json!({})).await, "read");
        client.close().await;
        // A server that has the keys needs nothing else for another token.
        let bearer = BearerToken::new(&unknown).expect("a token");
        let mut limits = mcp_client::Limits::default();
        limits.http.max_attempts = 1;
        let client = Client::builder().limits(limits).authorizer(bearer);
        match (format, client.connect_http(server.url()).await) {
            (TokenFormat::Jwt, Ok(client)) => client.close().await,
            (TokenFormat::Opaque, Err(error)) => {
                assert!(format!("{error:?}").contains("503"), "{error:?}");
                None
            }
            (format, outcome) => panic!("{format:?}: {outcome:?}"),
        };
    }
}

/// Asserts that a server refuses a client for its token.
async fn assert_unauthorized(url: &str, authorizer: impl Authorizer) {
    let error = Client::builder().authorizer(authorizer).connect_http(url).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized, "{error}");
}

/// A token of the client `service` for a resource, which has all scopes that it asks for.
async fn token(issuer: &str, resource: &str) -> String {
    let form = Form::new()
        .with("grant_type", "client_credentials")
        .with("client_id", "service")
        .with("client_secret", "service-secret")
        .with("scope", "files:read")
        .with("resource", resource);
    let request = Request::post(format!("{issuer}/token"))
        .header("content-type", FORM)
        .body(Bytes::from(form.finish()))
        .expect("a request");
    let response = Network::new().send(request).await.expect("a response");
    let body = response.into_body().read(64 << 10).await.expect("a body").expect("a short body");
    let body: Value = serde_json::from_slice(&body).expect("JSON");
    body["access_token"].as_str().unwrap_or_else(|| panic!("{body}")).to_owned()
}
