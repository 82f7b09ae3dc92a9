//! Our server, as `everything-server --http`.

use mcp_conformance_tests::EverythingServer;

use crate::exceptions::Exceptions;
use crate::run::Suite;
use crate::{document, table};

/// The runs: a name, and the arguments of the suite.
const RUNS: [(&str, &[&str]); 5] = [
    ("required 2025-11-25", &["--requirements", "2025-11-25"]),
    ("required 2026-07-28", &["--requirements", "2026-07-28"]),
    ("all", &["--suite", "all"]),
    ("all 2025-06-18", &["--suite", "all", "--spec-version", "2025-06-18"]),
    ("all 2025-03-26", &["--suite", "all", "--spec-version", "2025-03-26"]),
];

const EXCEPTIONS: Exceptions = Exceptions {
    not_yet: &[
        ("tasks-", "the extension `io.modelcontextprotocol/tasks`"),
        ("sep-2640-", "the extension `io.modelcontextprotocol/skills`"),
    ],
    skipped: &[(
        "tasks-status-notifications",
        1,
        "of which the suite has the name alone: its one check is skipped for every server",
    )],
};

const INTRODUCTION: &str = "\
`everything-server --http`, one process for all runs. `required` is the set that a revision requires, with the
scenarios that are run and not scored (`--requirements`); `all` is every scenario, on the wire that it is made for
(`--suite all`); with a revision it is those that the suite knows for that revision (`--spec-version`). The suite
asks for 2025-11-25 there too, knows one scenario of 2025-03-26, and refuses 2024-11-05: what holds on these
revisions is shown by other SDKs' clients, which drive the server over HTTP in `conformance-tests/tests/peers`.";

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
