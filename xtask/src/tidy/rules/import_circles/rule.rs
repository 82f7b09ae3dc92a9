//! The rule: reads each crate of the workspace and reports its circles.

use std::collections::{BTreeMap, BTreeSet};

use syn::Item;

use super::{
    circles::{self, Graph},
    modules::{Crate, attributes, is_test},
    uses::{self, Uses},
};
use crate::tidy::{
    finding::Finding,
    rule::{Rule, Verdict},
    tree::Tree,
};

pub(in crate::tidy::rules) const RULE: Rule = Rule { name: "import-circles", check };

fn check(tree: &Tree) -> Verdict {
    let mut findings = Vec::new();
    for root in tree.rust().map(|(path, _)| path).filter(|path| is_crate_root(path)) {
        match Crate::read(tree, root) {
            Ok(it) => check_crate(&it, &mut findings),
            Err((path, what)) => {
                let text = format!("{what}; the imports of this crate are not checked");
                findings.push(Finding::new(&path, 1, text));
            }
        }
    }
    Verdict::Checked(findings)
}

/// Whether the file is the root of a library, a program or a benchmark of a workspace member.
fn is_crate_root(path: &str) -> bool {
    match path.split('/').collect::<Vec<_>>()[..] {
        [_, "src", "lib.rs"] | [_, "src", "bin", _, "main.rs"] => true,
        [_, "src", "bin", file] => file.ends_with(".rs"),
        [_, folder, "main.rs"] => folder != "tests",
        _ => false,
    }
}

fn check_crate(it: &Crate, findings: &mut Vec<Finding>) {
    let mut all = BTreeMap::new();
    for (index, file) in it.files.iter().enumerate() {
        let uses = uses::of(it, file);
        findings.extend(uses.unknown.iter().map(|(line, path)| {
            let text = format!(
                "`{path}` has no known target; extend the rule import-circles to resolve it"
            );
            Finding::new(&file.path, *line, text)
        }));
        if file.syntax.items.iter().any(defines) {
            all.insert(index, uses);
        }
    }
    let graph: Graph =
        all.iter().map(|(file, uses)| (*file, uses.files.keys().copied().collect())).collect();
    for group in circles::groups(&graph) {
        findings.push(report(it, &all, &graph, &group));
    }
}

/// Whether the item is not merely a declaration, an import or a re-export.
fn defines(item: &Item) -> bool {
    match item {
        _ if is_test(attributes(item)) => false,
        Item::Use(_) | Item::ExternCrate(_) => false,
        Item::Mod(item) => item.content.iter().any(|(_, items)| items.iter().any(defines)),
        _ => true,
    }
}

/// Reports a shortest circle through the first file of the group, and every import in the group.
fn report(
    it: &Crate,
    all: &BTreeMap<usize, Uses>,
    graph: &Graph,
    group: &BTreeSet<usize>,
) -> Finding {
    let path = |file: usize| it.files[file].path.as_str();
    let first = group.iter().copied().min_by_key(|file| path(*file)).unwrap_or_default();
    let circle = circles::shortest(graph, group, first);
    let line = |from: usize, to: usize| all.get(&from)?.files.get(&to)?.values().min().copied();
    let line = circle.get(1).and_then(|second| line(first, *second)).unwrap_or(1);
    let circle: Vec<&str> = circle.into_iter().map(path).collect();
    let mut text = format!(
        "import circle of {} files, such as {}; move what both sides need into another file",
        group.len(),
        circle.join(" -> ")
    );
    let mut members: Vec<usize> = group.iter().copied().collect();
    members.sort_by_key(|file| path(*file));
    for from in &members {
        for (to, names) in &all[from].files {
            if group.contains(to) {
                let names: Vec<String> =
                    names.iter().map(|(name, line)| format!("{name} ({line})")).collect();
                let import =
                    format!("\n    {} -> {}: {}", path(*from), path(*to), names.join(", "));
                text.push_str(&import);
            }
        }
    }
    Finding::new(path(first), line, text)
}
