//! For whom a token must have been issued.

use serde_json::{Map, Value};

use crate::auth::tokens::claims::{Reason, text, texts};

/// For whom a token must have been issued. A server that accepts tokens for others lets those use
/// what it protects in the name of their users.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Audience {
    /// The URL of the server is an audience (`aud`), byte for byte: RFC 8707. The default.
    Resource,
    /// One of these is an audience.
    AnyOf(Vec<String>),
    /// The URL of the server, or one of these, is an audience.
    ResourceOrAnyOf(Vec<String>),
    /// A claim has one of these values, for authorization servers whose access tokens have no
    /// audience: Cognito has `client_id`.
    ClaimEquals {
        /// The name of the claim.
        claim: String,
        /// The values that are accepted.
        values: Vec<String>,
    },
}

impl Audience {
    pub(in crate::auth::tokens) fn check(
        &self,
        claims: &Map<String, Value>,
        resource: &str,
        max_audiences: usize,
    ) -> Result<(), Reason> {
        if let Self::ClaimEquals { claim, values } = self {
            let found = text(claims, claim)?.ok_or_else(|| format!("it has no {claim}"))?;
            return match values.iter().any(|value| value == found) {
                true => Ok(()),
                false => Err(format!("its {claim} is another one").into()),
            };
        }
        let audiences = texts(claims, "aud", max_audiences)?;
        if audiences.is_empty() {
            return Err("it has no audience (aud)".into());
        }
        let is_ours = |audience: &&str| match self {
            Self::Resource => *audience == resource,
            Self::AnyOf(list) => list.iter().any(|ours| ours == audience),
            Self::ResourceOrAnyOf(list) => {
                *audience == resource || list.iter().any(|ours| ours == audience)
            }
            Self::ClaimEquals { .. } => false,
        };
        match audiences.iter().any(is_ours) {
            true => Ok(()),
            false => Err("it was issued for another audience (aud)".into()),
        }
    }

    /// What is wrong with the setting.
    pub(in crate::auth::tokens) fn problem(&self) -> Option<&'static str> {
        let list = match self {
            Self::Resource => return None,
            Self::AnyOf(list) | Self::ResourceOrAnyOf(list) => list,
            Self::ClaimEquals { values, .. } => values,
        };
        let is_empty = list.is_empty() || list.iter().any(String::is_empty);
        is_empty.then_some("the audience is empty; name who tokens must be issued for")
    }
}
