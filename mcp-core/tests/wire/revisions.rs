//! The tables of `docs/revisions.md`, which are written from `Rules` and the method table.
//!
//! `BLESS=1 cargo test -p mcp-core --test wire revisions` rewrites them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use mcp_core::method::{Direction, Kind, Row, TABLE, find_in};
use mcp_core::revision::{Revision, Rules, StructuredContent};

/// What one field of [`Rules`] means to a user, and how its value reads.
struct Difference {
    field: &'static str,
    text: &'static str,
    value: fn(&Rules) -> String,
}

/// Rows under a heading.
struct Group(&'static str, &'static [Difference]);

macro_rules! differences {
    ($( $field:ident: $text:literal $(, $yes:literal / $no:literal)?; )+) => {
        &[$( Difference {
            field: stringify!($field),
            text: $text,
            value: |rules| differences!(@value rules.$field $(, $yes / $no)?),
        }, )+]
    };
    (@value $value:expr, $yes:literal / $no:literal) => {
        if $value { $yes.to_owned() } else { $no.to_owned() }
    };
    (@value $value:expr) => { ($value).describe() };
}

/// Values that are not booleans.
trait Describe {
    fn describe(&self) -> String;
}

impl Describe for StructuredContent {
    fn describe(&self) -> String {
        match self {
            Self::Absent => "only the text is sent",
            Self::Object => "an object; other values are sent as `{\"result\": …}`",
            Self::Any => "any JSON value",
        }
        .to_owned()
    }
}

impl Describe for i32 {
    fn describe(&self) -> String {
        format!("error {self}").replace('-', "−")
    }
}

const GROUPS: &[Group] = &[
    Group(
        "Messages",
        differences! {
            batching: "Arrays of messages (JSON-RPC batches)", "accepted" / "refused";
            result_type: "`resultType` in results, and `serverInfo` in their `_meta`", "yes" / "no";
            cache_fields: "`ttlMs` and `cacheScope` in results that may be cached", "yes" / "no";
            input_required: "How a server asks for elicitation, sampling and roots",
                "by a result of type `input_required`" / "by a request of its own";
            extensions: "`extensions` among the capabilities",
                "in the schema" / "not in the schema, but sent";
        },
    ),
    Group(
        "Members of tools, prompts, resources, templates and content",
        differences! {
            titles: "`title`", "yes" / "omitted";
            meta_of_types: "`_meta`", "yes" / "omitted";
            icons: "`icons`", "yes" / "omitted";
            implementation_details: "`description` and `websiteUrl` of a client or server",
                "yes" / "omitted";
            audio: "Audio content", "yes" / "sent as text";
            resource_links: "Links to resources in content", "yes" / "sent as text";
        },
    ),
    Group(
        "Tools",
        differences! {
            tool_annotations: "`annotations` (read-only, destructive, …)", "yes" / "omitted";
            tool_execution: "`execution` (task support)", "yes" / "omitted";
            core_tasks: "Calls that ask for a task (`task`)", "yes" / "not part of the core protocol";
            structured_content: "Structured results and `outputSchema`";
            argument_errors_in_result: "Invalid arguments",
                "a result with `isError`" / "error −32602";
        },
    ),
    Group(
        "Other features of servers",
        differences! {
            completions_capability: "The capability `completions`", "yes" / "omitted";
            progress_message: "`message` of a progress notification", "yes" / "omitted";
            resource_not_found_code: "Unknown resource";
            missing_capability_code: "A capability that the client did not declare";
        },
    ),
    Group(
        "Features of clients",
        differences! {
            elicitation: "Elicitation with a form", "yes" / "no";
            elicitation_url: "Elicitation with a URL", "yes" / "no";
            elicitation_choices: "Multiple choice, titled options and all defaults in forms",
                "yes" / "no";
            elicitation_complete: "Notification and error (−32042) for a URL to visit", "yes" / "no";
            sampling_tools: "Tools, and lists of content, in sampling", "yes" / "no";
        },
    ),
    Group(
        "Streamable HTTP",
        differences! {
            stream_polling: "Event streams that the server closes early and the client resumes",
                "yes" / "no";
            own_authorization_server: "A server without metadata is its own authorization server",
                "yes" / "no";
        },
    ),
];

fn header(first: &str) -> String {
    let names = Revision::ALL.map(Revision::as_str).join(" | ");
    format!("| {first} | {names} |\n|---|{}\n", "---|".repeat(Revision::ALL.len()))
}

fn row(first: &str, cell: impl Fn(Revision) -> String) -> String {
    format!("| {first} | {} |\n", Revision::ALL.map(cell).join(" | "))
}

fn differences_table() -> String {
    let mut out = header("");
    for Group(heading, differences) in GROUPS {
        out += &row(&format!("**{heading}**"), |_| String::new());
        for difference in *differences {
            out += &row(difference.text, |revision| (difference.value)(revision.rules()));
        }
    }
    out
}

fn methods_table(kind: Kind) -> String {
    let mut out = header(match kind {
        Kind::Request => "Request",
        Kind::Notification => "Notification",
    });
    let mut listed = BTreeSet::new();
    for entry in TABLE.iter().filter(|row| row.kind == kind) {
        if listed.insert(entry.name) {
            out += &row(&format!("`{}`", entry.name), |revision| {
                find_in(entry.name, revision)
                    .map_or_else(|| "–".into(), |row| sender(row, revision))
            });
        }
    }
    out
}

fn sender(row: &Row, revision: Revision) -> String {
    let sender = match row.direction {
        Direction::ClientToServer => "client",
        Direction::ServerToClient => "server",
        Direction::Both => "both",
    };
    let deprecated = if row.is_deprecated_in(revision) { ", deprecated" } else { "" };
    let extension = row.extension.map(|extension| {
        let name = extension.rsplit('/').next().unwrap_or_default();
        format!(", extension {name}")
    });
    format!("{sender}{deprecated}{}", extension.unwrap_or_default())
}

/// Puts a table between its markers.
fn replace(document: &str, name: &str, table: &str) -> String {
    let (start, end) = (format!("<!-- {name} -->\n\n"), format!("\n<!-- end of {name} -->"));
    let (before, rest) = document.split_once(&start).unwrap_or_else(|| panic!("no {start:?}"));
    let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("no {end:?}"));
    [before, &start, table, &end, after].concat()
}

#[test]
fn the_tables_of_the_document_match_the_rules_and_the_method_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/revisions.md");
    let mut document = fs::read_to_string(&path).unwrap();
    let mut expected = document.clone();
    for (name, table) in [
        ("differences", differences_table()),
        ("requests", methods_table(Kind::Request)),
        ("notifications", methods_table(Kind::Notification)),
    ] {
        expected = replace(&expected, name, &table);
    }
    if std::env::var_os("BLESS").is_some_and(|value| value == "1") {
        fs::write(&path, &expected).unwrap();
        document.clone_from(&expected);
    }
    assert!(
        document == expected,
        "docs/revisions.md is out of date: run `BLESS=1 cargo test -p mcp-core --test wire revisions`"
    );
}

#[test]
fn the_table_has_a_row_for_each_field_of_the_rules() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/revision.rs");
    let file = syn::parse_file(&fs::read_to_string(path).unwrap()).unwrap();
    let fields = file.items.iter().find_map(|item| match item {
        syn::Item::Struct(item) if item.ident == "Rules" => Some(&item.fields),
        _ => None,
    });
    let fields: BTreeSet<String> = (fields.expect("the struct Rules").iter())
        .map(|field| field.ident.as_ref().unwrap().to_string())
        .collect();
    let rows: BTreeSet<String> = (GROUPS.iter().flat_map(|group| group.1))
        .map(|difference| difference.field.to_owned())
        .collect();
    assert_eq!(rows, fields);
}
