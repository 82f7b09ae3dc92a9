//! Commands that must end in a given time. One that does not is killed, and the error has what it
//! printed until then.

use std::{
    io::Read,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::{Duration, Instant},
};

/// Time for a build of a program and the crates of this repository.
pub(crate) const BUILD: Duration = Duration::from_secs(15 * 60);
/// Pause between two looks at a command that runs.
const POLL: Duration = Duration::from_millis(20);
/// Time for the last output of a command that has ended. What it started may keep the streams open.
const REST: Duration = Duration::from_secs(2);

/// What a command printed.
#[derive(Debug)]
pub(crate) struct Printed {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs a command, and kills it after `timeout`. Returns an error with what it printed if it fails
/// or is killed.
pub(crate) fn run(command: &mut Command, timeout: Duration) -> Result<Printed, String> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child =
        command.spawn().map_err(|error| format!("{command:?} cannot start: {error}"))?;
    let stdout = Output::read(child.stdout.take());
    let stderr = Output::read(child.stderr.take());
    let deadline = Instant::now() + timeout;
    let outcome = loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => break Ok(()),
            Ok(Some(status)) => break Err(format!("failed ({status})")),
            Ok(None) if Instant::now() < deadline => thread::sleep(POLL),
            Ok(None) => {
                end(&mut child)?;
                break Err(format!("did not end within {} s", timeout.as_secs()));
            }
            Err(error) => {
                end(&mut child)?;
                break Err(format!("cannot be waited for: {error}"));
            }
        }
    };
    let printed = Printed { stdout: stdout.text(), stderr: stderr.text() };
    match outcome {
        Ok(()) => Ok(printed),
        Err(reason) => {
            Err(format!("{command:?} {reason}; it printed:\n{}{}", printed.stdout, printed.stderr))
        }
    }
}

/// Kills a child and waits for its end.
pub(crate) fn end(child: &mut Child) -> Result<(), String> {
    let ended = child.kill().and_then(|()| child.wait());
    ended.map(drop).map_err(|error| format!("process {} does not end: {error}", child.id()))
}

/// The output of a stream so far, which a thread reads.
struct Output {
    bytes: Arc<Mutex<Vec<u8>>>,
    end: mpsc::Receiver<()>,
}

impl Output {
    fn read(stream: Option<impl Read + Send + 'static>) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let (ended, end) = mpsc::channel::<()>();
        let all = Arc::clone(&bytes);
        thread::spawn(move || {
            let _ended = ended; // Dropped at the end of the stream.
            let Some(mut stream) = stream else { return };
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = stream.read(&mut buffer) {
                let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
                all.extend_from_slice(&buffer[..length]);
            }
        });
        Self { bytes, end }
    }

    fn text(&self) -> String {
        // The stream has ended, or what holds it is not waited for.
        let _ = self.end.recv_timeout(REST);
        let bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

#[cfg(test)]
fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

#[test]
fn a_command_that_does_not_end_is_killed_and_quoted() {
    let start = Instant::now();
    let hung = run(&mut shell("echo one; echo two >&2; exec sleep 60"), Duration::from_secs(1));
    let error = hung.unwrap_err();
    assert!(error.contains("did not end within 1 s; it printed:\none\ntwo\n"), "{error}");
    assert!(start.elapsed() < Duration::from_secs(30));
}

#[test]
fn what_a_command_prints_is_returned_and_quoted_when_it_fails() {
    let timeout = Duration::from_secs(60);
    let printed = run(&mut shell("echo one; echo two >&2"), timeout).unwrap();
    assert_eq!((&*printed.stdout, &*printed.stderr), ("one\n", "two\n"));
    let error = run(&mut shell("echo three; exit 4"), timeout).unwrap_err();
    assert!(error.ends_with("(exit status: 4); it printed:\nthree\n"), "{error}");
}

#[test]
fn a_command_whose_child_keeps_the_streams_is_not_waited_for() {
    let start = Instant::now();
    run(&mut shell("sleep 60 & echo $!"), Duration::from_secs(60))
        .map(|printed| shell(&format!("kill {}", printed.stdout)).status())
        .unwrap()
        .unwrap();
    assert!(start.elapsed() < Duration::from_secs(30));
}
