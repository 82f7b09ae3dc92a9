//! A child on Unix: its process group, and the thread that reaps it.

use std::io;
use std::process::{Child, Command};
use std::sync::{Arc, Condvar, PoisonError};

use mcp_core::sync::Mutex;
use tokio::process::{ChildStderr, ChildStdin, ChildStdout};
use tokio::sync::watch;

use super::exit::{Exit, OUTPUT_TIMEOUT, Pipes};

/// Starts a child with what reaps it.
pub(super) fn spawn(
    command: &mut Command,
    publish: watch::Sender<Option<Exit>>,
) -> io::Result<(u32, Arc<Reaper>, Pipes)> {
    let mut child = command.spawn()?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let id = child.id();
    let reaper = Reaper::start(child, publish)?;
    let pipes = || {
        let missing = || io::Error::other("the child has no pipes");
        let stdin = ChildStdin::from_std(stdin.ok_or_else(missing)?)?;
        let stdout = ChildStdout::from_std(stdout.ok_or_else(missing)?)?;
        Ok((stdin, stdout, ChildStderr::from_std(stderr.ok_or_else(missing)?)?))
    };
    let pipes = pipes().inspect_err(|_: &io::Error| reaper.kill())?;
    Ok((id, reaper, pipes))
}

/// Waits for a child on a thread of its own, so that no runtime is needed to be rid of it.
pub(super) struct Reaper {
    group: rustix::process::Pid,
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
    pub(super) fn output_ended(&self) {
        self.state.lock().output_ended = true;
        self.changed.notify_all();
    }
}

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

    pub(super) fn terminate(&self) {
        self.signal(rustix::process::Signal::TERM);
    }

    pub(super) fn kill(&self) {
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
