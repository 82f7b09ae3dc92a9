//! Links between the documents.

use std::path::Path;

use crate::{ids, tree};

#[test]
fn every_link_has_a_target() {
    let mut count = 0;
    for file in tree::files(&["md"]) {
        let folder = file.path.parent().unwrap_or_else(|| Path::new(""));
        for target in targets(&file.text) {
            count += 1;
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            let target_path = if path.is_empty() { file.path.clone() } else { folder.join(path) };
            let there = tree::root().join(&target_path);
            assert!(there.exists(), "{}: the file of {target} does not exist", file.path.display());
            if !anchor.is_empty() {
                let text = tree::text(&target_path.to_string_lossy());
                let found =
                    ids::defined(&text).contains(&anchor) || headings(&text).any(|it| it == anchor);
                assert!(
                    found,
                    "{}: the file of {target} has no such anchor or heading",
                    file.path.display()
                );
            }
        }
    }
    assert!(count > 30, "only {count} links were found");
}

/// Returns the targets of the links in a document, without links to other sites.
fn targets(text: &str) -> impl Iterator<Item = &str> {
    let links = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    let definitions = text.lines().filter(|line| line.starts_with('['));
    let definitions = definitions.filter_map(|line| line.split_once("]: "));
    links.map(|(target, _)| target).chain(definitions.map(|(_, target)| target)).filter(|target| {
        // rustdoc checks the links to modules.
        !target.contains("://") && !target.starts_with("crate::")
    })
}

/// Returns the anchors of the headings.
pub(crate) fn headings(text: &str) -> impl Iterator<Item = String> + '_ {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings.map(|line| {
        let line = line.trim_start_matches('#').trim().to_lowercase();
        let kept = line.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    })
}
