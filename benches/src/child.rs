//! A child process that always ends: at its deadline, or when its handle is dropped.

use std::{
    process::{Child, Command, ExitStatus},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{self, RecvTimeoutError, Sender},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::Error;

/// A running child. A watchdog kills it when its time is over.
#[derive(Debug)]
pub struct Guarded {
    child: Arc<Mutex<Child>>,
    watchdog: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Guarded {
    /// Start the command; it is killed after `limit`, whatever happens.
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

    /// The child itself.
    pub fn get(&self) -> MutexGuard<'_, Child> {
        lock(&self.child)
    }

    /// Wait until the child ends by itself; kill it after `grace`.
    pub fn end(&self, grace: Duration) -> Result<ExitStatus, Error> {
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
    // Both fail only when the child ended before.
    let _ = child.kill();
    let _ = child.wait();
}
