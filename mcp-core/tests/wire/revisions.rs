//! The tables of `docs/revisions.md`, which are written from `Rules` and the method table.
//!
//! `BLESS=1 cargo test -p mcp-core --test wire revisions` rewrites them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use mcp_core::jsonrpc::{ErrorKind, ErrorRow};
use mcp_core::method::{Direction, Kind, Row, TABLE, find_in};
use mcp_core::revision::{Revision, RuleSet, Rules, StructuredContent};

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

const GROUPS: &[Group] = &[
    Group(
        "Messages",
        differences! {
            batching: "Arrays of messages (JSON-RPC batches)", "accepted" / "refused";
            result_type: "`resultType` in results, and `serverInfo` in their `_meta`", "yes" / "no";
            cache_fields: "`ttlMs` and `cacheScope` in results that may be cached", "yes" / "no";
            digests: "`digest` in results of lists and of `server/discover`, `knownDigests` and \
                `staleDigests` in `_meta`", "yes" / "no";
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

/// What each kind of error means to a user.
const ERRORS: &[(ErrorKind, &str)] = &[
    (ErrorKind::ParseError, "Not JSON"),
    (ErrorKind::InvalidRequest, "Not a message, or not allowed here"),
    (ErrorKind::MethodNotFound, "Unknown method, or a capability that is not offered"),
    (ErrorKind::MalformedParams, "Malformed parameters or `_meta`"),
    (ErrorKind::InvalidParams, "Invalid parameters, as the method finds them"),
    (ErrorKind::ResourceNotFound, "Unknown resource"),
    (ErrorKind::Internal, "The server failed"),
    (ErrorKind::UrlElicitationRequired, "A URL to visit (`ErrorObject::url_elicitation_required`)"),
    (ErrorKind::HeaderMismatch, "HTTP headers that contradict the body"),
    (ErrorKind::MissingCapability, "A capability that the client did not declare"),
    (ErrorKind::UnsupportedVersion, "Unsupported revision"),
    (ErrorKind::MessageTooLarge, "A message that is too long"),
    (ErrorKind::Overloaded, "Refused: the server is at a limit"),
    (ErrorKind::OverQuota, "Refused: the caller is at a limit"),
    (ErrorKind::RateLimited, "`RateLimitLayer`"),
    (ErrorKind::Unavailable, "The server cannot answer now: timeout, shutdown, a full store"),
    (ErrorKind::StaleState, "A cursor, task or `requestState` that is no longer accepted"),
    (ErrorKind::UnsupportedFeature, "An unsupported feature"),
    (ErrorKind::InsufficientScope, "The token does not have all scopes of the operation"),
    (ErrorKind::Forbidden, "A policy does not allow it"),
    (ErrorKind::Other, "A code of a handler that the protocol does not define"),
];

/// The published revisions, and the draft, whose rules replace those of the latest one.
fn columns() -> Vec<(String, &'static Rules)> {
    let published = Revision::ALL.map(|revision| (revision.to_string(), revision.rules()));
    let draft = ("draft, not negotiated".into(), RuleSet::WITH_DRAFT.of(Revision::LATEST));
    published.into_iter().chain([draft]).collect()
}

fn line(first: &str, cells: impl IntoIterator<Item = String>) -> String {
    format!("| {first} | {} |\n", cells.into_iter().collect::<Vec<_>>().join(" | "))
}

fn header(first: &str, names: impl IntoIterator<Item = String>) -> String {
    let names = line(first, names);
    let cells = names.matches('|').count() - 1;
    format!("{names}|{}\n", "---|".repeat(cells))
}

fn row(first: &str, cell: impl Fn(Revision) -> String) -> String {
    line(first, Revision::ALL.map(cell))
}

fn differences_table() -> String {
    let columns = columns();
    let mut out = header("", columns.iter().map(|column| column.0.clone()));
    for Group(heading, differences) in GROUPS {
        out += &line(&format!("**{heading}**"), columns.iter().map(|_| String::new()));
        for difference in *differences {
            let cells = columns.iter().map(|(_, rules)| (difference.value)(rules));
            out += &line(difference.text, cells);
        }
    }
    out
}

fn errors_table() -> String {
    let columns = columns();
    let mut out = header("Error", columns.iter().map(|column| column.0.clone()));
    for (kind, text) in ERRORS {
        let cells = columns.iter().map(|(_, rules)| error_cell(rules.errors.row(*kind)));
        out += &line(text, cells);
    }
    out
}

fn error_cell(row: ErrorRow) -> String {
    let code =
        row.code.map_or_else(|| "own code".into(), |code| code.to_string().replace('-', "−"));
    format!("{code}, {}", row.status)
}

fn methods_table(kind: Kind) -> String {
    let first = match kind {
        Kind::Request => "Request",
        Kind::Notification => "Notification",
    };
    let mut out = header(first, Revision::ALL.map(|revision| revision.to_string()));
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
        ("errors", errors_table()),
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
    let mut rows: BTreeSet<String> = (GROUPS.iter().flat_map(|group| group.1))
        .map(|difference| difference.field.to_owned())
        .collect();
    // It has a table of its own.
    rows.insert("errors".into());
    assert_eq!(rows, fields);
    assert_eq!(ERRORS.iter().map(|row| row.0).collect::<Vec<_>>(), ErrorKind::ALL);
}

/// The draft has no name that a peer could ask for, and nothing of it is in a published revision.
#[test]
fn the_draft_replaces_the_rules_of_the_latest_revision_only() {
    for revision in Revision::ALL {
        let rules = revision.rules();
        assert_eq!(RuleSet::PUBLISHED.of(revision), rules);
        assert!(!rules.digests, "{revision}");
        let is_replaced = RuleSet::WITH_DRAFT.of(revision) != rules;
        assert_eq!(is_replaced, revision == Revision::LATEST, "{revision}");
    }
}
