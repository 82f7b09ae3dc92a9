//! The suite against `everything-server --http`.

use mcp_conformance_tests::EverythingServer;

use crate::exceptions::Exceptions;
use crate::run::Suite;
use crate::{document, table};

/// The runs: the name, and the arguments of the suite.
const RUNS: [(&str, &[&str]); 5] = [
    ("required 2025-11-25", &["--requirements", "2025-11-25"]),
    ("required 2026-07-28", &["--requirements", "2026-07-28"]),
    ("all", &["--suite", "all"]),
    ("all 2025-06-18", &["--suite", "all", "--spec-version", "2025-06-18"]),
    ("all 2025-03-26", &["--suite", "all", "--spec-version", "2025-03-26"]),
];

const EXCEPTIONS: Exceptions = Exceptions {
    not_yet: &[("sep-2640-", "the extension `io.modelcontextprotocol/skills`")],
    skipped: &[(
        "tasks-status-notifications",
        1,
        "the suite skips its only check for every server. A test\n\
         of this repository proves what it is about, over every transport:\n\
         `mcp-server/tests/server/tasks/listening.rs::each_state_is_reported_as_a_whole_and_in_order`",
    )],
};

const INTRODUCTION: &str = "\
The suite runs against one process of `everything-server --http`. `required` runs are the scenarios
that a revision requires, with those that are run but not scored (`--requirements`). `all` runs
every scenario on the revision that it was written for (`--suite all`). `all` with a revision runs
the scenarios that the suite has for that revision (`--spec-version`); the suite negotiates
2025-11-25 in them too. It has one scenario for 2025-03-26 and none for 2024-11-05. The tests in
`conformance-tests/tests/peers` cover those revisions: clients of other SDKs call the server over
HTTP.";

#[test]
fn the_prose_of_the_section_is_current() {
    document::assert_prose("Server", INTRODUCTION, &table::exceptions(&EXCEPTIONS));
}

#[test]
#[cfg_attr(not(suite_installed), ignore = "run `npm ci --prefix conformance-tests/suite`")]
fn every_scenario_passes_without_a_warning() {
    let suite = Suite::installed();
    let server = EverythingServer::start(env!("CARGO_BIN_EXE_everything-server")).unwrap();
    let runs = RUNS.map(|(name, arguments)| {
        let arguments = [&["server", "--url", server.url()], arguments].concat();
        (name, suite.run(&format!("server {name}"), &arguments))
    });
    let complaints: Vec<_> =
        runs.iter().flat_map(|(name, outcome)| EXCEPTIONS.complaints(name, outcome)).collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
    document::keep("Server", &table::section(INTRODUCTION, &runs, &EXCEPTIONS));
}
