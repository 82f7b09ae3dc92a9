//! The phrases in `xtask/phrases.txt` are not used in comments, string literals and Markdown.
//! Phrases that continue on the next line are found too.

use crate::tidy::{
    finding::Finding,
    prose::Block,
    rule::{Rule, Verdict},
    tree::Tree,
};

pub(super) const RULE: Rule = Rule { name: "phrases", check };

/// One line for each phrase: the phrase, ` = `, and the replacement. `#` begins a comment.
const PHRASES: &str = include_str!("../../../phrases.txt");

fn check(tree: &Tree) -> Verdict {
    Verdict::Checked(findings(tree, &list(PHRASES)))
}

/// Returns the phrases with their replacements.
fn list(text: &str) -> Vec<(&str, &str)> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(" = "))
        .collect()
}

fn findings(tree: &Tree, phrases: &[(&str, &str)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, _) in tree.rust().chain(tree.markdown()) {
        for block in tree.prose(path) {
            for (line, phrase, instead) in used(block, phrases) {
                let text = format!("\"{phrase}\" is not used here; write {instead}");
                findings.push(Finding::new(path, line, text));
            }
        }
    }
    findings
}

/// Returns the phrases in a block, with the lines on which they begin.
fn used<'a>(block: &Block, phrases: &[(&'a str, &'a str)]) -> Vec<(usize, &'a str, &'a str)> {
    // The words, separated by single spaces, and the line of each byte.
    let (mut text, mut lines) = (String::from(" "), vec![0]);
    for line in &block.lines {
        for word in line.text.split([' ', '\t', '\\']).filter(|word| !word.is_empty()) {
            text.push_str(&word.to_lowercase());
            text.push(' ');
            lines.resize(text.len(), line.number);
        }
    }
    let mut used = Vec::new();
    for (phrase, instead) in phrases {
        for (start, found) in text.match_indices(phrase) {
            let is_letter = |c: char| c.is_alphanumeric() || c == '_';
            let (before, after) = (&text[..start], &text[start + found.len()..]);
            if !before.ends_with(is_letter) && !after.starts_with(is_letter) {
                used.push((lines[start], *phrase, *instead));
            }
        }
    }
    used
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &[(&str, &str)] = &[("red fox", "\"fox\""), ("owl", "\"bird\"")];

    fn found(path: &str, text: &str) -> Vec<String> {
        let tree = Tree::of(&[(path, text)]);
        findings(&tree, LIST).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_phrase_is_found_in_comments_literals_and_markdown_but_not_in_code() {
        let text = "/// A red\n/// Fox, an owl.\nfn owl() {} // growl\nconst A: &str = \"Owl\";";
        assert_eq!(
            found("a.rs", text),
            [
                "a.rs:1: \"red fox\" is not used here; write \"fox\"",
                "a.rs:2: \"owl\" is not used here; write \"bird\"",
                "a.rs:4: \"owl\" is not used here; write \"bird\"",
            ]
        );
        assert_eq!(found("a.md", "a\nred\nfox\n").len(), 1);
        assert_eq!(found("a.rs", "const A: &str = \"a red \\\n    fox\";").len(), 1);
    }

    #[test]
    fn every_line_of_the_list_is_a_phrase_and_its_replacement() {
        let lines = PHRASES.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        assert_eq!(list(PHRASES).len(), lines.count());
        for (phrase, instead) in list(PHRASES) {
            assert_eq!(phrase, phrase.to_lowercase(), "phrases are compared in lower case");
            assert!(!instead.is_empty());
        }
    }
}
