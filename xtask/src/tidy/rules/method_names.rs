//! The names of the protocol's methods are written in the method table of mcp-core and nowhere else
//! in the libraries.

use std::collections::BTreeSet;

use crate::tidy::{
    code::{Kind, Token},
    finding::Finding,
    rule::{Rule, Verdict},
    tree::Tree,
};

pub(super) const RULE: Rule = Rule { name: "method-names", check };

const TABLE: &str = "mcp-core/src/method/table.rs";
/// The table names the types, so the types cannot name the table: an enum whose tag is `method`
/// spells the names out.
const TAGGED_BY_METHOD: &str = "mcp-core/src/types/input_required.rs";

fn check(tree: &Tree) -> Verdict {
    let names = names(tree.tokens(TABLE));
    if names.is_empty() {
        let text = "no method has been read from this table; teach the rule its new form";
        return Verdict::Checked(vec![Finding::new(TABLE, 1, text)]);
    }
    let mut findings = Vec::new();
    for path in tree.libraries().filter(|path| ![TABLE, TAGGED_BY_METHOD].contains(path)) {
        for token in tree.tokens(path) {
            let Kind::Text(text) = &token.kind else { continue };
            let used =
                names.iter().find(|name| text == *name || text.contains(&format!("\"{name}\"")));
            if let Some(name) = used {
                let text =
                    format!("the method name {name:?} as a literal; use the method table's `NAME`");
                findings.push(Finding::new(path, token.line, text));
            }
        }
    }
    Verdict::Checked(findings)
}

/// An entry of the table begins with `Marker = "name":`.
fn names(tokens: &[Token]) -> BTreeSet<String> {
    let entry = |tokens: &[Token]| match tokens {
        [marker, equals, Token { kind: Kind::Text(name), .. }, colon]
            if matches!(marker.kind, Kind::Word(_))
                && equals.is_mark('=')
                && colon.is_mark(':') =>
        {
            Some(name.clone())
        }
        _ => None,
    };
    tokens.windows(4).filter_map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRIES: &str = "
        const EXTENSION: &str = \"io.example/x\";
        methods! { requests { Call = \"tools/call\": Params => Result, Both A..=B; } }";

    #[test]
    fn a_literal_with_the_name_of_a_method_is_found() {
        let source = "
            /// `tools/call`
            const A: &str = \"tools/call\";
            const B: &[u8] = br#\"{\"method\":\"tools/call\"}\"#;
            const C: &str = \"the tool of tools/call\";
            #[cfg(test)] const D: &str = \"tools/call\";";
        let tree =
            Tree::of(&[(TABLE, ENTRIES), ("mcp-server/src/a.rs", source), ("x/src/a.rs", source)]);
        let text = "the method name \"tools/call\" as a literal; use the method table's `NAME`";
        assert_eq!(
            check(&tree).findings(),
            [format!("mcp-server/src/a.rs:3: {text}"), format!("mcp-server/src/a.rs:4: {text}")]
        );
    }

    #[test]
    fn a_table_that_cannot_be_read_is_a_finding() {
        for tree in [Tree::of(&[]), Tree::of(&[(TABLE, "methods! {}")])] {
            assert_eq!(check(&tree).findings().len(), 1);
        }
    }
}
