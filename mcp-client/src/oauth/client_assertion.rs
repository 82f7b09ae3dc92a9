//! `private_key_jwt`: a client proves who it is by a signed statement. Spec: RFC 7523 §2.2 and §3; OpenID Connect
//! Core §9.

use std::time::{Duration, SystemTime};

use serde_json::json;

use super::error::Error;
use super::jws::{SigningKey, numeric_date, token_id};

/// The value of `client_assertion_type`.
pub(crate) const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// How long a statement is good for. It is made anew for each request; clocks may differ a little.
const LIFETIME: Duration = Duration::from_secs(120);

/// A statement of a client to one authorization server, which is good for one request.
pub(crate) fn client_assertion(
    key: &SigningKey,
    client: &str,
    issuer: &str,
) -> Result<String, Error> {
    let now = SystemTime::now();
    let claims = json!({
        "iss": client,
        "sub": client,
        // The issuer, and nothing else: an endpoint of another server that a hostile one names could not use it.
        "aud": issuer,
        "jti": token_id()?,
        "iat": numeric_date(now),
        "exp": numeric_date(now + LIFETIME),
    });
    key.sign(&key.header("JWT", false), &claims)
}
