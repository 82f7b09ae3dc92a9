//! `docs/limits.md` lists every field of the `Limits` structs with its default, its documentation,
//! and a test that reaches the limit. The tables are written from the code; only the tests are
//! entered by hand. `cargo xtask bless limits` rewrites them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use syn::{Attribute, Expr, ExprLit, Item, Lit, Meta};

use crate::tree;

const DOCUMENT: &str = "docs/limits.md";
/// What follows this heading is written by hand.
const BY_HAND: &str = "\n## Fixed bounds\n";

/// A field of a limits struct.
struct Field {
    /// Of its struct, which is the heading of the table.
    section: String,
    name: String,
    default: String,
}

impl Field {
    /// The defaults without the words that say where they apply.
    fn defaults(&self) -> impl Iterator<Item = &str> {
        self.default
            .split("; ")
            .map(|default| default.trim_start_matches("clients ").trim_start_matches("shared "))
    }
}

/// Whether a text contains a default as a word: `4` is not in `64 KiB`.
fn states(text: &str, default: &str) -> bool {
    let part_of_a_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(default).any(|(start, _)| {
        let (before, after) = (&text[..start], &text[start + default.len()..]);
        !before.ends_with(|c| part_of_a_word(c) || c == ',') && !after.starts_with(part_of_a_word)
    })
}

/// The fields of a value, from its pretty `Debug` form.
fn fields(krate: &str, debug: &str) -> Vec<Field> {
    let mut structs: Vec<&str> = Vec::new();
    let mut fields = Vec::new();
    for line in debug.lines().map(str::trim) {
        if let Some(name) = line.strip_suffix(" {") {
            structs.push(name.rsplit(": ").next().unwrap_or(name));
        } else if line.trim_end_matches(',') == "}" {
            structs.pop();
        } else if let Some((name, value)) = line.trim_end_matches(',').split_once(": ") {
            let struct_name = structs.last().expect("a field is in a struct");
            let krate = if *struct_name == "ConnectionLimits" { "mcp_core" } else { krate };
            fields.push(Field {
                section: format!("{krate}::{struct_name}"),
                name: name.to_owned(),
                default: readable(name, value),
            });
        } else {
            panic!("{line:?} is not a field; extend this function to read it");
        }
    }
    fields
}

/// A value as the documentation writes it: `4 MiB`, `10 minutes`, `10,000`.
fn readable(field: &str, value: &str) -> String {
    let split = value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len());
    let (digits, unit) = value.split_at(split);
    let Ok(number) = digits.parse::<u64>() else { return value.to_owned() };
    match unit {
        "" if field.contains("bytes") => match number {
            0 => "0".to_owned(),
            _ if number.is_multiple_of(1 << 20) => format!("{} MiB", number >> 20),
            _ if number.is_multiple_of(1 << 10) => format!("{} KiB", number >> 10),
            _ => format!("{} bytes", thousands(number)),
        },
        "" => thousands(number),
        "s" if number.is_multiple_of(86_400) => plural(number / 86_400, "day"),
        "s" if number.is_multiple_of(3_600) => plural(number / 3_600, "hour"),
        "s" if number.is_multiple_of(60) => plural(number / 60, "minute"),
        _ => format!("{number} {unit}"),
    }
}

fn plural(number: u64, unit: &str) -> String {
    if number == 1 { format!("1 {unit}") } else { format!("{number} {unit}s") }
}

fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The documentation of each field of the limits structs of a crate, by `crate::Struct`.
fn documentation(folder: &str) -> BTreeMap<(String, String), String> {
    let krate = folder.replace('-', "_");
    let mut found = BTreeMap::new();
    for file in tree::files(&["rs"]) {
        if !file.path.starts_with(format!("{folder}/src")) || !file.text.contains("Limits {") {
            continue;
        }
        let parsed = syn::parse_file(&file.text).expect("Rust");
        for item in parsed.items {
            let Item::Struct(item) = item else { continue };
            if !item.ident.to_string().ends_with("Limits") {
                continue;
            }
            for field in item.fields {
                let name = field.ident.expect("a name").to_string();
                let section = format!("{krate}::{}", item.ident);
                found.insert((section, name), text(&field.attrs));
            }
        }
    }
    found
}

/// The first paragraph of a doc comment, on one line.
fn text(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(line), .. }) => Some(line.value()),
            _ => None,
        },
        _ => None,
    });
    let paragraph: Vec<String> = lines.take_while(|line| !line.trim().is_empty()).collect();
    let paragraph = paragraph.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
    without_links(&paragraph).replace('|', "\\|")
}

/// The text with `[name](target)` and `[name]` as `name`: the targets are paths of Rust.
fn without_links(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        let Some((name, after)) = after.split_once(']') else { break };
        kept.push_str(before);
        kept.push_str(name);
        rest = match after.strip_prefix('(').and_then(|target| target.split_once(')')) {
            Some((_, after)) => after,
            None => after,
        };
    }
    kept + rest
}

/// The cells that are entered by hand, by section and field.
fn tests(document: &str) -> BTreeMap<(String, String), String> {
    let mut cells = BTreeMap::new();
    let mut section = "";
    for line in document.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            section = heading.trim_matches('`');
        } else if let Some(row) = line.strip_prefix("| `") {
            let name = row.split('`').next().unwrap_or_default();
            let test = row.trim_end_matches('|').rsplit('|').next().unwrap_or_default().trim();
            cells.insert((section.to_owned(), name.to_owned()), test.to_owned());
        }
    }
    cells
}

/// All fields. One whose default depends on where it is used occurs once, with both defaults.
fn all_fields() -> Vec<Field> {
    let mut all = fields("mcp_server", &format!("{:#?}", mcp_server::Limits::default()));
    let store = mcp_server::store::EventStoreLimits::default();
    all.append(&mut fields("mcp_server", &format!("{store:#?}")));
    let network = mcp_core::http_client::NetworkLimits::default();
    all.append(&mut fields("mcp_core", &format!("{network:#?}")));
    let fetch = mcp_core::fetch::FetchLimits::default();
    all.append(&mut fields("mcp_core", &format!("{fetch:#?}")));
    let introspection = mcp_server::auth::IntrospectionLimits::default();
    all.append(&mut fields("mcp_server", &format!("{introspection:#?}")));
    let jwt = mcp_server::auth::JwtLimits::default();
    all.append(&mut fields("mcp_server", &format!("{jwt:#?}")));
    let audit = mcp_server::audit::AuditLimits::default();
    all.append(&mut fields("mcp_server", &format!("{audit:#?}")));
    let spill = mcp_server::layer::SpillLimits::default();
    all.append(&mut fields("mcp_server", &format!("{spill:#?}")));
    let cache = mcp_server::layer::ResponseCacheLimits::default();
    all.append(&mut fields("mcp_server", &format!("{cache:#?}")));
    let rpc = mcp_server::bridge::jsonrpsee::RpcLimits::default();
    all.append(&mut fields("mcp_server", &format!("{rpc:#?}")));
    let policy = mcp_core::policy::PolicyLimits::default();
    all.append(&mut fields("mcp_core", &format!("{policy:#?}")));
    let client = fields("mcp_client", &format!("{:#?}", mcp_client::Limits::default()));
    add(&mut all, client, "clients");
    let config = mcp_client::config::ConfigLimits::default();
    all.append(&mut fields("mcp_client", &format!("{config:#?}")));
    let spill = mcp_client::group::SpillLimits::default();
    all.append(&mut fields("mcp_client", &format!("{spill:#?}")));
    let shared = mcp_client::CacheLimits::for_sharing();
    add(&mut all, fields("mcp_client", &format!("{shared:#?}")), "shared");
    // The table of a struct would otherwise be divided by the tables of the structs inside it.
    all.sort_by(|a, b| a.section.cmp(&b.section));
    all
}

/// Adds fields, or the defaults of those that are already there, with a word that says where the
/// second default applies.
fn add(all: &mut Vec<Field>, fields: Vec<Field>, place: &str) {
    for field in fields {
        let known =
            all.iter_mut().find(|old| old.section == field.section && old.name == field.name);
        match known {
            Some(old) if old.default != field.default => {
                write!(old.default, "; {place} {}", field.default).expect("a string");
            }
            Some(_) => {}
            None => all.push(field),
        }
    }
}

#[test]
fn every_limit_is_documented_with_its_default_and_a_test() {
    let before = tree::text(DOCUMENT);
    let tests = tests(&before);
    let mut documentation = documentation("mcp-core");
    documentation.append(&mut self::documentation("mcp-server"));
    documentation.append(&mut self::documentation("mcp-client"));

    let mut after = before.split("\n## ").next().unwrap_or_default().trim_end().to_owned() + "\n";
    let mut mistakes = Vec::new();
    let mut section = "";
    let fields = all_fields();
    for field in &fields {
        if field.section != section {
            section = &field.section;
            after.push_str(&format!(
                "\n## `{section}`\n\n| field | default | limit | test |\n|---|---|---|---|\n"
            ));
        }
        let key = (field.section.clone(), field.name.clone());
        let text = documentation.get(&key).map(String::as_str).unwrap_or_default();
        for default in field.defaults() {
            if !states(text, default) {
                mistakes.push(format!(
                    "the documentation of {section}::{} does not state its default, {default}",
                    field.name
                ));
            }
        }
        let test = tests.get(&key).map(String::as_str).unwrap_or_default();
        if test.is_empty() {
            mistakes.push(format!("{DOCUMENT} names no test for {section}::{}", field.name));
        }
        writeln!(after, "| `{}` | {} | {text} | {test} |", field.name, field.default)
            .expect("a string");
    }
    after.push_str(BY_HAND);
    after.push_str(before.split_once(BY_HAND).map_or("", |(_, by_hand)| by_hand));

    if std::env::var_os("BLESS").is_some_and(|value| value == "1") {
        fs::write(tree::root().join(DOCUMENT), &after).expect("docs/limits.md");
    } else {
        assert_eq!(before, after, "{DOCUMENT} is out of date: run `cargo xtask bless limits`");
    }
    assert!(mistakes.is_empty(), "{mistakes:#?}");
    // The rule `fixed-bounds` of tidy checks the constants in the other part.
    let (of_fields, _) = after.split_once(BY_HAND).expect("two parts");
    assert!(tree::check_tests_exist(DOCUMENT, of_fields) > 50);
}

#[test]
fn a_default_is_stated_as_a_word_of_its_own() {
    assert!(states("Maximum number of rounds. 10.", "10"));
    assert!(states("4 MiB, and 8 MiB elsewhere.", "4 MiB"));
    assert!(!states("64 MiB.", "4 MiB"));
    assert!(!states("10,000.", "000"));
    assert!(!states("100.", "10"));
}

#[test]
fn values_are_readable() {
    for (field, value, text) in [
        ("max_message_bytes", "4194304", "4 MiB"),
        ("max_uri_bytes", "8192", "8 KiB"),
        ("max_bytes", "100", "100 bytes"),
        ("max_items", "1000000", "1,000,000"),
        ("max_items", "64", "64"),
        ("request_state_ttl", "600s", "10 minutes"),
        ("timeout", "1s", "1 s"),
        ("timeout", "100ms", "100 ms"),
        ("timeout", "86400s", "1 day"),
    ] {
        assert_eq!(readable(field, value), text);
    }
}

#[test]
fn nested_structs_have_tables_of_their_own() {
    let debug =
        "Limits {\n    connection: ConnectionLimits {\n        max_a: 1,\n    },\n    max_b: 2,\n}";
    let read: Vec<_> = fields("mcp_server", debug)
        .into_iter()
        .map(|field| (field.section, field.name, field.default))
        .collect();
    let row = |section: &str, name: &str, default: &str| {
        (section.to_owned(), name.to_owned(), default.to_owned())
    };
    assert_eq!(
        read,
        [row("mcp_core::ConnectionLimits", "max_a", "1"), row("mcp_server::Limits", "max_b", "2")]
    );
}
