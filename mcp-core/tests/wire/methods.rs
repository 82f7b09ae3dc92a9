//! The method table against the unions of requests and notifications in the schema of every
//! revision.

use std::collections::BTreeSet;

use mcp_core::method::{Direction, Kind, TABLE, find, find_in};
use mcp_core::revision::Revision;
use serde_json::Value;

use crate::specification::{self, definitions};

/// Returns the methods of a union of messages.
fn methods<'a>(schema: &'a Value, union: &str) -> BTreeSet<&'a str> {
    let (_, definitions) = definitions(schema);
    let Some(union) = definitions.get(union) else { return BTreeSet::new() };
    let members = match union["anyOf"].as_array() {
        Some(members) => members.iter().collect(),
        None => vec![union],
    };
    let resolve = |member: &'a Value| match member["$ref"].as_str() {
        Some(reference) => schema.pointer(&reference[1..]).unwrap(),
        None => member,
    };
    members
        .into_iter()
        .map(|member| resolve(member)["properties"]["method"]["const"].as_str().unwrap())
        .collect()
}

/// Returns the methods of the core protocol in the table.
fn listed(revision: Revision, kind: Kind, from: fn(Direction) -> bool) -> BTreeSet<&'static str> {
    TABLE
        .iter()
        .filter(|row| row.kind == kind && row.extension.is_none())
        .filter(|row| row.revisions.contains(revision) && from(row.direction))
        .map(|row| row.name)
        .collect()
}

#[test]
fn the_table_has_the_methods_of_every_revision_and_no_others() {
    for revision in Revision::ALL {
        let schema = specification::schema(revision);
        for (union, kind, from) in [
            ("ClientRequest", Kind::Request, Direction::client_may_send as fn(Direction) -> bool),
            ("ServerRequest", Kind::Request, Direction::server_may_send),
            ("ClientNotification", Kind::Notification, Direction::client_may_send),
            ("ServerNotification", Kind::Notification, Direction::server_may_send),
        ] {
            assert_eq!(methods(&schema, union), listed(revision, kind, from), "{revision} {union}");
        }
    }
}

#[test]
fn no_method_has_two_rows_in_a_revision() {
    for row in TABLE {
        for revision in row.revisions.iter() {
            let found = find_in(row.name, revision).unwrap();
            assert!(std::ptr::eq(found, row), "{} in {revision}", row.name);
        }
    }
}

#[test]
fn the_newest_row_is_found_first() {
    for row in TABLE {
        let newest =
            Revision::ALL.into_iter().rev().find_map(|revision| find_in(row.name, revision));
        assert_eq!(find(row.name), newest, "{}", row.name);
    }
    assert_eq!(find("tasks/get").unwrap().extension, Some("io.modelcontextprotocol/tasks"));
    assert_eq!(find("tools/callx"), None);
}
