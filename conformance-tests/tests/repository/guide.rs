//! The pages of `docs/guide` are also in the packages of the crates, where their API documentation
//! includes them: `mcp-server/guide` and `mcp-client/guide`. There, links lead to modules, and
//! files that the package does not have are named instead. `cargo xtask bless guide` writes them.

use std::collections::BTreeMap;
use std::fs;

use crate::tree;

const INDEX: &str = "docs/guide/README.md";
/// The longest line of prose, in columns; tidy refuses longer ones.
const WIDTH: usize = 100;

/// The sections of the index, and the crate that has their pages.
const CRATES: [(&str, &str); 2] = [("## Servers", "mcp-server"), ("## Clients", "mcp-client")];

/// The crate of each page, by the name of the page without `.md`.
fn pages(index: &str) -> BTreeMap<String, &'static str> {
    let mut pages = BTreeMap::new();
    for (heading, krate) in CRATES {
        let (_, section) = index.split_once(heading).expect("a section of the index");
        let section = section.split("\n## ").next().unwrap_or_default();
        for link in section.split("](").skip(1) {
            let name = link.split_once(".md)").expect("a link to a page").0;
            assert_eq!(pages.insert(name.to_owned(), krate), None, "{name} is there twice");
        }
    }
    pages
}

/// A page as its crate has it.
fn packaged(text: &str, krate: &str, pages: &BTreeMap<String, &'static str>) -> String {
    let mut result = String::new();
    let mut is_code = false;
    // What did not fit into the line before, with the indentation of that line.
    let mut rest: Option<(String, String)> = None;
    for line in text.lines() {
        let fence = line.trim_start().starts_with("```");
        let is_prose = !is_code && !fence;
        is_code ^= fence;
        let mut line = if is_prose { relinked(line, krate, pages) } else { line.to_owned() };
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
fn relinked(line: &str, krate: &str, pages: &BTreeMap<String, &'static str>) -> String {
    let mut result = String::new();
    let mut rest = line;
    while let Some((before, link)) = rest.split_once("](") {
        let (target, after) = link.split_once(')').expect("a closed link");
        let start = before.rfind('[').expect("the text of a link");
        let text = &before[start + 1..];
        result.push_str(&before[..start]);
        result.push_str(&new_link(text, target, krate, pages));
        rest = after;
    }
    result + rest
}

fn new_link(
    text: &str,
    target: &str,
    krate: &str,
    pages: &BTreeMap<String, &'static str>,
) -> String {
    if target.starts_with("https://") || target.starts_with('#') {
        return format!("[{text}]({target})");
    }
    let (path, anchor) =
        target.split_once('#').map_or((target, ""), |(path, anchor)| (path, anchor));
    let module = path.strip_suffix(".md").filter(|name| pages.contains_key(*name));
    let Some(page) = module else {
        let file = match path.strip_prefix("../../") {
            Some(file) => file.to_owned(),
            None => format!("docs/{}", path.trim_start_matches("../")),
        };
        let name = text.trim_matches('`');
        let is_name = file.rsplit('/').next().is_some_and(|it| it.trim_end_matches(".rs") == name);
        return if is_name { format!("`{file}`") } else { format!("{text} (`{file}`)") };
    };
    let module = page.replace('-', "_");
    if pages[page] == krate {
        let hash = if anchor.is_empty() { "" } else { "#" };
        format!("[{text}](crate::guide::{module}{hash}{anchor})")
    } else {
        let other = pages[page].replace('-', "_");
        format!("{text} (`{other}::guide::{module}`)")
    }
}

#[test]
fn every_program_in_a_document_is_compiled() {
    let lists = ["conformance-tests/src/guides.rs", "examples/src/lib.rs"];
    let compiled = lists.map(tree::text).concat();
    for file in tree::files(&["md"]) {
        let path = file.path.to_string_lossy();
        let is_copy = CRATES.iter().any(|(_, krate)| path.starts_with(&format!("{krate}/guide/")));
        if !is_copy && file.text.contains("```rust") {
            let include = format!("\"../../{path}\"");
            assert!(compiled.contains(&include), "{path} is in none of {lists:?}");
        }
    }
}

#[test]
fn the_pages_in_the_packages_are_those_of_the_guide() {
    let pages = pages(&tree::text(INDEX));
    let write = std::env::var_os("BLESS").is_some_and(|value| value == "1");
    for (page, krate) in &pages {
        let text = packaged(&tree::text(&format!("docs/guide/{page}.md")), krate, &pages);
        let path = format!("{krate}/guide/{page}.md");
        if write {
            let path = tree::root().join(&path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("a page");
        } else {
            assert_eq!(tree::text(&path), text, "{path}: run `cargo xtask bless guide`");
        }
        let module = format!("include_str!(\"../guide/{page}.md\")");
        let guide = tree::text(&format!("{krate}/src/guide.rs"));
        assert!(guide.contains(&module), "{krate}/src/guide.rs does not include {page}.md");
    }
    // Every page is in the index, and no package has a page that the guide does not have.
    for file in tree::files(&["md"]) {
        let folder = file.path.parent().map(|folder| folder.to_string_lossy().into_owned());
        let name = file.path.file_stem().expect("a name").to_string_lossy().into_owned();
        match folder.as_deref() {
            Some("docs/guide") if name != "README" => {
                assert!(pages.contains_key(&name), "{INDEX} does not have {name}");
            }
            Some("mcp-server/guide") => assert_eq!(pages.get(&name), Some(&"mcp-server"), "{name}"),
            Some("mcp-client/guide") => assert_eq!(pages.get(&name), Some(&"mcp-client"), "{name}"),
            _ => {}
        }
    }
}

#[test]
fn links_lead_to_modules_and_files_are_named() {
    let pages = BTreeMap::from([
        ("tools".to_owned(), "mcp-server"),
        ("client-http".to_owned(), "mcp-client"),
    ]);
    for (line, expected) in [
        ("see [Tools](tools.md).", "see [Tools](crate::guide::tools)."),
        ("[A](tools.md#b) and [c](#d)", "[A](crate::guide::tools#b) and [c](#d)"),
        ("[HTTP](client-http.md#tls)", "HTTP (`mcp_client::guide::client_http`)"),
        ("[limits.md](../limits.md)", "`docs/limits.md`"),
        ("[limits](../limits.md#x)", "limits (`docs/limits.md`)"),
        ("[`a`](../../examples/examples/a.rs)", "`examples/examples/a.rs`"),
        ("[site](https://example.com)", "[site](https://example.com)"),
    ] {
        assert_eq!(relinked(line, "mcp-server", &pages), expected);
    }
}

#[test]
fn a_line_that_became_too_long_is_wrapped() {
    let pages = BTreeMap::new();
    let words = "word ".repeat(18);
    let page = format!("- {words}[x](../y.md)\n  more words\n\n```text\n{words}{words}\n```\n");
    let expected =
        format!("- {}x\n  (`docs/y.md`) more words\n\n```text\n{words}{words}\n```\n", words);
    assert_eq!(packaged(&page, "mcp-server", &pages), expected);
}
