//! Every id of a requirement (`HDR-2`) or threat (`THREAT-12`) in sources and documents is defined
//! in `docs/requirements.md` or `docs/threats.md` with an anchor: `<a id="HDR-2"></a>`. Readers of
//! `docs/` find it through a link. Readers of the API documentation cannot, so that of public items
//! has no ids.

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
    for (path, text) in tree.markdown().filter(|(path, _)| path.starts_with("docs/")) {
        if !DEFINITIONS.contains(&path) {
            findings.extend(unlinked(path, text));
        }
    }
    for path in tree.libraries() {
        findings.extend(documented(path, tree.text(path).unwrap_or_default()));
    }
    Verdict::Checked(findings)
}

/// Finds the ids that have no link to their definition in the same line.
fn unlinked(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for (_, id) in ids(line) {
            let is_linked = DEFINITIONS.iter().any(|file| {
                let file = file.trim_start_matches("docs/");
                line.contains(&format!("{file}#{id})"))
            });
            if !is_linked {
                let text = format!("{id} is not linked; link to its line in {}", DEFINITIONS[0]);
                findings.push(Finding::new(path, index + 1, text));
            }
        }
    }
    findings
}

/// Finds the ids in the documentation of public items.
fn documented(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut found = Vec::new();
    // The brackets that an attribute has opened.
    let mut open = 0;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_start();
        if let Some(comment) = line.strip_prefix("///") {
            found.extend(ids(comment).map(|(_, id)| (index + 1, id)));
            continue;
        }
        if open > 0 || line.starts_with("#[") {
            let count = |bracket| line.matches(bracket).count();
            open = (open + count('[')).saturating_sub(count(']'));
            continue;
        }
        if line.starts_with("pub ") {
            findings.extend(found.iter().map(|(line, id)| {
                let text = format!("{id} in the documentation of a public item; say what it means");
                Finding::new(path, *line, text)
            }));
        }
        found.clear();
    }
    findings
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
    fn an_id_in_the_documents_is_a_link() {
        let tree = Tree::of(&[
            ("docs/requirements.md", "<a id=\"HDR-2\"></a>HDR-2"),
            ("docs/threats.md", ""),
            ("docs/guide/a.md", "[HDR-2](../requirements.md#HDR-2)\n[HDR-2](tools.md)\n"),
            ("README.md", "HDR-2"),
        ]);
        assert_eq!(
            check(&tree).findings(),
            ["docs/guide/a.md:2: HDR-2 is not linked; link to its line in docs/requirements.md"]
        );
    }

    #[test]
    fn public_items_are_documented_without_ids() {
        let text = "//! HDR-2\n/// HDR-2\n#[cfg(all(\n    a[0],\n))]\n#[must_use]\npub fn a() {}\n\
                    /// HDR-2\npub(crate) fn b() {}\n/// HDR-2\nfn c() {}\n// HDR-2\npub fn d() {}\n";
        let tree = Tree::of(&[
            ("docs/requirements.md", "<a id=\"HDR-2\"></a>"),
            ("docs/threats.md", ""),
            ("mcp-core/src/a.rs", text),
            ("mcp-server/tests/a.rs", "/// HDR-2\npub fn a() {}\n"),
        ]);
        assert_eq!(
            check(&tree).findings(),
            ["mcp-core/src/a.rs:2: HDR-2 in the documentation of a public item; say what it means"]
        );
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
