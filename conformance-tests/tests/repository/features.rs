//! `docs/features.md` names a section of the guide, an example and a test for each feature of the
//! protocol's list, and `docs/guide/host-authors.md` a test for each promise.

use crate::{guide, links, tree};

const DOCUMENT: &str = "docs/features.md";
const HOST_AUTHORS: &str = "docs/guide/host-authors.md";
/// The length of the list by which SDKs are measured.
const FEATURES: usize = 48;

/// The rows of the table, each as its cells.
fn rows(document: &str) -> Vec<Vec<&str>> {
    let rows = document.lines().filter(|line| {
        line.strip_prefix("| ").is_some_and(|row| row.starts_with(|c: char| c.is_ascii_digit()))
    });
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

/// The target of the only link in a cell.
fn target(cell: &str) -> &str {
    let (_, link) = cell.split_once("](").unwrap_or_else(|| panic!("{cell:?} is not a link"));
    link.trim_end_matches(')')
}

/// The text of the section with this anchor, up to the next heading of its level or above.
fn section<'a>(page: &'a str, anchor: &str) -> &'a str {
    let level = |line: &str| line.chars().take_while(|c| *c == '#').count();
    let mut start = None;
    let mut offset = 0;
    let mut is_code = false;
    for line in page.split_inclusive('\n') {
        is_code ^= line.starts_with("```");
        let is_heading = !is_code && line.starts_with('#');
        match start {
            // The section of a title ends at the first heading below it.
            Some((_, depth)) if is_heading && level(line) <= std::cmp::max(depth, 2) => break,
            None if is_heading && links::headings(line).any(|it| it == anchor) => {
                start = Some((offset, level(line)));
            }
            _ => {}
        }
        offset += line.len();
    }
    let (start, _) = start.unwrap_or_else(|| panic!("there is no section {anchor}"));
    &page[start..offset]
}

#[test]
fn every_feature_has_a_section_with_a_program_an_example_and_a_test() {
    let document = tree::text(DOCUMENT);
    let rows = rows(&document);
    assert_eq!(rows.len(), FEATURES);
    for (index, row) in rows.iter().enumerate() {
        let [number, feature, _, guide, example, test] = row[..] else {
            panic!("{row:?} does not have six cells")
        };
        assert_eq!(number, (index + 1).to_string(), "{feature}");
        let (page, anchor) = target(guide).split_once('#').expect("a page and a section");
        let page = tree::text(&format!("docs/{page}"));
        let section = section(&page, anchor);
        let has_program = guide::programs(section).next().is_some();
        assert!(has_program, "{feature}: {anchor} has no compiled program");
        let example = tree::text(&format!("docs/{}", target(example)));
        assert!(example.contains("fn main()"), "{feature}: the example is not a program");
        assert_eq!(tree::check_tests_exist(DOCUMENT, test), 1, "{feature}: {test}");
    }
}

#[test]
fn every_promise_to_authors_of_hosts_has_a_test() {
    let document = tree::text(HOST_AUTHORS);
    let promises: Vec<_> = document.lines().filter(|line| line.starts_with("| ")).collect();
    for promise in promises.iter().filter(|line| !line.starts_with("| promise |")) {
        assert!(tree::check_tests_exist(HOST_AUTHORS, promise) > 0, "without a test: {promise}");
    }
    assert!(tree::check_tests_exist(HOST_AUTHORS, &document) > 40);
}

#[test]
fn a_section_ends_at_the_next_heading_of_its_level() {
    let page = "# Title\na\n## One\nb\n### Part\nc\n```sh\n# no heading\n```\n## Two\nd\n";
    assert_eq!(section(page, "title"), "# Title\na\n");
    assert_eq!(section(page, "part"), "### Part\nc\n```sh\n# no heading\n```\n");
    assert!(section(page, "one").ends_with("# no heading\n```\n"));
    assert_eq!(section(page, "two"), "## Two\nd\n");
}
