//! A running child: its group, the thread that reaps it, and how it is stopped.

use std::fmt;
use std::io;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Condvar, PoisonError};
use std::time::Duration;

use mcp_core::sync::Mutex;
use tokio::process::{ChildStdin, ChildStdout};
use tokio::sync::watch;
use tokio::time::timeout;

use super::stderr::{self, LastLine, Sink};

/// How long the output of an exited child is read before the rest of its group is killed. Fixed: it
/// is in the pipe already.
const OUTPUT_TIMEOUT: Duration = Duration::from_millis(200);

/// A child and its process group. Dropping it kills both.
pub(crate) struct Process {
    id: u32,
    reaper: Arc<Reaper>,
    exit: watch::Receiver<Option<Exit>>,
    pipes: Mutex<Option<(ChildStdin, ChildStdout)>>,
    last_line: LastLine,
    exit_timeout: Duration,
    kill_timeout: Duration,
}

/// The child has exited. Its status is unknown if this program ignores SIGCHLD.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Exit(pub(crate) Option<ExitStatus>);

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(status) => status.fmt(f),
            None => f.write_str("an unknown exit status"),
        }
    }
}

impl Process {
    pub(super) fn spawn(
        command: &mut Command,
        sink: Sink,
        exit_timeout: Duration,
        kill_timeout: Duration,
    ) -> io::Result<Self> {
        let mut child = command.spawn()?;
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (publish, exit) = watch::channel(None);
        // From here on dropping `process` cleans up.
        let process = Self {
            id: child.id(),
            reaper: Reaper::start(child, publish)?,
            exit,
            pipes: Mutex::new(None),
            last_line: LastLine::default(),
            exit_timeout,
            kill_timeout,
        };
        let missing = || io::Error::other("the child has no pipes");
        let stdin = ChildStdin::from_std(stdin.ok_or_else(missing)?)?;
        let stdout = ChildStdout::from_std(stdout.ok_or_else(missing)?)?;
        let stderr = tokio::process::ChildStderr::from_std(stderr.ok_or_else(missing)?)?;
        tokio::spawn(stderr::drain(stderr, sink, process.last_line.clone()));
        *process.pipes.lock() = Some((stdin, stdout));
        Ok(process)
    }

    /// The process id, which is that of its group on Unix.
    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    /// Input and output, once.
    pub(crate) fn take_pipes(&self) -> Option<(ChildStdin, ChildStdout)> {
        self.pipes.lock().take()
    }

    /// The exit status, if the child has exited.
    pub(crate) fn exit(&self) -> Option<Exit> {
        *self.exit.borrow()
    }

    /// Waits until the child has exited and is reaped.
    pub(crate) async fn exited(&self) -> Exit {
        let mut exit = self.exit.clone();
        match exit.wait_for(Option::is_some).await {
            Ok(exit) => exit.unwrap_or(Exit(None)),
            Err(_) => Exit(None), // The waiting thread is gone; so is the child.
        }
    }

    /// The child's output has ended: nothing of it needs to be waited for.
    pub(super) fn output_ended(&self) {
        self.reaper.output_ended();
    }

    pub(super) fn last_line(&self) -> Option<String> {
        self.last_line.get()
    }

    /// Stops the child, whose input is closed: waits, sends SIGTERM, waits, sends SIGKILL.
    pub(crate) async fn stop(&self) -> Exit {
        if let Ok(exit) = timeout(self.exit_timeout, self.exited()).await {
            return exit;
        }
        tracing::debug!("the server did not exit when its input was closed");
        self.reaper.terminate();
        if let Ok(exit) = timeout(self.kill_timeout, self.exited()).await {
            return exit;
        }
        tracing::debug!("the server did not exit when it was told to terminate");
        self.kill();
        self.exited().await
    }

    /// Kills the whole group, now.
    pub(crate) fn kill(&self) {
        self.reaper.kill();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Waits for a child on a thread of its own, so that no runtime is needed to be rid of it.
struct Reaper {
    #[cfg(unix)]
    group: rustix::process::Pid,
    #[cfg(not(unix))]
    child: Mutex<Child>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// The child was waited for: its id, and its group's, may belong to somebody else by now.
    reaped: bool,
    /// No task reads on, or nothing is left to read.
    output_ended: bool,
}

impl Reaper {
    fn output_ended(&self) {
        self.state.lock().output_ended = true;
        self.changed.notify_all();
    }
}

#[cfg(unix)]
impl Reaper {
    fn start(child: Child, publish: watch::Sender<Option<Exit>>) -> io::Result<Arc<Self>> {
        let group = rustix::process::Pid::from_child(&child);
        let reaper = Arc::new(Self { group, state: Mutex::default(), changed: Condvar::new() });
        let waiting = Arc::clone(&reaper);
        let thread = std::thread::Builder::new().name("mcp-child".into()).stack_size(128 << 10);
        if let Err(error) = thread.spawn(move || waiting.wait(child, &publish)) {
            reaper.kill();
            // Without the thread no other code waits for it.
            let _ = rustix::process::waitpid(Some(group), rustix::process::WaitOptions::empty());
            return Err(error);
        }
        Ok(reaper)
    }

    fn wait(&self, mut child: Child, publish: &watch::Sender<Option<Exit>>) {
        use rustix::process::{WaitId, WaitIdOptions, waitid};
        // Look without reaping: as long as the zombie stands, its id is not given to another
        // process, and the group can be killed safely.
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while let Err(rustix::io::Errno::INTR) = waitid(WaitId::Pid(self.group), look) {}
        let state = self.state.lock();
        let (mut state, _) = (self.changed)
            .wait_timeout_while(state, OUTPUT_TIMEOUT, |state| !state.output_ended)
            .unwrap_or_else(PoisonError::into_inner);
        // What the child left behind would hold the pipes open, and be an orphan.
        let _ = rustix::process::kill_process_group(self.group, rustix::process::Signal::KILL);
        let status = child.wait().ok();
        state.reaped = true;
        drop(state);
        publish.send_replace(Some(Exit(status)));
    }

    fn terminate(&self) {
        self.signal(rustix::process::Signal::TERM);
    }

    fn kill(&self) {
        self.signal(rustix::process::Signal::KILL);
        self.output_ended();
    }

    fn signal(&self, signal: rustix::process::Signal) {
        let state = self.state.lock();
        if !state.reaped {
            // Fails when the group is gone, which is what is wanted.
            let _ = rustix::process::kill_process_group(self.group, signal);
        }
    }
}

#[cfg(not(unix))]
impl Reaper {
    fn start(child: Child, publish: watch::Sender<Option<Exit>>) -> io::Result<Arc<Self>> {
        let reaper = Arc::new(Self {
            child: Mutex::new(child),
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let waiting = Arc::clone(&reaper);
        let thread = std::thread::Builder::new().name("mcp-child".into());
        if let Err(error) = thread.spawn(move || waiting.wait(&publish)) {
            reaper.kill();
            return Err(error);
        }
        Ok(reaper)
    }

    fn wait(&self, publish: &watch::Sender<Option<Exit>>) {
        let status = loop {
            match self.child.lock().try_wait() {
                Ok(Some(status)) => break Some(status),
                Ok(None) => {}
                Err(_) => break None,
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        let state = self.state.lock();
        let (mut state, _) = (self.changed)
            .wait_timeout_while(state, OUTPUT_TIMEOUT, |state| !state.output_ended)
            .unwrap_or_else(PoisonError::into_inner);
        state.reaped = true;
        drop(state);
        publish.send_replace(Some(Exit(status)));
    }

    /// There is no gentle signal here.
    fn terminate(&self) {
        self.kill();
    }

    fn kill(&self) {
        let _ = self.child.lock().kill();
        self.output_ended();
    }
}
