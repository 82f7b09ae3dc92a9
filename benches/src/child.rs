//! A child process that is killed at a deadline, or when its handle is dropped.

use std::{
    process::{Child, Command, ExitStatus},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{self, RecvTimeoutError, Sender},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::Error;

/// A running child process. A watchdog thread kills it at the deadline.
#[derive(Debug)]
pub struct Guarded {
    child: Arc<Mutex<Child>>,
    watchdog: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Guarded {
    /// Starts the command. The child is killed after `limit` at the latest.
    pub fn spawn(command: &mut Command, limit: Duration) -> Result<Guarded, Error> {
        let program = command.get_program().to_string_lossy().into_owned();
        let child = command.spawn().map_err(|error| format!("{program}: {error}"))?;
        let child = Arc::new(Mutex::new(child));
        let (stop, stopped) = mpsc::channel();
        let guarded = Arc::clone(&child);
        let watchdog = thread::spawn(move || {
            if stopped.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                kill(&guarded);
            }
        });
        Ok(Guarded { child, watchdog: Some((stop, watchdog)) })
    }

    /// Returns the child.
    pub fn get(&self) -> MutexGuard<'_, Child> {
        lock(&self.child)
    }

    /// Asks the child to exit, with SIGTERM.
    pub fn terminate(&self) -> Result<(), Error> {
        let pid = Pid::from_child(&self.get());
        Ok(kill_process(pid, Signal::TERM)?)
    }

    /// Waits until the child exits. Kills it after `grace`.
    pub fn wait_or_kill(&self, grace: Duration) -> Result<ExitStatus, Error> {
        let deadline = Instant::now() + grace;
        while Instant::now() < deadline {
            if let Some(status) = self.get().try_wait()? {
                return Ok(status);
            }
            thread::sleep(Duration::from_millis(1));
        }
        kill(&self.child);
        Ok(self.get().wait()?)
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        kill(&self.child);
        if let Some((stop, watchdog)) = self.watchdog.take() {
            drop(stop);
            let _ = watchdog.join();
        }
    }
}

fn lock(child: &Mutex<Child>) -> MutexGuard<'_, Child> {
    child.lock().unwrap_or_else(PoisonError::into_inner)
}

fn kill(child: &Mutex<Child>) {
    let mut child = lock(child);
    // Both fail only if the child has exited before.
    let _ = child.kill();
    let _ = child.wait();
}
