//! What a preset is: the settings of a `JwtVerifier` for one kind of authorization server, as data.

use mcp_core::jose::SigningAlgorithm;

use super::verify::{Audience, JwtVerifier, JwtVerifierBuilder};

/// The settings for one kind of authorization server. `<name>` in a text stands for a value that
/// the application sets.
#[derive(Debug)]
pub(super) struct Preset {
    /// The issuer of tokens, and further forms of it. They may have placeholders of
    /// `JwtVerifierBuilder::or_issuer`.
    pub(super) issuers: &'static [&'static str],
    /// The URL of the keys, if it is not read from the metadata of the issuer.
    pub(super) keys_url: Option<&'static str>,
    pub(super) audience: PresetAudience,
    pub(super) scope_claims: &'static [&'static str],
    /// Whether access tokens have the type `JWT`, or none.
    pub(super) plain_jwt: bool,
    pub(super) algorithms: &'static [SigningAlgorithm],
    /// Claims that every access token has, with their values.
    pub(super) required: &'static [(&'static str, &'static [&'static str])],
}

/// For whom tokens are issued.
#[derive(Debug)]
pub(super) enum PresetAudience {
    Resource,
    AnyOf(&'static [&'static str]),
    ResourceOrAnyOf(&'static [&'static str]),
    ClaimEquals(&'static str, &'static str),
}

/// The values of a preset, by name.
pub(super) type Values<'a> = [(&'static str, &'a str)];

impl Preset {
    /// Starts a verifier with these settings.
    pub(super) fn builder(&self, values: &Values<'_>) -> JwtVerifierBuilder {
        let text = |text: &str| fill(text, values);
        let texts = |list: &[&str]| list.iter().map(|item| text(item)).collect::<Vec<_>>();
        let mut issuers = self.issuers.iter().map(|issuer| text(issuer));
        let mut builder = JwtVerifier::builder(issuers.next().unwrap_or_default())
            .algorithms(self.algorithms.iter().copied())
            .scope_claims(self.scope_claims.iter().copied())
            .audience(match &self.audience {
                PresetAudience::Resource => Audience::Resource,
                PresetAudience::AnyOf(list) => Audience::AnyOf(texts(list)),
                PresetAudience::ResourceOrAnyOf(list) => Audience::ResourceOrAnyOf(texts(list)),
                PresetAudience::ClaimEquals(claim, value) => {
                    let (claim, values) = ((*claim).to_owned(), vec![text(value)]);
                    Audience::ClaimEquals { claim, values }
                }
            });
        builder = issuers.fold(builder, JwtVerifierBuilder::or_issuer);
        builder = self.required.iter().fold(builder, |builder, (name, values)| {
            builder.required_claim(*name, values.iter().copied())
        });
        if let Some(url) = self.keys_url {
            builder = builder.keys_url(text(url));
        }
        if self.plain_jwt { builder.accept_plain_jwt() } else { builder }
    }
}

fn fill(text: &str, values: &Values<'_>) -> String {
    values
        .iter()
        .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("<{name}>"), value))
}

/// Returns what is wrong with the first value that is empty, or has characters that would change
/// the meaning of a URL.
pub(super) fn check_ids(ids: &Values<'_>) -> Option<String> {
    let bad = ids.iter().find(|(_, value)| !super::verify::is_id(value))?;
    Some(format!("the {} {:?} is not an id: it may have letters, digits and -._~", bad.0, bad.1))
}

/// As [`check_ids`], for a URL that others are made from. It has no slash at its end.
pub(super) fn check_base(url: &str) -> Option<String> {
    let rest = url.split_once("://").map(|(_, rest)| rest);
    let is_base = rest.is_some_and(|rest| {
        !rest.is_empty() && !rest.ends_with('/') && !rest.contains(['?', '#', '<', '{', ' '])
    });
    (!is_base).then(|| format!("{url:?} is not a URL without a slash at its end"))
}
