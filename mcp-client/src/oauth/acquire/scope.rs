//! Which scopes are requested. Spec: basic/authorization, "Scope Selection Strategy", "Step-Up
//! Authorization Flow".

use crate::oauth::limits::OAuthLimits;

/// The scope for a grant: that of the challenge, else the configured one, else all that the
/// resource lists, else none.
pub(super) fn choose(
    limits: &OAuthLimits,
    challenge: Option<&str>,
    configured: Option<&[String]>,
    supported: Option<&[String]>,
) -> Option<String> {
    let listed = |scopes: &[String]| union(limits, scopes.iter().map(String::as_str));
    challenge
        .map(|scope| union(limits, [scope]))
        .filter(|scope| !scope.is_empty())
        .or_else(|| configured.map(listed))
        .or_else(|| supported.map(listed))
        .filter(|scope| !scope.is_empty())
}

/// All scopes of several texts, each once, in order. Invalid scopes are left out.
pub(super) fn union<'a>(limits: &OAuthLimits, texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut all: Vec<&str> = Vec::new();
    for scope in texts.into_iter().flat_map(str::split_ascii_whitespace) {
        if all.len() == limits.max_scopes {
            break;
        }
        let is_scope = scope.len() <= limits.max_scope_bytes
            && scope.bytes().all(|byte| matches!(byte, b'!' | b'#'..=b'[' | b']'..=b'~'));
        if is_scope && !all.contains(&scope) {
            all.push(scope);
        }
    }
    all.join(" ")
}

/// Whether a scope includes all of another.
pub(super) fn includes(scope: Option<&str>, needed: &str) -> bool {
    let has = |one: &str| {
        scope.is_some_and(|scope| scope.split_ascii_whitespace().any(|scope| scope == one))
    };
    needed.split_ascii_whitespace().all(has)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: OAuthLimits = OAuthLimits::new();

    #[test]
    fn the_challenge_goes_before_the_configuration_and_the_metadata() {
        let (listed, configured) = (["a".to_owned(), "b".to_owned()], ["c".to_owned()]);
        let (listed, configured) = (Some(&listed[..]), Some(&configured[..]));
        let choose = |challenge, configured, listed| choose(&LIMITS, challenge, configured, listed);
        assert_eq!(choose(Some("x y"), configured, listed).as_deref(), Some("x y"));
        assert_eq!(choose(Some(""), configured, listed).as_deref(), Some("c"));
        assert_eq!(choose(None, configured, listed).as_deref(), Some("c"));
        assert_eq!(choose(None, None, listed).as_deref(), Some("a b"));
        assert_eq!(choose(None, None, Some(&[])), None);
        assert_eq!(choose(None, None, None), None);
        // An application may request no scope at all.
        assert_eq!(choose(None, Some(&[]), listed), None);
    }

    #[test]
    fn unions_keep_the_order_and_are_bounded() {
        let union = |texts: &[&str]| union(&LIMITS, texts.iter().copied());
        assert_eq!(union(&["a b", "b  c a", ""]), "a b c");
        assert_eq!(union(&["a \"b\" c\\d \u{e9} e"]), "a e");
        let many: Vec<_> = (0..1_000).map(|index| format!("s{index}")).collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        assert_eq!(union(&many).split(' ').count(), LIMITS.max_scopes);
        assert_eq!(union(&[&"x".repeat(LIMITS.max_scope_bytes + 1)]), "");
        assert!(includes(Some("a b"), "b a"));
        assert!(includes(None, ""));
        assert!(!includes(Some("ab"), "a"));
    }
}
