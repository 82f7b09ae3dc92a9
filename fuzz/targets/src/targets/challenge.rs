//! `oauth::Challenge`: what was parsed is the same after it was written and parsed again.

use mcp_core::oauth::Challenge;

pub(crate) fn run(field: &[u8]) {
    let challenges = Challenge::parse(field);
    for challenge in &challenges {
        assert!(!challenge.scheme().is_empty());
        let text = challenge.to_string();
        assert!(!text.contains(['\r', '\n', '\0']), "a control character in {text:?}");
        let again = Challenge::parse(text.as_bytes());
        assert_eq!(again.len(), 1, "{text:?}");
        assert_eq!(again[0].scheme(), challenge.scheme());
        assert_eq!(again[0].token68(), challenge.token68());
        assert_eq!(again[0].to_string(), text);
    }
}
