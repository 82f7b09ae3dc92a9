//! Every id of a requirement (`HDR-2`) or threat (`THREAT-12`) in sources and documents is defined
//! in `docs/requirements.md` or `docs/threats.md` with an anchor: `<a id="HDR-2"></a>`.

use std::collections::BTreeMap;

use crate::tidy::{
    finding::Finding,
    rule::{Rule, Verdict},
    tree::Tree,
};

pub(super) const RULE: Rule = Rule { name: "requirement-ids", check };

const DEFINITIONS: [&str; 2] = ["docs/requirements.md", "docs/threats.md"];

/// Names that look like ids: the part before the number.
const OTHER_NAMES: &[&str] = &[
    "AES",      // ciphers
    "BCP",      // documents of the IETF
    "CVE",      // published weaknesses
    "CWE",      // kinds of weaknesses
    "ECMA",     // standards
    "HMAC-SHA", // signatures
    "ISO",      // standards
    "P",        // elliptic curves
    "RFC",      // documents of the IETF
    "SEP",      // proposals to change the protocol
    "SHA",      // hashes
    "UTF",      // encodings
];

fn check(tree: &Tree) -> Verdict {
    let mut findings = Vec::new();
    let mut defined = BTreeMap::new();
    for file in DEFINITIONS {
        let Some(text) = tree.text(file) else {
            findings.push(Finding::new(file, 1, "missing; it defines the ids of requirements"));
            continue;
        };
        for (line, id) in anchors(text) {
            if let Some((other, first)) = defined.insert(id, (file, line)) {
                let text =
                    format!("{id} is already defined at {other}:{first}; give it another id");
                findings.push(Finding::new(file, line, text));
            }
        }
    }
    for (path, text) in tree.rust().chain(tree.markdown()).filter(|(path, _)| !is_example(path)) {
        for (line, id) in ids(text).filter(|(_, id)| !defined.contains_key(id)) {
            let text =
                format!("{id} is not defined; correct it, or define it in {}", DEFINITIONS[0]);
            findings.push(Finding::new(path, line, text));
        }
    }
    Verdict::Checked(findings)
}

/// Whether the ids in the file are examples, in the tests of this rule.
fn is_example(path: &str) -> bool {
    path.starts_with("xtask/")
}

/// Returns the ids of anchors, with their lines.
fn anchors(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().flat_map(|(index, line)| {
        let ids = line.split("<a id=\"").skip(1).filter_map(|rest| rest.split('"').next());
        ids.map(move |id| (index + 1, id)).filter(|(_, id)| is_id(id))
    })
}

/// Returns the ids in a text, with their lines.
fn ids(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().flat_map(|(index, line)| {
        let words = line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'));
        words.filter(|word| is_id(word)).map(move |word| (index + 1, word))
    })
}

/// Whether the word consists of capital letters and digits, a hyphen and a number, and is not
/// another known name.
fn is_id(word: &str) -> bool {
    let Some((name, number)) = word.rsplit_once('-') else { return false };
    let is_part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_uppercase())
            && part.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    };
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number && name.split('-').all(is_part) && !OTHER_NAMES.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_without_a_definition_is_found() {
        let tree = Tree::of(&[
            ("docs/requirements.md", "| <a id=\"HDR-2\"></a>HDR-2 | a |\n| <a id=\"ABC-1\"></a> |"),
            ("docs/threats.md", "<a id=\"THREAT-12\"></a>"),
            ("mcp-core/src/a.rs", "// HDR-2, THREAT-12.\n// Spec: HDR-3 and `ABC-1`.\n"),
        ]);
        assert_eq!(
            check(&tree).findings(),
            [
                "mcp-core/src/a.rs:2: HDR-3 is not defined; correct it, or define it in docs/requirements.md"
            ]
        );
    }

    #[test]
    fn an_id_has_one_definition() {
        let tree = Tree::of(&[
            ("docs/requirements.md", "<a id=\"HDR-2\"></a>"),
            ("docs/threats.md", "\n<a id=\"HDR-2\"></a>"),
        ]);
        assert_eq!(
            check(&tree).findings(),
            [
                "docs/threats.md:2: HDR-2 is already defined at docs/requirements.md:1; give it another id"
            ]
        );
    }

    #[test]
    fn a_missing_document_is_a_finding() {
        assert_eq!(check(&Tree::of(&[])).findings().len(), 2);
    }

    #[test]
    fn ids_are_distinguished_from_similar_words() {
        let text = "UTF-8 SHA-256 SEP-1234 RFC-9110 ECMA-262 FNV-1a CVE-2024-1 ES256 x-1 A_B-1 HDR-x -1 \
                    HDR-2, (MRTR-14) TRAP-7/TK25-3";
        let found: Vec<&str> = ids(text).map(|(_, id)| id).collect();
        // `CVE-2024-1` is not an id, because a part of an id does not begin with a digit.
        assert_eq!(found, ["HDR-2", "MRTR-14", "TRAP-7", "TK25-3"]);
    }
}
