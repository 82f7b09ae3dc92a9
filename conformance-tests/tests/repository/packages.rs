//! What the documents say about packages: their features, the examples, and how to depend on them.

use std::collections::BTreeSet;

use crate::tree;

/// The crates with features, and the documents that have a table of them.
const TABLES: [(&str, &[&str]); 3] = [
    ("mcp-server", &["mcp-server/src/lib.rs", "docs/guide/first-server.md"]),
    ("mcp-client", &["mcp-client/src/lib.rs", "docs/guide/client.md"]),
    ("mcp-core", &["mcp-core/src/lib.rs"]),
];
/// The crates that are published.
const PUBLISHED: [&str; 4] = ["mcp-core", "mcp-macros", "mcp-server", "mcp-client"];

/// The features of a crate. Those that are on by default end with ` (default)`.
fn features(krate: &str) -> BTreeSet<String> {
    let manifest = tree::text(&format!("{krate}/Cargo.toml"));
    let (_, features) = manifest.split_once("[features]\n").expect("features");
    let features = features.split("\n[").next().unwrap_or_default();
    let names = features.lines().filter_map(|line| line.split_once(" = [").map(|(name, _)| name));
    let default = features.lines().find(|line| line.starts_with("default = ")).unwrap_or_default();
    let named = names.filter(|name| *name != "default").map(|name| {
        let is_default = default.contains(&format!("\"{name}\""));
        format!("{name}{}", if is_default { " (default)" } else { "" })
    });
    named.collect()
}

/// The features that a document lists: in the first cells of the table below `| feature`, or in the
/// items of the list below `# Features`.
fn listed(document: &str) -> BTreeSet<String> {
    let lines = document.lines().map(|line| line.trim_start_matches("//!").trim_start());
    let mut rest = lines.skip_while(|line| !line.starts_with("| feature") && *line != "# Features");
    let is_table = rest.next().is_some_and(|line| line.starts_with('|'))
        || rest.clone().nth(1).is_some_and(|line| line.starts_with('|'));
    let begin = if is_table { "|" } else { "- `" };
    let rows = rest.skip_while(|line| !line.starts_with(begin));
    let rows = rows.take_while(|line| !line.is_empty());
    let mut listed = BTreeSet::new();
    for row in rows.filter_map(|row| row.strip_prefix(begin)) {
        let cell = row.split(if is_table { '|' } else { ':' }).next().unwrap_or_default();
        let cell = if is_table { cell.to_owned() } else { format!("`{cell}") };
        let is_default = cell.contains("(default)");
        for name in cell.split('`').skip(1).step_by(2) {
            listed.insert(format!("{name}{}", if is_default { " (default)" } else { "" }));
        }
    }
    listed
}

#[test]
fn the_tables_of_features_are_complete() {
    for (krate, documents) in TABLES {
        for document in documents {
            assert_eq!(listed(&tree::text(document)), features(krate), "{document}");
        }
    }
}

#[test]
fn features_are_found_in_tables_and_lists() {
    let table = "x\n| feature | adds |\n|---|---|\n| none | a |\n| `a` (default) | `A` |\n\
                 | `b`, `c` | d |\n\n| `e` | f |\n";
    let expected = BTreeSet::from(["a (default)", "b", "c"].map(str::to_owned));
    assert_eq!(listed(table), expected);
    let documented = table.replace("x\n", "# Features\n\n").replace('\n', "\n//! ");
    assert_eq!(listed(&documented), expected);
    let list = "//! # Features\n//!\n//! - `a`: `A`,\n//!   b\n//! - `c`: d.\n\nmod a;\n";
    assert_eq!(listed(list), BTreeSet::from(["a", "c"].map(str::to_owned)));
}

#[test]
fn every_example_is_in_the_index() {
    let index = tree::text("examples/README.md");
    let mut count = 0;
    for file in
        tree::files(&["rs"]).iter().filter(|file| file.path.starts_with("examples/examples"))
    {
        let name = file.path.file_stem().expect("a name").to_string_lossy();
        assert!(
            index.contains(&format!("[{name}](examples/{name}.rs)")),
            "examples/README.md does not have {name}"
        );
        count += 1;
    }
    assert!(count > 20, "only {count} examples were found");
}

#[test]
fn no_document_depends_on_a_foreign_crate_of_the_registry() {
    for file in tree::files(&["md"]) {
        let path = file.path.display();
        // It says what is to be done when the names are settled.
        if file.path.ends_with("RELEASING.md") {
            continue;
        }
        for line in file.text.lines() {
            let names_one = PUBLISHED.iter().any(|krate| {
                let value = line.trim_start().strip_prefix(krate).map(str::trim_start);
                let value = value.and_then(|rest| rest.strip_prefix('=')).map(str::trim_start);
                value.is_some_and(|it| it.starts_with('"') || it.contains("version"))
            });
            assert!(!names_one, "{path}: the registry has another crate of this name: {line}");
        }
    }
}
