//! Programs that listen at a port of this machine while others are tested with them.

use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::limited;

/// Time in which a program must listen.
const START: Duration = Duration::from_secs(10);
/// Pause between two attempts to connect.
const POLL: Duration = Duration::from_millis(20);

/// A program that listens. It is killed when this is dropped.
pub(crate) struct Listening {
    child: Child,
}

impl Listening {
    /// Starts a program and waits until it listens at `address`.
    pub(crate) fn start(command: &mut Command, address: SocketAddr) -> Result<Self, String> {
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .map_err(|error| format!("{command:?} cannot start: {error}"))?;
        let mut program = Self { child };
        let start = Instant::now();
        while TcpStream::connect(address).is_err() {
            if let Ok(Some(status)) = program.child.try_wait() {
                return Err(format!("{command:?} ended ({status}) and did not listen"));
            }
            if start.elapsed() > START {
                let limit = START.as_secs();
                return Err(format!("{command:?} does not listen at {address} after {limit} s"));
            }
            thread::sleep(POLL);
        }
        Ok(program)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        if let Err(error) = limited::end(&mut self.child) {
            eprintln!("{error}");
        }
    }
}

/// Returns an address of this machine at which no program listens.
pub(crate) fn free_address() -> Result<SocketAddr, String> {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    free.map_err(|error| format!("there is no free port: {error}"))
}

#[test]
fn a_program_that_ends_before_it_listens_is_an_error() {
    let mut command = Command::new("sh");
    let failed = Listening::start(command.args(["-c", "exit 3"]), free_address().unwrap());
    let error = failed.err().unwrap();
    assert!(error.ends_with("ended (exit status: 3) and did not listen"), "{error}");
}
