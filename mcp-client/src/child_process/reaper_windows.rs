//! A child on Windows: its job, which holds all that it starts, and the task that waits for it.
//!
//! The job ends with its last handle, so that nothing of it outlives this process, however this
//! process ends. The child is assigned to it before it runs.

use std::io;
use std::mem::replace;
use std::process::Command;
use std::sync::Arc;

use process_wrap::tokio::{ChildWrapper, CommandWrap, JobObject, KillOnDrop};
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use super::exit::{Exit, OUTPUT_TIMEOUT, Pipes};

/// Starts a child in a job, with what waits for it. Needs a tokio runtime.
pub(super) fn spawn(
    command: &mut Command,
    publish: watch::Sender<Option<Exit>>,
) -> io::Result<(u32, Arc<Reaper>, Pipes)> {
    let program = command.get_program().to_owned();
    let taken = replace(command, Command::new(program));
    let mut in_job = CommandWrap::from(tokio::process::Command::from(taken));
    in_job.wrap(KillOnDrop).wrap(JobObject);
    let spawned = in_job.spawn();
    *command = in_job.into_command().into_std();
    let mut child = spawned?;
    let missing = || io::Error::other("the child has no pipes");
    let id = child.id().ok_or_else(|| io::Error::other("the child has exited already"))?;
    let stdin = child.stdin().take().ok_or_else(missing)?;
    let stdout = child.stdout().take().ok_or_else(missing)?;
    let stderr = child.stderr().take().ok_or_else(missing)?;
    let reaper = Arc::new(Reaper::default());
    tokio::spawn(wait(child, Arc::clone(&reaper), publish));
    Ok((id, reaper, (stdin, stdout, stderr)))
}

/// Tells the task that waits for a child what to do. If the runtime ends, the task is dropped,
/// which ends the job.
#[derive(Default)]
pub(super) struct Reaper {
    killed: Notify,
    output_ended: Notify,
}

impl Reaper {
    /// No task reads on, or nothing is left to read.
    pub(super) fn output_ended(&self) {
        self.output_ended.notify_one();
    }

    /// There is no gentle signal here.
    pub(super) fn terminate(&self) {
        self.kill();
    }

    pub(super) fn kill(&self) {
        self.killed.notify_one();
        self.output_ended();
    }
}

async fn wait(
    mut child: Box<dyn ChildWrapper>,
    reaper: Arc<Reaper>,
    publish: watch::Sender<Option<Exit>>,
) {
    let status = loop {
        tokio::select! {
            // The child alone: the job would also wait for what the child has started.
            status = child.inner_mut().wait() => break status.ok(),
            () = reaper.killed.notified() => {}
        }
        if let Err(error) = child.start_kill() {
            tracing::warn!(%error, "the job of a server could not be ended");
        }
    };
    let _ = timeout(OUTPUT_TIMEOUT, reaper.output_ended.notified()).await;
    // What the child left behind would hold the pipes open. Dropped, the job ends in any case.
    let _ = child.start_kill();
    drop(child);
    publish.send_replace(Some(Exit(status)));
}
