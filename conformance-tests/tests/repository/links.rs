//! Links between the documents.

use std::path::Path;

use crate::{ids, tree};

#[test]
fn every_link_leads_to_a_file_and_a_place_in_it() {
    let mut count = 0;
    for file in tree::files(&["md"]) {
        let folder = file.path.parent().unwrap_or_else(|| Path::new(""));
        for target in targets(&file.text) {
            count += 1;
            let (path, place) = target.split_once('#').unwrap_or((target, ""));
            let target_path = if path.is_empty() { file.path.clone() } else { folder.join(path) };
            let there = tree::root().join(&target_path);
            assert!(there.exists(), "{}: {target} leads nowhere", file.path.display());
            if !place.is_empty() {
                let text = tree::text(&target_path.to_string_lossy());
                let found =
                    ids::defined(&text).contains(&place) || headings(&text).any(|it| it == place);
                assert!(found, "{}: {target} leads to no place in the file", file.path.display());
            }
        }
    }
    assert!(count > 30, "only {count} links were found");
}

/// Where the links of a document lead, those to other sites left out.
fn targets(text: &str) -> impl Iterator<Item = &str> {
    let links = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    links.map(|(target, _)| target).filter(|target| !target.contains("://"))
}

/// The headings, as links name them.
fn headings(text: &str) -> impl Iterator<Item = String> + '_ {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings.map(|line| {
        let line = line.trim_start_matches('#').trim().to_lowercase();
        let kept = line.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    })
}
