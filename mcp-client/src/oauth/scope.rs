//! Which scopes are asked for. Spec: basic/authorization, "Scope Selection Strategy", "Step-Up Authorization Flow".

/// Most scopes that are asked for; a server that names more gets the first ones.
const MOST_SCOPES: usize = 128;
/// Longest scope that is asked for, in bytes.
const LONGEST_SCOPE: usize = 256;

/// The scope for a log-in: what the challenge names, else what the host wants, else all that the resource lists, else
/// none.
pub(crate) fn choose(
    challenge: Option<&str>,
    configured: Option<&str>,
    supported: Option<&[String]>,
) -> Option<String> {
    let challenge = challenge.map(|scope| union([scope]));
    let configured = || configured.map(|scope| union([scope]));
    let supported = || supported.map(|scopes| union(scopes.iter().map(String::as_str)));
    challenge
        .filter(|scope| !scope.is_empty())
        .or_else(configured)
        .or_else(supported)
        .filter(|scope| !scope.is_empty())
}

/// All scopes of several texts, each once, in order. Texts that are no scopes are left out.
pub(crate) fn union<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut all: Vec<&str> = Vec::new();
    for scope in texts.into_iter().flat_map(str::split_ascii_whitespace) {
        let is_scope = scope.len() <= LONGEST_SCOPE
            && scope.bytes().all(|byte| matches!(byte, b'!' | b'#'..=b'[' | b']'..=b'~'));
        if is_scope && all.len() < MOST_SCOPES && !all.contains(&scope) {
            all.push(scope);
        }
    }
    all.join(" ")
}

/// Whether a scope has all of another.
pub(crate) fn includes(scope: Option<&str>, wanted: &str) -> bool {
    let has = |one: &str| {
        scope.is_some_and(|scope| scope.split_ascii_whitespace().any(|scope| scope == one))
    };
    wanted.split_ascii_whitespace().all(has)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for() {
        let listed = ["a".to_owned(), "b".to_owned()];
        let listed = Some(listed.as_slice());
        assert_eq!(choose(Some("x y"), Some("c"), listed).as_deref(), Some("x y"));
        assert_eq!(choose(Some(""), Some("c"), listed).as_deref(), Some("c"));
        assert_eq!(choose(None, Some("c"), listed).as_deref(), Some("c"));
        assert_eq!(choose(None, None, listed).as_deref(), Some("a b"));
        assert_eq!(choose(None, None, Some(&[])), None);
        assert_eq!(choose(None, None, None), None);
        // What the host wants may be nothing at all.
        assert_eq!(choose(None, Some(""), listed), None);
    }

    #[test]
    fn unions_keep_order_and_have_bounds() {
        assert_eq!(union(["a b", "b  c a", ""]), "a b c");
        assert_eq!(union(["a \"b\" c\\d \u{e9} e"]), "a e");
        let many: Vec<_> = (0..1_000).map(|index| format!("s{index}")).collect();
        assert_eq!(union(many.iter().map(String::as_str)).split(' ').count(), MOST_SCOPES);
        assert_eq!(union([&*"x".repeat(LONGEST_SCOPE + 1)]), "");
        assert!(includes(Some("a b"), "b a"));
        assert!(includes(None, ""));
        assert!(!includes(Some("ab"), "a"));
    }
}
