//! The server of these tests as a child process.

use mcp_test_support::ServerProcess;
use rustix::process::{Pid, Signal, kill_process};

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_misbehaving-server");

/// Sends a signal to the server.
pub(crate) fn signal(server: &ServerProcess, signal: Signal) {
    kill_process(Pid::from_child(&server.child), signal).unwrap();
}

/// Returns the address in the line that a server logs when it listens.
pub(crate) fn address(line: &str) -> &str {
    let (_, address) = line.split_once("address=").expect("an address");
    address.split_whitespace().next().expect("an address")
}
