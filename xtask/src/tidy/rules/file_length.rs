//! No Rust file is longer than 500 lines.

use crate::tidy::{
    finding::Finding,
    rule::{Rule, Verdict},
    tree::Tree,
};

pub(super) const RULE: Rule = Rule { name: "file-length", check };

const LIMIT: usize = 500;

fn check(tree: &Tree) -> Verdict {
    let findings = tree.rust().filter_map(|(path, text)| {
        let lines = text.lines().count();
        let what = format!("{lines} lines, more than {LIMIT}; split the file by its nouns");
        (lines > LIMIT).then(|| Finding::new(path, LIMIT + 1, what))
    });
    Verdict::Checked(findings.collect())
}

#[test]
fn a_file_may_have_500_lines_and_no_more() {
    let (fits, long) = ("//\n".repeat(500), "//\n".repeat(501));
    let tree = Tree::of(&[("a.rs", &fits), ("b.rs", &long), ("c.md", &long)]);
    assert_eq!(
        check(&tree).findings(),
        ["b.rs:501: 501 lines, more than 500; split the file by its nouns"]
    );
}
