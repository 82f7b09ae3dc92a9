//! Detects that the writer of standard input has closed its end.

use std::io;

use tokio::sync::oneshot;

#[cfg(unix)]
pub(super) type Input = std::os::fd::OwnedFd;
#[cfg(not(unix))]
pub(super) type Input = ();

/// Completes when every writer of `input` has closed its end, even if input is unread. Never
/// completes for files.
pub(super) async fn hang_up(input: Option<Input>) {
    match wait(input) {
        Ok((hung_up, _cancel)) => {
            if hung_up.await.is_ok() {
                return;
            }
        }
        Err(error) => {
            tracing::error!(%error, "cannot start the thread that detects the end of input");
        }
    }
    std::future::pending::<()>().await;
}

/// Starts a thread that waits for the hang-up. A runtime would also be woken by each message. The
/// thread ends when the returned writer is dropped.
#[cfg(unix)]
fn wait(input: Option<Input>) -> io::Result<(oneshot::Receiver<()>, io::PipeWriter)> {
    use rustix::event::{PollFd, PollFlags, poll};

    let (cancelled, cancel) = io::pipe()?;
    let (sender, hung_up) = oneshot::channel();
    let wait = move || {
        let Some(input) = input else { return };
        // With no requested events, `poll` reports only hang-ups and errors.
        let mut watched =
            [PollFd::new(&input, PollFlags::empty()), PollFd::new(&cancelled, PollFlags::empty())];
        while poll(&mut watched, None).is_err_and(|error| error == rustix::io::Errno::INTR) {}
        if !watched[0].revents().is_empty() {
            sender.send(()).ok(); // Fails if serving has ended.
        }
    };
    std::thread::Builder::new().name("mcp-hang-up".into()).spawn(wait)?;
    Ok((hung_up, cancel))
}

#[cfg(not(unix))]
fn wait(_: Option<Input>) -> io::Result<(oneshot::Receiver<()>, ())> {
    Ok((oneshot::channel().1, ()))
}
