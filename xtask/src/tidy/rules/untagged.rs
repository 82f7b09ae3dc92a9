//! The libraries have no `#[serde(untagged)]`: the type to decode is known and never guessed.

use crate::tidy::{
    code::Kind,
    finding::Finding,
    rule::{Rule, Verdict},
    tree::Tree,
};

pub(super) const RULE: Rule = Rule { name: "untagged", check };

fn check(tree: &Tree) -> Verdict {
    let mut findings = Vec::new();
    for path in tree.libraries() {
        let tokens = tree.tokens(path);
        let mut in_serde = false;
        for (index, token) in tokens.iter().enumerate() {
            let opens_next =
                || matches!(tokens.get(index + 1), Some(t) if t.kind == Kind::Open('('));
            match &token.kind {
                Kind::Word(word) if word == "serde" => in_serde = opens_next(),
                Kind::Word(word) if word == "untagged" && in_serde => findings.push(Finding::new(
                    path,
                    token.line,
                    "untagged enum; decode by method, by `type`, or by the request that is answered",
                )),
                Kind::Close(']') => in_serde = false,
                _ => {}
            }
        }
    }
    Verdict::Checked(findings)
}

#[test]
fn untagged_is_found_in_libraries_only() {
    let source = "#[derive(A)]\n#[serde(rename = \"x\", untagged)]\nenum A {}\nfn untagged() {}";
    let conditional = "#[cfg_attr(any(), serde(untagged))]\nenum A {}";
    let tree = Tree::of(&[
        ("mcp-core/src/a.rs", source),
        ("mcp-client/src/b.rs", conditional),
        ("mcp-core/tests/c.rs", source),
    ]);
    let text = "untagged enum; decode by method, by `type`, or by the request that is answered";
    assert_eq!(
        check(&tree).findings(),
        [format!("mcp-client/src/b.rs:1: {text}"), format!("mcp-core/src/a.rs:2: {text}")]
    );
}
