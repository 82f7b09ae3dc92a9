//! Prose wraps at 100 columns: comments in Rust, and Markdown except tables, code blocks and link
//! targets, which cannot be wrapped.

use crate::tidy::{
    finding::Finding,
    prose::{Block, Kind},
    rule::{Rule, Verdict},
    tree::Tree,
};

pub(super) const RULE: Rule = Rule { name: "line-width", check };

const LIMIT: usize = 100;

fn check(tree: &Tree) -> Verdict {
    let mut findings = Vec::new();
    for (path, _) in tree.rust().chain(tree.markdown()) {
        for block in tree.prose(path).iter().filter(|block| block.kind != Kind::Literal) {
            too_wide(path, block, &mut findings);
        }
    }
    Verdict::Checked(findings)
}

fn too_wide(path: &str, block: &Block, findings: &mut Vec<Finding>) {
    let mut in_code = false;
    for line in &block.lines {
        let text = line.text.trim();
        let is_fence = text.starts_with("```") || text.starts_with("~~~");
        in_code ^= is_fence;
        if in_code || is_fence || text.starts_with('|') || is_link_definition(text) {
            continue;
        }
        let width = line.column + without_addresses(line.text.trim_end()).chars().count();
        if width > LIMIT && text.contains(' ') {
            let text = format!("{width} columns of prose, more than {LIMIT}; wrap the line");
            findings.push(Finding::new(path, line.number, text));
        }
    }
}

/// Whether the text is `[name]: address`.
fn is_link_definition(text: &str) -> bool {
    text.starts_with('[') && text.contains("]: ")
}

/// Returns the text without the address in `[text](address)` and `<https://address>`.
fn without_addresses(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    loop {
        let link = rest.find("](").map(|at| (at + 1, ')'));
        let address = rest.find("<http").map(|at| (at, '>'));
        let Some((start, end)) = [link, address].into_iter().flatten().min() else { break };
        kept.push_str(&rest[..start]);
        rest = rest[start..].find(end).map_or("", |at| &rest[start + at + 1..]);
    }
    kept + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        let Verdict::Checked(findings) = check(&Tree::of(&[(path, text)])) else { return vec![] };
        findings.into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn comments_must_wrap_but_code_and_literals_need_not() {
        let fits = format!("// {}ab\n", "word ".repeat(19));
        let long = format!("// {}abc\n", "word ".repeat(19));
        assert_eq!(lines("a.rs", &format!("{fits}{long}")), [2]);
        assert_eq!(lines("a.rs", &format!("{fits}    {fits}")), [2]);
        let code = format!("let a = \"{}\"; f({});", "word ".repeat(30), "a, ".repeat(30));
        assert_eq!(lines("a.rs", &code), []);
    }

    #[test]
    fn what_cannot_be_wrapped_in_markdown_need_not() {
        let long = "word ".repeat(30);
        let link = "a/".repeat(60);
        let text = format!(
            "{long}\n| {long} |\n```\n{long}\n```\n[a]({link}) <https://{link}> b\n[a]: {link}\n{link}\n"
        );
        assert_eq!(lines("a.md", &text), [1]);
        let doc = text.lines().map(|line| format!("/// {line}\n")).collect::<String>();
        assert_eq!(lines("a.rs", &doc), [1]);
    }
}
