//! Enterprise-managed authorization: an identity provider decides for the users of a company.

use mcp_client::oauth::{ErrorKind, IdentityProvider, OAuth, RegisteredClient, Secret};
use serde_json::{Value, json};

use crate::world::{Answer, ISSUER, SERVER, World, bind, names};

const TOKEN: &str = "https://as.example.com/token";
const IDP: &str = "https://idp.company.example";
const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ID_JAG: &str = "urn:ietf:params:oauth:token-type:id-jag";

/// The client at the MCP server's authorization server.
fn client() -> RegisteredClient {
    RegisteredClient::new("robot").secret(Secret::new("s3 cret:")).issuer(ISSUER)
}

/// A world with an identity provider, whose token exchange returns this.
fn company(exchanged: Value) -> World {
    let world = World::without_refresh_tokens();
    world.authorization_server(IDP, json!({}));
    world.route(&format!("{IDP}/token"), move |_, _| Answer::json(exchanged.clone()));
    world
}

fn id_jag() -> Value {
    json!({"access_token": "id-jag", "issued_token_type": ID_JAG, "token_type": "N_A", "expires_in": 300})
}

fn provider() -> IdentityProvider {
    let client = RegisteredClient::new("desktop").secret(Secret::new("idp-secret"));
    IdentityProvider::new(IDP, client, Secret::new("id-token"))
}

#[tokio::test]
async fn an_identity_provider_issues_the_statement_for_a_user() {
    for (provider, is_known) in
        [(provider(), false), (provider().token_endpoint(format!("{IDP}/token")), true)]
    {
        let world = company(id_jag());
        let oauth = OAuth::enterprise_managed(client(), provider)
            .http_stack(world.clone())
            .scopes(["a"])
            .build();
        assert_eq!(world.call(&bind(oauth), "x").await.unwrap(), 200);

        let [exchange] = &world.sent_to(&format!("{IDP}/token"))[..] else {
            panic!("one exchange")
        };
        assert_eq!(
            names(exchange),
            [
                "audience",
                "grant_type",
                "requested_token_type",
                "resource",
                "scope",
                "subject_token",
                "subject_token_type"
            ]
        );
        assert_eq!(exchange.headers["authorization"], "Basic ZGVza3RvcDppZHAtc2VjcmV0");
        for (name, expected) in [
            ("grant_type", TOKEN_EXCHANGE),
            ("requested_token_type", ID_JAG),
            ("audience", ISSUER),
            ("resource", SERVER),
            ("scope", "a"),
            ("subject_token", "id-token"),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:id_token"),
        ] {
            assert_eq!(exchange.field(name).as_deref(), Some(expected), "{name}");
        }

        let [redeem] = &world.sent_to(TOKEN)[..] else { panic!("one token request") };
        assert_eq!(names(redeem), ["assertion", "grant_type", "resource", "scope"]);
        assert_eq!(redeem.field("grant_type").as_deref(), Some(JWT_BEARER));
        assert_eq!(redeem.field("assertion").as_deref(), Some("id-jag"));
        assert_eq!(redeem.headers["authorization"], "Basic cm9ib3Q6czMrY3JldCUzQQ==");

        let documents =
            world.sent_to(&format!("{IDP}/.well-known/oauth-authorization-server")).len();
        assert_eq!(documents, usize::from(!is_known));
        assert!(world.logins().is_empty());
    }
}

#[tokio::test]
async fn only_an_id_jag_leaves_the_company() {
    let with = |name: &str, value: Value| {
        let mut answer = id_jag();
        answer[name] = value;
        answer
    };
    for exchanged in [
        with("issued_token_type", json!("urn:ietf:params:oauth:token-type:access_token")),
        with("issued_token_type", json!("urn:ietf:params:oauth:token-type:refresh_token")),
        with("issued_token_type", json!(null)),
        json!({"access_token": "canary", "token_type": "Bearer"}),
        json!({"error": "canary"}),
    ] {
        let world = company(exchanged);
        let oauth =
            OAuth::enterprise_managed(client(), provider()).http_stack(world.clone()).build();
        let error = world.call(&bind(oauth), "x").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidMetadata, "{error}");
        assert!(!format!("{error:?}").contains("canary"));
        assert!(world.sent_to(TOKEN).is_empty());
    }

    let world = company(id_jag());
    world.answer(&format!("{IDP}/token"), Answer::error("access_denied"));
    let oauth = OAuth::enterprise_managed(client(), provider()).http_stack(world.clone()).build();
    let error = world.call(&bind(oauth), "x").await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Refused, Some("access_denied")));
    assert!(world.sent_to(TOKEN).is_empty());
}

#[tokio::test]
async fn a_client_of_another_server_is_not_used_at_the_identity_provider() {
    let world = company(id_jag());
    let stranger = RegisteredClient::new("desktop").secret("CANARY").issuer(ISSUER);
    let provider = IdentityProvider::new(IDP, stranger, Secret::new("id-token"));
    let oauth = OAuth::enterprise_managed(client(), provider).http_stack(world.clone()).build();
    let error = world.call(&bind(oauth), "x").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(
        error.to_string().contains("\"desktop\"") && !error.to_string().contains("CANARY"),
        "{error}"
    );
    assert!(!world.urls().iter().any(|url| url.starts_with(IDP)));
}

#[tokio::test]
async fn a_server_may_list_no_support_for_enterprise_managed_authorization() {
    let other = json!(["urn:example:other"]);
    let ours = json!(["urn:example:other", "urn:ietf:params:oauth:grant-profile:id-jag"]);
    for (profiles, is_known) in [(other, false), (ours, true)] {
        let world = company(id_jag());
        world.authorization_server(
            ISSUER,
            json!({"authorization_grant_profiles_supported": profiles}),
        );
        let oauth =
            OAuth::enterprise_managed(client(), provider()).http_stack(world.clone()).build();
        match world.call(&bind(oauth), "x").await {
            Ok(status) => assert!(is_known && status == 200),
            Err(error) => {
                assert!(!is_known && error.kind() == ErrorKind::Configuration, "{error:?}");
            }
        }
        assert_eq!(world.sent_to(&format!("{IDP}/token")).len(), usize::from(is_known));
    }
}
