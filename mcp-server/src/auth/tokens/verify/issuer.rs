//! Which issuers a token may be from.

use serde_json::{Map, Value};

/// Longest segment that stands for a placeholder, in bytes. Fixed: ids of tenants and projects are
/// shorter.
const MAX_SEGMENT_BYTES: usize = 128;

/// The issuer of tokens, exactly or with placeholders.
///
/// A placeholder stands for one whole segment of the path: `{tid}` for the text of the claim `tid`
/// of the same token, and `{*}` for any text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct IssuerPattern {
    text: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Any,
    Claim(String),
}

impl IssuerPattern {
    /// Reads a pattern. The error says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.contains(['#', ' ']) {
            return Err("an issuer is a URL without a fragment".to_owned());
        }
        let host = text.find("://").map_or(0, |at| at + 3);
        let path = text[host..].find('/').map_or(text.len(), |at| host + at);
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) =
                after.split_once('}').ok_or_else(|| "a placeholder has no end".to_owned())?;
            let is_segment = before.ends_with('/') && (after.is_empty() || after.starts_with('/'));
            if !is_segment || text.len() - rest.len() + before.len() < path {
                return Err("a placeholder stands for one whole segment of the path".to_owned());
            }
            parts.push(Part::Text(before.to_owned()));
            parts.push(if name == "*" { Part::Any } else { Part::Claim(name.to_owned()) });
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self { text: text.to_owned(), parts })
    }

    /// The issuer, if there are no placeholders.
    pub(super) fn exact(&self) -> Option<&str> {
        matches!(&self.parts[..], [Part::Text(_)]).then_some(&self.text)
    }

    /// Whether it is the issuer of a token with these claims.
    pub(super) fn matches(&self, issuer: &str, claims: &Map<String, Value>) -> bool {
        self.fits(issuer, Some(claims))
    }

    /// Whether it is the issuer of a token whose other claims are not known.
    pub(super) fn may_match(&self, issuer: &str) -> bool {
        self.fits(issuer, None)
    }

    fn fits(&self, issuer: &str, claims: Option<&Map<String, Value>>) -> bool {
        let mut rest = issuer;
        for part in &self.parts {
            rest = match part {
                Part::Text(text) => match rest.strip_prefix(text.as_str()) {
                    Some(after) => after,
                    None => return false,
                },
                Part::Any | Part::Claim(_) => {
                    let (segment, after) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                    let fits = match (part, claims) {
                        (Part::Claim(name), Some(claims)) => {
                            claims.get(name).and_then(Value::as_str) == Some(segment)
                        }
                        _ => true,
                    };
                    if !fits || !is_id(segment) {
                        return false;
                    }
                    after
                }
            };
        }
        rest.is_empty()
    }
}

/// Whether a text can be the id of a tenant or of a project in a URL.
pub(in crate::auth::tokens) fn is_id(text: &str) -> bool {
    (1..=MAX_SEGMENT_BYTES).contains(&text.len())
        && !matches!(text, "." | "..")
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn matches(pattern: &str, issuer: &str, claims: Value) -> bool {
        let Value::Object(claims) = claims else { panic!("claims are an object") };
        IssuerPattern::parse(pattern).unwrap().matches(issuer, &claims)
    }

    #[test]
    fn an_exact_issuer_is_compared_byte_for_byte() {
        for other in
            ["https://a.example/", "https://A.example", "https://a.example.evil.example", ""]
        {
            assert!(!matches("https://a.example", other, json!({})), "{other}");
        }
        assert!(matches("https://a.example", "https://a.example", json!({})));
        assert_eq!(
            IssuerPattern::parse("https://a.example").unwrap().exact(),
            Some("https://a.example")
        );
    }

    #[test]
    fn a_placeholder_stands_for_one_segment() {
        let tenant = "https://a.example/{tid}/v2.0";
        assert!(matches(tenant, "https://a.example/t-1/v2.0", json!({"tid": "t-1"})));
        for (issuer, claims) in [
            ("https://a.example/t-1/v2.0", json!({"tid": "t-2"})),
            ("https://a.example/t-1/v2.0", json!({})),
            ("https://a.example/t-1/v2.0", json!({"tid": 1})),
            ("https://a.example//v2.0", json!({"tid": ""})),
            ("https://a.example/a/b/v2.0", json!({"tid": "a/b"})),
            ("https://a.example/../v2.0", json!({"tid": ".."})),
            ("https://a.example/t-1/v2.0/", json!({"tid": "t-1"})),
            ("https://a.example/t-1/v1.0", json!({"tid": "t-1"})),
            ("https://a.example/%2f/v2.0", json!({"tid": "%2f"})),
        ] {
            assert!(!matches(tenant, issuer, claims), "{issuer}");
        }
        let pattern = IssuerPattern::parse(tenant).unwrap();
        assert!(pattern.may_match("https://a.example/t-1/v2.0"));
        assert!(!pattern.may_match("https://a.example/t-1/v1.0"));
        assert!(matches("https://a.example/p/{*}", "https://a.example/p/x", json!({})));
        assert!(!matches("https://a.example/p/{*}", "https://a.example/p/", json!({})));
        let long = format!("https://a.example/p/{}", "x".repeat(MAX_SEGMENT_BYTES + 1));
        assert!(!matches("https://a.example/p/{*}", &long, json!({})));
        assert!(matches("https://a.example/p/{*}", &long[..long.len() - 1], json!({})));
        assert_eq!(IssuerPattern::parse("https://a.example/{*}").unwrap().exact(), None);
    }

    #[test]
    fn other_placeholders_are_refused() {
        for pattern in [
            "",
            "https://{*}/",
            "https://a.{*}.example/",
            "https://a.example/x{*}",
            "https://a.example/{*}x",
            "https://a.example/{*",
            "https://a.example/#x",
            "{*}",
        ] {
            assert!(IssuerPattern::parse(pattern).is_err(), "{pattern}");
        }
    }
}
