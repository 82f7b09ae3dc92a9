//! The pages of `docs/guide`, and those of `docs` that it leads to, are also in the packages of the
//! crates, where their API documentation includes them: `mcp-server/guide` and `mcp-client/guide`.
//! There, links lead to modules, and files that the package does not have are named instead. `cargo
//! xtask bless guide` writes them.

use std::collections::BTreeMap;
use std::fs;

use crate::links::headings;
use crate::{guide_limits, tree};

const INDEX: &str = "docs/guide/README.md";
/// The longest line of prose, in columns; tidy refuses longer ones.
const WIDTH: usize = 100;

/// The sections of the index, and the crate that has their pages.
const CRATES: [(&str, &str); 2] = [("## Servers", "mcp-server"), ("## Clients", "mcp-client")];

/// The section of the index with pages of `docs`.
const MORE: &str = "## More";

/// The pages of `docs` that are in packages, and the crates whose readers need them.
const FURTHER: [(&str, &[&str]); 10] = [
    ("authorization", &["mcp-client"]),
    ("fleet", &["mcp-server"]),
    ("jsonrpsee", &["mcp-server"]),
    ("limits", &["mcp-client", "mcp-server"]),
    ("observability", &["mcp-client", "mcp-server"]),
    ("policy-and-audit", &["mcp-client", "mcp-server"]),
    ("protecting-a-server", &["mcp-server"]),
    ("revisions", &["mcp-client", "mcp-server"]),
    ("stores", &["mcp-server"]),
    ("tasks", &["mcp-client", "mcp-server"]),
];

/// The crates that have a page, by its file.
type Pages = BTreeMap<String, Vec<&'static str>>;

/// The names of the pages that a section of the index leads to.
fn linked<'a>(index: &'a str, heading: &str) -> Vec<&'a str> {
    let (_, section) = index.split_once(heading).expect("a section of the index");
    let section = section.split("\n## ").next().unwrap_or_default();
    let links = section.split("](").skip(1);
    links.map(|link| link.split_once(".md)").expect("a link to a page").0).collect()
}

fn pages(index: &str) -> Pages {
    let mut pages = Pages::new();
    for (heading, krate) in CRATES {
        for name in linked(index, heading) {
            let page = pages.insert(format!("docs/guide/{name}.md"), vec![krate]);
            assert_eq!(page, None, "{name} is there twice");
        }
    }
    pages.extend(FURTHER.map(|(name, crates)| (format!("docs/{name}.md"), crates.to_vec())));
    pages
}

/// The name of a page without its folder and `.md`.
fn name_of(page: &str) -> &str {
    let name = page.rsplit('/').next().unwrap_or_default();
    name.strip_suffix(".md").unwrap_or(name)
}

/// A page as the package of a crate has it.
fn page_of(page: &str, krate: &str, pages: &Pages) -> String {
    let text = tree::text(page);
    let text = if page == guide_limits::PAGE { guide_limits::of_crate(&text, krate) } else { text };
    packaged(&text, page, krate, pages)
}

/// The text of a page with the links of a crate.
fn packaged(text: &str, page: &str, krate: &str, pages: &Pages) -> String {
    let mut result = String::new();
    let mut is_code = false;
    // What did not fit into the line before, with the indentation of that line.
    let mut rest: Option<(String, String)> = None;
    for line in text.lines() {
        let fence = line.trim_start().starts_with("```");
        let is_prose = !is_code && !fence;
        is_code ^= fence;
        let mut line = if is_prose { relinked(line, page, krate, pages) } else { line.to_owned() };
        let continues = is_prose && !line.trim().is_empty() && !begins_a_block(&line);
        if let Some((indent, words)) = rest.take() {
            if continues {
                line = format!("{indent}{words} {}", line.trim_start());
            } else {
                result.push_str(&format!("{indent}{words}\n"));
            }
        }
        if is_prose && !line.starts_with('|') && line.chars().count() > WIDTH {
            let (kept, moved) = split(&line);
            let hanging = if begins_a_block(&line) { "  " } else { "" };
            let indent = line.chars().take_while(|c| *c == ' ').collect::<String>() + hanging;
            rest = Some((indent, moved.to_owned()));
            line = kept.to_owned();
        }
        result.push_str(&line);
        result.push('\n');
    }
    if let Some((indent, words)) = rest {
        result.push_str(&format!("{indent}{words}\n"));
    }
    result
}

/// Whether a line begins a new paragraph.
fn begins_a_block(line: &str) -> bool {
    let line = line.trim_start();
    let is_definition = line.starts_with('[') && line.contains("]: ");
    is_definition || (line.starts_with(['|', '#', '-', '*', '>']) && !line.starts_with("**"))
}

/// Splits a line at the last space that fits.
fn split(line: &str) -> (&str, &str) {
    let fits = line.char_indices().nth(WIDTH + 1).map_or(line.len(), |(index, _)| index);
    let space = line[..fits].rfind(' ').expect("a line of words");
    (&line[..space], line[space..].trim_start())
}

/// A line with the links that the package can follow.
fn relinked(line: &str, page: &str, krate: &str, pages: &Pages) -> String {
    let is_definition = line.starts_with('[') && line.contains("]: ") && !line.contains("://");
    assert!(!is_definition, "{page}: write the target into the link: {line}");
    let mut result = String::new();
    let mut rest = line;
    while let Some((before, link)) = rest.split_once("](") {
        let (target, after) = link.split_once(')').expect("a closed link");
        let start = before.rfind('[').expect("the text of a link");
        let text = &before[start + 1..];
        result.push_str(&before[..start]);
        result.push_str(&new_link(text, target, page, krate, pages));
        rest = after;
    }
    result + rest
}

fn new_link(text: &str, target: &str, page: &str, krate: &str, pages: &Pages) -> String {
    if target.starts_with("https://") || target.starts_with('#') {
        return format!("[{text}]({target})");
    }
    let (path, anchor) =
        target.split_once('#').map_or((target, ""), |(path, anchor)| (path, anchor));
    let file = file_of(page, path);
    let Some(crates) = pages.get(&file) else {
        let name = text.trim_matches('`');
        let is_name = file.rsplit('/').next().is_some_and(|it| it.trim_end_matches(".rs") == name);
        return if is_name { format!("`{file}`") } else { format!("{text} (`{file}`)") };
    };
    let module = name_of(&file).replace('-', "_");
    if crates.contains(&krate) {
        let hash = if anchor.is_empty() { "" } else { "#" };
        format!("[{text}](crate::guide::{module}{hash}{anchor})")
    } else {
        let other = crates[0].replace('-', "_");
        let name = format!("{other}::guide::{module}");
        if text == format!("{}.md", name_of(&file)) {
            format!("`{name}`")
        } else {
            format!("{text} (`{name}`)")
        }
    }
}

/// The file that a link of a page leads to, from the root of the repository.
fn file_of(page: &str, path: &str) -> String {
    let mut folders: Vec<&str> = page.split('/').collect();
    folders.pop();
    for part in path.split('/') {
        if part == ".." {
            folders.pop().expect("a folder of the repository");
        } else {
            folders.push(part);
        }
    }
    folders.join("/")
}

/// The beginnings of the programs in a document. None of them may be left uncompiled.
pub(crate) fn programs(text: &str) -> impl Iterator<Item = &str> {
    let programs = text.lines().map(str::trim_start).filter(|line| line.starts_with("```rust"));
    programs.inspect(|begin| assert!(!begin.contains("ignore"), "is not compiled: {begin}"))
}

#[test]
fn every_program_in_a_document_is_compiled() {
    let lists = ["conformance-tests/src/guides.rs", "examples/src/lib.rs"];
    let compiled = lists.map(tree::text).concat();
    for file in tree::files(&["md"]) {
        let path = file.path.to_string_lossy();
        let is_copy = CRATES.iter().any(|(_, krate)| path.starts_with(&format!("{krate}/guide/")));
        if !is_copy && programs(&file.text).count() > 0 {
            let include = format!("\"../../{path}\"");
            assert!(compiled.contains(&include), "{path} is in none of {lists:?}");
        }
    }
}

#[test]
fn the_pages_in_the_packages_are_those_of_the_guide() {
    let index = tree::text(INDEX);
    let pages = pages(&index);
    for name in linked(&index, MORE) {
        let name = name_of(name);
        assert!(FURTHER.iter().any(|(it, _)| *it == name), "{name} is in no package");
    }
    let write = std::env::var_os("BLESS").is_some_and(|value| value == "1");
    let mut packaged = BTreeMap::new();
    for (page, krate) in
        pages.iter().flat_map(|(page, crates)| crates.iter().map(move |it| (page, it)))
    {
        let name = name_of(page);
        let text = page_of(page, krate, &pages);
        let path = format!("{krate}/guide/{name}.md");
        if write {
            let path = tree::root().join(&path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, &text).expect("a page");
        } else {
            assert_eq!(tree::text(&path), text, "{path}: run `cargo xtask bless guide`");
        }
        let module = format!("include_str!(\"../guide/{name}.md\")");
        let guide = tree::text(&format!("{krate}/src/guide.rs"));
        assert!(guide.contains(&module), "{krate}/src/guide.rs does not include {name}.md");
        packaged.insert(path, text);
    }
    for (path, text) in &packaged {
        check_anchors(path, text, &packaged);
    }
    // Every page is in the index, and no package has a page that the guide does not have.
    for file in tree::files(&["md"]) {
        let folder = file.path.parent().map(|folder| folder.to_string_lossy().into_owned());
        let path = file.path.to_string_lossy().into_owned();
        match folder.as_deref() {
            Some("docs/guide") if path != INDEX => {
                assert!(pages.contains_key(&path), "{INDEX} does not have {path}");
            }
            Some("mcp-server/guide" | "mcp-client/guide") => {
                assert!(packaged.contains_key(&path), "{path} is not a page of the guide");
            }
            _ => {}
        }
    }
}

/// A part of a page that a link of a package leads to is in the package too. rustdoc does not check
/// anchors.
fn check_anchors(path: &str, text: &str, packaged: &BTreeMap<String, String>) {
    let krate = path.split('/').next().unwrap_or_default();
    for link in text.split("](crate::guide::").skip(1) {
        let (link, _) = link.split_once(')').expect("a closed link");
        let Some((module, anchor)) = link.split_once('#') else { continue };
        let page = &packaged[&format!("{krate}/guide/{}.md", module.replace('_', "-"))];
        assert!(headings(page).any(|it| it == anchor), "{path}: {link} is not in the package");
    }
}

#[test]
fn links_lead_to_modules_and_files_are_named() {
    let pages = Pages::from([
        ("docs/guide/tools.md".to_owned(), vec!["mcp-server"]),
        ("docs/guide/client-http.md".to_owned(), vec!["mcp-client"]),
        ("docs/tasks.md".to_owned(), vec!["mcp-client", "mcp-server"]),
        ("docs/stores.md".to_owned(), vec!["mcp-server"]),
    ]);
    for (line, expected) in [
        ("see [Tools](tools.md).", "see [Tools](crate::guide::tools)."),
        ("[A](tools.md#b) and [c](#d)", "[A](crate::guide::tools#b) and [c](#d)"),
        ("[HTTP](client-http.md#tls)", "HTTP (`mcp_client::guide::client_http`)"),
        ("[tasks.md](../tasks.md)", "[tasks.md](crate::guide::tasks)"),
        ("[threats.md](../threats.md)", "`docs/threats.md`"),
        ("[threats](../threats.md#x)", "threats (`docs/threats.md`)"),
        ("[`a`](../../examples/examples/a.rs)", "`examples/examples/a.rs`"),
        ("[site](https://example.com)", "[site](https://example.com)"),
    ] {
        assert_eq!(relinked(line, "docs/guide/input.md", "mcp-server", &pages), expected);
    }
    for (line, expected) in [
        ("[Tools](guide/tools.md)", "Tools (`mcp_server::guide::tools`)"),
        ("[tasks.md](tasks.md#b)", "[tasks.md](crate::guide::tasks#b)"),
        ("[stores.md](stores.md)", "`mcp_server::guide::stores`"),
        ("[`a`](../examples/examples/a.rs)", "`examples/examples/a.rs`"),
    ] {
        assert_eq!(relinked(line, "docs/limits.md", "mcp-client", &pages), expected);
    }
}

#[test]
fn a_line_that_became_too_long_is_wrapped() {
    let words = "word ".repeat(18);
    let page = format!("- {words}[x](../y.md)\n  more words\n\n```text\n{words}{words}\n```\n");
    let expected =
        format!("- {}x\n  (`docs/y.md`) more words\n\n```text\n{words}{words}\n```\n", words);
    assert_eq!(packaged(&page, "docs/guide/input.md", "mcp-server", &Pages::new()), expected);
}
