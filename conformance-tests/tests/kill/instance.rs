//! A process that serves tasks.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use mcp_client::Client;
use mcp_client::task::TaskOptions;
use mcp_test_support::ServerProcess;

use crate::history::micros;

/// The lease of a task. The shorter it is, the shorter is a round.
pub(crate) const LEASE: Duration = Duration::from_secs(1);

/// A server process, and a client of it.
pub(crate) struct Instance {
    /// Its name in the lines. No other process has it.
    pub(crate) name: String,
    pub(crate) client: Client,
    process: ServerProcess,
}

impl Instance {
    /// Starts a process. `store` is a path or a URL. It is an error if the store does not open.
    pub(crate) async fn start(name: &str, store: &str, lines: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_task-server"));
        command.args([name, store]).arg(lines).arg(LEASE.as_millis().to_string());
        let process = ServerProcess::start(command.stdin(Stdio::piped()));
        let url = tokio::task::block_in_place(|| process.expect_stderr("http://"));
        let client = Client::builder()
            .server_name("task-server")
            .tasks(TaskOptions::new().listen(false))
            .connect_http(url)
            .await
            .expect("a connection");
        Self { name: name.to_owned(), client, process }
    }

    /// Kills the process with SIGKILL.
    pub(crate) fn kill(mut self) -> Kill {
        let time = micros();
        self.process.child.kill().expect("a running server");
        // A store that is a file is free only then.
        tokio::task::block_in_place(|| self.process.child.wait()).expect("an exit status");
        Kill { time, victim: self.name }
    }
}

/// A process that was killed.
pub(crate) struct Kill {
    /// When, in microseconds since 1970.
    pub(crate) time: u64,
    /// Its name in the lines.
    pub(crate) victim: String,
}
