//! The settings of usual authorization servers: with metadata as these publish it, and tokens as
//! these issue them, signed by keys of the tests.

use mcp_core::jose::SigningAlgorithm;
use mcp_server::auth::{JwtVerifierBuilder, TokenVerifier as _, presets};
use serde_json::{Value, json};

use super::documents::Documents;
use super::tokens::{NOW, RESOURCE, Token, key_set, now, refuse, verify};

/// What an authorization server publishes, shortened to what is read and its neighbours.
fn metadata(name: &str) -> Value {
    let text = match name {
        "auth0" => include_str!("metadata/auth0.json"),
        "cognito" => include_str!("metadata/cognito.json"),
        "descope" => include_str!("metadata/descope.json"),
        "entra" => include_str!("metadata/entra.json"),
        "entra-organizations" => include_str!("metadata/entra-organizations.json"),
        "keycloak" => include_str!("metadata/keycloak.json"),
        "scalekit" => include_str!("metadata/scalekit.json"),
        "workos" => include_str!("metadata/workos.json"),
        other => panic!("{other}"),
    };
    serde_json::from_str(text).unwrap()
}

/// A token with these claims, and nothing else of this server.
fn token(typ: Option<&str>, claims: Value) -> Token {
    let token = Token::new(SigningAlgorithm::Rs256).header(json!({"typ": typ}));
    let mut token = if typ.is_none() { token.without("typ") } else { token };
    token.claims = claims.as_object().unwrap().clone();
    token.claims(json!({"exp": NOW + 3_600, "iat": NOW, "nbf": NOW}))
}

/// A case of a preset.
struct Case {
    name: &'static str,
    builder: fn() -> JwtVerifierBuilder,
    /// A token as this authorization server issues it.
    token: Token,
    scopes: &'static str,
    /// Tokens of this authorization server that must not be accepted: its ID token, a token for
    /// another application, a token of another tenant.
    refused: Vec<(Token, &'static str)>,
}

const TENANT: &str = "9122040d-6c67-4c5b-b112-36a304b66dad";
const OTHER_TENANT: &str = "00000000-0000-0000-0000-00000000000a";
const CLIENT: &str = "6731de76-14a6-49ae-97bc-6eba6914391e";

fn entra_claims(tenant: &str) -> Value {
    json!({
        "aud": CLIENT,
        "iss": format!("https://login.microsoftonline.com/{tenant}/v2.0"),
        "aio": "AXQAi/8IAAAA",
        "azp": "caller",
        "azpacr": "0",
        "oid": "690222be-ff1a-4d56-abd1-7e4f7d38e474",
        "rh": "0.AAA",
        "roles": ["Reader"],
        "scp": "read write",
        "sub": "HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ",
        "tid": tenant,
        "uti": "fqiBqXLPj0eQa82S-IYFAA",
        "ver": "2.0",
    })
}

fn entra() -> Case {
    let jwt = |claims| token(Some("JWT"), claims);
    let ours = || jwt(entra_claims(TENANT));
    Case {
        name: "entra",
        builder: || presets::entra(TENANT, CLIENT),
        token: ours(),
        scopes: "Reader read write",
        refused: vec![
            (ours().claims(json!({"aud": "00000003-0000-0000-c000-000000000000"})), "audience"),
            (ours().claims(json!({"ver": "1.0"})), "its ver"),
            (jwt(entra_claims(OTHER_TENANT)), "not trusted"),
            (ours().claims(json!({"nonce": "n"})), "an ID token"),
        ],
    }
}

fn entra_multi_tenant() -> Case {
    let jwt = |claims| token(Some("JWT"), claims);
    Case {
        name: "entra-organizations",
        builder: || presets::entra_multi_tenant([TENANT], CLIENT),
        token: jwt(entra_claims(TENANT)).claims(json!({"aud": format!("api://{CLIENT}")})),
        scopes: "Reader read write",
        refused: vec![
            (jwt(entra_claims(OTHER_TENANT)), "its tid"),
            (jwt(entra_claims(TENANT)).claims(json!({"tid": OTHER_TENANT})), "not trusted"),
            (jwt(entra_claims(OTHER_TENANT)).claims(json!({"tid": TENANT})), "not trusted"),
            (
                jwt(entra_claims(TENANT))
                    .claims(json!({"iss": "https://login.microsoftonline.com/{tenantid}/v2.0"})),
                "not trusted",
            ),
        ],
    }
}

fn auth0() -> Case {
    let ours = || {
        token(
            Some("at+jwt"),
            json!({
                "iss": "https://example.eu.auth0.com/",
                "sub": "auth0|62f1d8b5",
                "aud": [RESOURCE, "https://example.eu.auth0.com/userinfo"],
                "scope": "openid profile",
                "azp": "client",
                "permissions": ["read:files"],
            }),
        )
    };
    Case {
        name: "auth0",
        builder: || presets::auth0("example.eu.auth0.com"),
        token: ours(),
        scopes: "openid profile read:files",
        refused: vec![
            (ours().claims(json!({"iss": "https://example.eu.auth0.com"})), "not trusted"),
            (ours().claims(json!({"aud": "https://example.eu.auth0.com/userinfo"})), "audience"),
            (
                ours().header(json!({"typ": "JWT"})).claims(json!({"aud": "client", "nonce": "n"})),
                "an ID token",
            ),
        ],
    }
}

fn keycloak() -> Case {
    let ours = || {
        token(
            Some("JWT"),
            json!({
                "iss": "https://login.example.com/realms/main",
                "sub": "c0ffee00-6c67-4c5b-b112-36a304b66dad",
                "aud": [RESOURCE, "account"],
                "typ": "Bearer",
                "azp": "client",
                "sid": "s",
                "acr": "1",
                "realm_access": {"roles": ["offline_access"]},
                "scope": "openid files:read",
            }),
        )
    };
    Case {
        name: "keycloak",
        builder: || presets::keycloak("https://login.example.com/realms/main"),
        token: ours(),
        scopes: "files:read openid",
        refused: vec![
            (ours().claims(json!({"aud": "account"})), "audience"),
            (ours().claims(json!({"typ": "ID"})), "its typ is \"ID\""),
            (ours().claims(json!({"typ": "Refresh"})), "its typ is \"Refresh\""),
            (
                ours().claims(json!({"iss": "https://login.example.com/realms/other"})),
                "not trusted",
            ),
        ],
    }
}

fn cognito() -> Case {
    let ours = || {
        token(
            None,
            json!({
                "sub": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
                "iss": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf",
                "version": 2,
                "client_id": "1example23456789",
                "token_use": "access",
                "scope": "openid files/read",
                "auth_time": NOW,
                "username": "ada",
            }),
        )
    };
    Case {
        name: "cognito",
        builder: || presets::cognito("eu-west-1", "eu-west-1_AbCdEf", "1example23456789"),
        token: ours(),
        scopes: "files/read openid",
        refused: vec![
            (ours().claims(json!({"client_id": "other"})), "its client_id is another one"),
            (
                ours().without("client_id").claims(json!({"aud": "1example23456789"})),
                "no client_id",
            ),
            (ours().claims(json!({"token_use": "id"})), "an ID token"),
            (ours().without("token_use"), "no token_use"),
        ],
    }
}

fn workos() -> Case {
    let ours = || {
        token(
            Some("JWT"),
            json!({
                "iss": "https://example.authkit.app",
                "aud": RESOURCE,
                "sub": "user_01HBEQKA6K4QJAS93VPE39W1JT",
                "sid": "app_consent_01",
                "org_id": "org_01",
                "permissions": ["files:read"],
                "scope": "openid",
            }),
        )
    };
    Case {
        name: "workos",
        builder: || presets::workos("https://example.authkit.app"),
        token: ours(),
        scopes: "files:read openid",
        refused: vec![
            (ours().claims(json!({"iss": "https://example.authkit.app/"})), "not trusted"),
            (ours().claims(json!({"aud": "client_01"})), "audience"),
        ],
    }
}

fn descope() -> Case {
    let base = "https://api.descope.com";
    let ours = move |path: &str| {
        token(
            Some("JWT"),
            json!({
                "iss": format!("{base}{path}"),
                "sub": "U2abc",
                "aud": ["P2abc", "other"],
                "amr": ["email"],
                "drn": "DS",
                "scope": "openid files:read",
            }),
        )
    };
    Case {
        name: "descope",
        builder: || presets::descope("https://api.descope.com", "P2abc"),
        token: ours("/v1/apps/agentic/P2abc/MS2def"),
        scopes: "files:read openid",
        refused: vec![
            (ours("/P2other"), "not trusted"),
            (ours("/v1/apps/agentic/P2other/P2abc"), "not trusted"),
            (ours("/v1/apps/P2abc/T2x/more"), "not trusted"),
            (ours("/P2abc").claims(json!({"aud": "P2other"})), "audience"),
        ],
    }
}

fn scalekit() -> Case {
    let ours = || {
        token(
            Some("JWT"),
            json!({
                "iss": "https://example.scalekit.com",
                "sub": "usr_1",
                "aud": ["sk_resource_1"],
                "client_id": "m2m_1",
                "scope": "files:read",
            }),
        )
    };
    Case {
        name: "scalekit",
        builder: || presets::scalekit("https://example.scalekit.com", "sk_resource_1"),
        token: ours(),
        scopes: "files:read",
        refused: vec![
            (ours().claims(json!({"aud": "sk_resource_2"})), "audience"),
            (ours().claims(json!({"iss": "https://other.scalekit.com"})), "not trusted"),
        ],
    }
}

fn cases() -> [Case; 8] {
    [entra(), entra_multi_tenant(), auth0(), keycloak(), cognito(), workos(), descope(), scalekit()]
}

#[tokio::test(start_paused = true)]
async fn tokens_of_each_authorization_server_are_accepted_and_its_other_ones_refused() {
    for case in cases() {
        let Case { name, builder, token, scopes, refused } = case;
        let keys = metadata(name)["jwks_uri"].as_str().unwrap().to_owned();
        // The keys are where its metadata says, without reading it.
        let documents = Documents::default().with(&keys, key_set());
        let verifier = builder().fetch_with(documents.clone()).clock(now).build().unwrap();
        let verified = verify(&verifier, &token.text()).await;
        let principal = verified.unwrap_or_else(|error| panic!("{name}: {error}")).principal;
        assert_eq!(principal.scopes().to_string(), scopes, "{name}");
        assert_eq!(principal.subject(), token.claims["sub"].as_str(), "{name}");
        for (token, reason) in refused {
            let found = refuse(&verifier, &token.text()).await;
            assert!(found.contains(reason), "{name}: {found:?} instead of {reason:?}");
        }
        assert_eq!(documents.fetched(), [keys], "{name}");
    }
}

#[test]
fn clients_log_in_where_the_metadata_of_each_says() {
    for case in cases() {
        let verifier = (case.builder)().build().unwrap();
        let issuers = verifier.issuers();
        let published = metadata(case.name);
        let expected = match case.name {
            "entra-organizations" => "https://login.microsoftonline.com/organizations/v2.0",
            "scalekit" => "https://example.scalekit.com/resources/sk_resource_1",
            _ => published["issuer"].as_str().unwrap(),
        };
        assert_eq!(issuers, [expected], "{}", case.name);
    }
}

#[tokio::test(start_paused = true)]
async fn descope_has_several_forms_of_one_project() {
    let keys = metadata("descope")["jwks_uri"].as_str().unwrap().to_owned();
    let documents = Documents::default().with(&keys, key_set());
    let verifier = presets::descope("https://api.descope.com", "P2abc")
        .fetch_with(documents)
        .clock(now)
        .build()
        .unwrap();
    let base = "https://api.descope.com";
    for issuer in [
        "P2abc".to_owned(),
        format!("{base}/P2abc"),
        format!("{base}/v1/apps/P2abc"),
        format!("{base}/v1/apps/P2abc/T2tenant"),
        format!("{base}/v1/apps/agentic/P2abc/MS2def"),
    ] {
        let token = descope().token.claims(json!({"iss": issuer}));
        verify(&verifier, &token.text()).await.unwrap_or_else(|error| panic!("{issuer}: {error}"));
    }
}

#[tokio::test(start_paused = true)]
async fn every_tenant_is_admitted_only_without_a_list() {
    let keys = metadata("entra-organizations")["jwks_uri"].as_str().unwrap().to_owned();
    let documents = Documents::default().with(&keys, key_set());
    let verifier =
        presets::entra_multi_tenant([], CLIENT).fetch_with(documents).clock(now).build().unwrap();
    for tenant in [TENANT, OTHER_TENANT] {
        let token = token(Some("JWT"), entra_claims(tenant)).text();
        let principal = verify(&verifier, &token).await.unwrap().principal;
        assert_eq!(principal.claims()["tid"], tenant);
    }
}

#[tokio::test(start_paused = true)]
async fn any_other_authorization_server_has_metadata() {
    let documents = Documents::default()
        .with(
            "https://as.example.com/.well-known/openid-configuration",
            json!({"issuer": "https://as.example.com", "jwks_uri": "https://as.example.com/jwks"}),
        )
        .with("https://as.example.com/jwks", key_set());
    let verifier =
        presets::oidc("https://as.example.com").fetch_with(documents).clock(now).build().unwrap();
    let token =
        Token::new(SigningAlgorithm::Es384).claims(json!({"iss": "https://as.example.com"}));
    verify(&verifier, &token.text()).await.unwrap();
    refuse(&verifier, &token.header(json!({"typ": "JWT"})).text()).await;
}

#[test]
fn values_that_would_change_a_url_are_refused() {
    for (builder, reason) in [
        (presets::entra("contoso.onmicrosoft.com", CLIENT), "is not an id; the portal"),
        (presets::entra("common", CLIENT), "is not an id; the portal"),
        (presets::entra(TENANT, ""), "the client id \"\" is not an id"),
        (presets::entra_multi_tenant(["organizations"], CLIENT), "is not an id; the portal"),
        (presets::auth0("https://example.auth0.com"), "is not an id"),
        (presets::auth0("example.auth0.com/"), "is not an id"),
        (presets::keycloak("https://login.example.com/realms/main/"), "slash at its end"),
        (presets::keycloak("login.example.com"), "slash at its end"),
        (presets::cognito("eu-west-1/", "p", "c"), "is not an id"),
        (presets::cognito("eu-west-1", "..", "c"), "is not an id"),
        (presets::workos("https://"), "slash at its end"),
        (presets::descope("https://api.descope.com", "{*}"), "is not an id"),
        (presets::descope("https://api.descope.com/{*}", "P2abc"), "slash at its end"),
        (presets::scalekit("https://example.scalekit.com?x", "r"), "slash at its end"),
        (presets::oidc("login.example.com"), "is invalid"),
    ] {
        let error = builder.build().unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
}
