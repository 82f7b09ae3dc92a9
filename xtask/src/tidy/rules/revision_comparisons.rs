//! The libraries do not compare revisions. They use `Revision::era()`, `Revision::rules()` or the
//! method table, so that a new revision is a new row of a table.

use crate::tidy::{
    code::{Kind, Token},
    finding::Finding,
    rule::{Rule, Verdict},
    tree::Tree,
};

pub(super) const RULE: Rule = Rule { name: "revision-comparisons", check };

/// The file with the rules of each revision.
const REVISION: &str = "mcp-core/src/revision.rs";

fn check(tree: &Tree) -> Verdict {
    let mut findings = Vec::new();
    for path in tree.libraries().filter(|path| *path != REVISION) {
        let tokens = tree.tokens(path);
        for (index, token) in tokens.iter().enumerate() {
            let Kind::Word(word) = &token.kind else { continue };
            if is_revision(word) && is_compared(tokens, index) {
                let text = format!(
                    "comparison with revision {word}; use `Revision::era()`, `Revision::rules()` \
                     or the method table"
                );
                findings.push(Finding::new(path, token.line, text));
            }
        }
    }
    Verdict::Checked(findings)
}

/// Whether the word is a revision, such as `V2025_06_18`.
fn is_revision(word: &str) -> bool {
    let date = word.strip_prefix('V').unwrap_or_default();
    date.len() == "2025_06_18".len() && date.bytes().all(|b| b.is_ascii_digit() || b == b'_')
}

/// Whether the revision at `index` is an operand of a comparison, in a pattern, in `matches!` or in
/// `contains`.
fn is_compared(tokens: &[Token], index: usize) -> bool {
    let before = before_path(tokens, index);
    let after = &tokens[index + 1..];
    ends_with_comparison(before) || begins_with_comparison(after) || in_call(before)
}

/// Returns the tokens before the path that ends at `index`, and before its `&`.
fn before_path(tokens: &[Token], index: usize) -> &[Token] {
    let mut before = &tokens[..index];
    while let [rest @ .., Token { kind: Kind::Word(_), .. }, first, second] = before
        && first.is_mark(':')
        && second.is_mark(':')
    {
        before = rest;
    }
    match before {
        [rest @ .., reference] if reference.is_mark('&') => rest,
        _ => before,
    }
}

fn ends_with_comparison(before: &[Token]) -> bool {
    match before {
        [.., word] if word.is_word("let") => true,
        [.., first, second] if is_operator(first, second) => true,
        [.., first, second] => is_angle(second) && !is_arrow(first),
        _ => false,
    }
}

/// `==`, `!=`, `<=` or `>=`.
fn is_operator(first: &Token, second: &Token) -> bool {
    matches!(first.kind, Kind::Mark('=' | '!' | '<' | '>', true)) && second.is_mark('=')
}

fn is_angle(token: &Token) -> bool {
    token.is_mark('<') || token.is_mark('>')
}

/// Whether what precedes `>` makes it an arrow: `->` or `=>`.
fn is_arrow(first: &Token) -> bool {
    first.is_mark('-') || first.is_mark('=')
}

fn begins_with_comparison(after: &[Token]) -> bool {
    // `Some(Revision::V…) =>`
    let closed = after.iter().take_while(|token| token.kind == Kind::Close(')')).count();
    match &after[closed..] {
        [first, second, ..] if first.is_mark('=') && second.is_mark('>') => true,
        [first, second, ..] if closed == 0 => {
            is_operator(first, second)
                || is_angle(first)
                || first.is_mark('|')
                || first.is_word("if")
        }
        _ => false,
    }
}

/// Whether the innermost open parenthesis is that of `matches!(`, `.contains(` or `let Some(`.
fn in_call(before: &[Token]) -> bool {
    let mut depth = 0;
    for (index, token) in before.iter().enumerate().rev() {
        match token.kind {
            Kind::Close(_) => depth += 1,
            Kind::Open(_) if depth > 0 => depth -= 1,
            Kind::Open('(') => {
                return match &before[..index] {
                    [.., name, bang] if bang.is_mark('!') => name.is_word("matches"),
                    [.., dot, name] if dot.is_mark('.') => name.is_word("contains"),
                    [.., word, _] => word.is_word("let"),
                    _ => false,
                };
            }
            Kind::Open(_) => return false,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(source: &str) -> usize {
        check(&Tree::of(&[("mcp-core/src/a.rs", source)])).findings().len()
    }

    #[test]
    fn comparisons_of_every_form_are_found() {
        for source in [
            "a == Revision::V2025_06_18",
            "crate::revision::Revision::V2025_06_18 != a",
            "a >= &Revision::V2025_06_18",
            "a < V2025_06_18",
            "V2025_06_18 > a",
            "matches!(a.revision(), Revision::V2025_06_18)",
            "match a { Revision::V2025_06_18 => 1, _ => 2 }",
            "match a { Some(Revision::V2025_06_18) => 1, _ => 2 }",
            "match a { Revision::V2025_06_18 if b => 1, _ => 2 }",
            "if let Revision::V2025_06_18 = a {}",
            "if let Some(Revision::V2025_06_18) = a {}",
            "all.contains(&Revision::V2025_06_18)",
        ] {
            assert_eq!(findings(&format!("fn f() {{ {source} }}")), 1, "{source}");
        }
        assert_eq!(findings("fn f() { match a { V2025_06_18 | V2025_11_25 => 1 } }"), 2);
    }

    #[test]
    fn other_uses_are_allowed() {
        for source in [
            "const A: Revision = Revision::V2025_06_18;",
            "const A: Box<Revision> = Revision::V2025_06_18;",
            "fn f() -> Revision { Revision::V2025_06_18 }",
            "fn f() { g(|| Revision::V2025_06_18, Revision::V2025_06_18.rules()) }",
            "fn f() { match a { _ => Revision::V2025_06_18 } }",
            "methods! { A = \"a\": P => R, Both V2024_11_05..=V2025_11_25; }",
            "#[cfg(test)] mod tests { fn f() { a == Revision::V2025_06_18; } }",
        ] {
            assert_eq!(findings(source), 0, "{source}");
        }
        let tree = Tree::of(&[(REVISION, "fn f() { a == Revision::V2025_06_18 }")]);
        assert!(check(&tree).findings().is_empty());
    }
}
