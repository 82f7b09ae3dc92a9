//! Whether a token is an access token. Authorization servers sign other tokens with the same keys,
//! and know them at the introspection endpoint. Spec: RFC 9068 §5, OpenID Connect Core 1.0 §2,
//! OpenID Connect Back-Channel Logout 1.0 §2.4.

use mcp_core::text::PeerText;
use serde_json::{Map, Value};

use super::claims::{Reason, text};

/// Claims that only tokens for the login have, which say who logged in and permit nothing.
const ID_TOKEN_CLAIMS: [&str; 4] = ["nonce", "at_hash", "c_hash", "s_hash"];

/// Refuses what is recognizably another token than an access token.
pub(super) fn check(claims: &Map<String, Value>) -> Result<(), Reason> {
    if let Some(name) = ID_TOKEN_CLAIMS.iter().find(|name| claims.contains_key(**name)) {
        return Err(format!("it is an ID token: it has the claim {name}").into());
    }
    if claims.contains_key("events") {
        return Err("it is a logout token or another event: it has the claim events".into());
    }
    refuse_unless(claims, "token_use", |kind| matches!(kind, "access" | "access_token"))?;
    for name in ["typ", "token_type"] {
        refuse_unless(claims, name, |kind| {
            let kind = kind.strip_suffix("_token").unwrap_or(kind);
            !matches!(kind, "refresh" | "offline" | "id" | "logout")
        })?;
    }
    // Descope: "DS" is the session, and "DSR" refreshes it.
    refuse_unless(claims, "drn", |kind| kind != "dsr")
}

/// As [`check`], for what an authorization server says about a token. It may say that refresh
/// tokens are active, although the request has the hint that an access token is meant.
pub(super) fn check_introspected(claims: &Map<String, Value>) -> Result<(), Reason> {
    check(claims)?;
    refuse_unless(claims, "token_type", |kind| matches!(kind, "bearer" | "dpop" | "access_token"))
}

/// Refuses a token whose claim `name` is not accepted, which is asked about its lower case.
fn refuse_unless(
    claims: &Map<String, Value>,
    name: &str,
    is_accepted: impl Fn(&str) -> bool,
) -> Result<(), Reason> {
    match text(claims, name)? {
        Some(kind) if !is_accepted(&kind.to_ascii_lowercase()) => {
            let kind = PeerText::new(kind).to_string();
            Err(format!("it is not an access token: its {name} is {kind:?}").into())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn other_tokens_are_refused_whichever_way_they_arrive() {
        for other in [
            json!({"token_use": "id"}),
            json!({"token_use": "refresh"}),
            json!({"token_use": "Refresh_Token"}),
            json!({"token_use": ""}),
            json!({"token_use": 1}),
            json!({"typ": "Refresh"}),
            json!({"typ": "Offline"}),
            json!({"typ": "ID"}),
            json!({"typ": "Logout"}),
            json!({"typ": "logout_token"}),
            json!({"typ": ["Bearer"]}),
            json!({"token_type": "refresh_token"}),
            json!({"events": {"http://schemas.openid.net/event/backchannel-logout": {}}}),
            json!({"events": null}),
            json!({"nonce": "n"}),
            json!({"at_hash": "h"}),
            json!({"c_hash": "h"}),
            json!({"s_hash": "h"}),
            json!({"drn": "DSR"}),
        ] {
            let claims = claims(other);
            assert!(check(&claims).is_err(), "{claims:?}");
            assert!(check_introspected(&claims).is_err(), "{claims:?}");
        }
        for access in [
            json!({}),
            json!({"token_use": "access"}),
            json!({"token_use": "Access_Token", "token_type": "access_token"}),
            json!({"typ": "Bearer", "token_type": "bearer"}),
            json!({"typ": "DPoP", "token_type": "DPoP"}),
            json!({"typ": "at+jwt"}),
            json!({"drn": "DS"}),
        ] {
            let claims = claims(access);
            assert_eq!(check(&claims), Ok(()), "{claims:?}");
            assert_eq!(check_introspected(&claims), Ok(()), "{claims:?}");
        }
        // A member of answers, which has a meaning there only.
        let unknown = claims(json!({"token_type": "session"}));
        assert!(check(&unknown).is_ok() && check_introspected(&unknown).is_err());
    }
}
