//! Constants that limit something are listed with the reason why they are not fields of `Limits`:
//! each constant of the libraries with the name of a limit has a row in the table "Fixed bounds" of
//! `docs/limits.md`, and each row has a constant, which may have another name.

use std::collections::BTreeMap;

use crate::tidy::{
    code::{Kind, Token},
    finding::Finding,
    rule::{Rule, Verdict},
    tree::Tree,
};

pub(super) const RULE: Rule = Rule { name: "fixed-bounds", check };

const DOCUMENT: &str = "docs/limits.md";
const HEADING: &str = "Fixed bounds";
/// The prefixes of the names of limits.
const BOUNDS: [&str; 4] = ["MOST", "LONGEST", "MAX_", "LIMIT"];

fn check(tree: &Tree) -> Verdict {
    let Some(document) = tree.text(DOCUMENT) else {
        return Verdict::Skipped(format!("{DOCUMENT} does not exist yet"));
    };
    let mut findings = Vec::new();
    let mut rows = BTreeMap::new();
    for row in rows_of(document) {
        if row.reason.is_empty() {
            let text = format!("`{}` has no reason; write it into the last cell", row.constant);
            findings.push(Finding::new(DOCUMENT, row.line, text));
        }
        if rows.insert(row.constant, row.line).is_some() {
            let text = format!("`{}` is listed twice; delete one row", row.constant);
            findings.push(Finding::new(DOCUMENT, row.line, text));
        }
    }
    for path in tree.libraries() {
        for (line, name) in constants(tree.tokens(path)) {
            let constant = format!("{path}::{name}");
            let is_listed = rows.remove(constant.as_str()).is_some();
            if !is_listed && BOUNDS.iter().any(|prefix| name.starts_with(prefix)) {
                let text = format!(
                    "the bound {name} is not documented; make it a field of `Limits`, or list \
                     `{constant}` under \"{HEADING}\" in {DOCUMENT}"
                );
                findings.push(Finding::new(path, line, text));
            }
        }
    }
    findings.extend(rows.into_iter().map(|(constant, line)| {
        Finding::new(DOCUMENT, line, format!("`{constant}` does not exist; delete the row"))
    }));
    Verdict::Checked(findings)
}

struct Row<'a> {
    line: usize,
    constant: &'a str,
    reason: &'a str,
}

/// Returns the rows of the table. The first cell is `file::NAME`, the last one the reason.
fn rows_of(document: &str) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    let mut level = None;
    for (index, line) in document.lines().enumerate() {
        let hashes = line.bytes().take_while(|byte| *byte == b'#').count();
        if hashes > 0 {
            if line[hashes..].trim() == HEADING {
                level = Some(hashes);
            } else if level.is_some_and(|level| hashes <= level) {
                level = None;
            }
        }
        let cells = line.trim().strip_prefix('|').and_then(|line| line.strip_suffix('|'));
        if let (Some(_), Some(cells)) = (level, cells) {
            let mut cells = cells.split('|').map(str::trim);
            let constant = cells.next().unwrap_or_default().trim_matches('`');
            let reason = cells.next_back().unwrap_or_default();
            if constant.contains(".rs::") {
                rows.push(Row { line: index + 1, constant, reason });
            }
        }
    }
    rows
}

/// Returns the constants, with their lines.
fn constants(tokens: &[Token]) -> impl Iterator<Item = (usize, &str)> {
    tokens.windows(2).filter_map(|pair| match &pair[1].kind {
        Kind::Word(name) if pair[0].is_word("const") => Some((pair[1].line, name.as_str())),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "
        const MOST_ROUNDS: u8 = 9;
        impl A { pub const MAX_DEPTH: u8 = 9; }
        const OTHER: u8 = MOST_ROUNDS;
        #[cfg(test)] const LIMIT: u8 = 9;";

    fn findings(table: &str) -> Vec<String> {
        let document =
            format!("# Limits\n| `a.rs::LIMIT` | - |\n## Fixed bounds\n{table}## More\n");
        check(&Tree::of(&[(DOCUMENT, &document), ("mcp-core/src/a.rs", SOURCE)])).findings()
    }

    #[test]
    fn each_bound_has_a_row_and_each_row_a_bound() {
        let rows = "| constant | value | reason |\n|---|---|---|\n\
                    | `mcp-core/src/a.rs::MOST_ROUNDS` | 9 | enough |\n";
        let depth = "| `mcp-core/src/a.rs::MAX_DEPTH` | 9 | enough |\n";
        assert!(findings(&format!("{rows}{depth}")).is_empty());
        let other = "| `mcp-core/src/a.rs::OTHER` | 9 | enough |\n";
        assert!(findings(&format!("{rows}{depth}{other}")).is_empty());
        assert_eq!(
            findings(rows),
            ["mcp-core/src/a.rs:3: the bound MAX_DEPTH is not documented; make it a field of \
              `Limits`, or list `mcp-core/src/a.rs::MAX_DEPTH` under \"Fixed bounds\" in \
              docs/limits.md"]
        );
        let gone = "| `mcp-core/src/a.rs::MAX_WIDTH` | 9 | enough |\n";
        assert_eq!(
            findings(&format!("{rows}{depth}{gone}")),
            ["docs/limits.md:8: `mcp-core/src/a.rs::MAX_WIDTH` does not exist; delete the row"]
        );
    }

    #[test]
    fn a_row_has_a_reason_and_occurs_once() {
        let rows = "| `mcp-core/src/a.rs::MOST_ROUNDS` | 9 | |\n\
                    | `mcp-core/src/a.rs::MAX_DEPTH` | 9 | a |\n\
                    | `mcp-core/src/a.rs::MAX_DEPTH` | 9 | a |\n";
        assert_eq!(
            findings(rows),
            [
                "docs/limits.md:4: `mcp-core/src/a.rs::MOST_ROUNDS` has no reason; write it into \
                 the last cell",
                "docs/limits.md:6: `mcp-core/src/a.rs::MAX_DEPTH` is listed twice; delete one row",
            ]
        );
    }

    #[test]
    fn without_the_document_the_rule_is_skipped() {
        assert!(matches!(check(&Tree::of(&[])), Verdict::Skipped(_)));
    }
}
