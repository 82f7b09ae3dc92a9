//! Whether the writer of the input is gone.

use std::io;

use tokio::sync::oneshot;

#[cfg(unix)]
pub(super) type Input = std::os::fd::OwnedFd;
#[cfg(not(unix))]
pub(super) type Input = ();

/// Done when nobody can write to `input` any more, however much of it is unread. Says nothing about
/// files.
pub(super) async fn hang_up(input: Option<Input>) {
    match wait(input) {
        Ok((gone, _until)) => {
            if gone.await.is_ok() {
                return;
            }
        }
        Err(error) => tracing::error!(%error, "the input is not watched"),
    }
    std::future::pending::<()>().await;
}

/// A thread waits for it: a runtime would be woken by each message as well. It ends with the
/// writer.
#[cfg(unix)]
fn wait(input: Option<Input>) -> io::Result<(oneshot::Receiver<()>, io::PipeWriter)> {
    use rustix::event::{PollFd, PollFlags, poll};

    let (ended, until) = io::pipe()?;
    let (gone, is_gone) = oneshot::channel();
    let wait = move || {
        let Some(input) = input else { return };
        // Without a wish, what is told is the hang-up alone.
        let mut watched =
            [PollFd::new(&input, PollFlags::empty()), PollFd::new(&ended, PollFlags::empty())];
        while poll(&mut watched, None).is_err_and(|error| error == rustix::io::Errno::INTR) {}
        if !watched[0].revents().is_empty() {
            gone.send(()).ok(); // Serving may be over.
        }
    };
    std::thread::Builder::new().name("mcp-hang-up".into()).spawn(wait)?;
    Ok((is_gone, until))
}

#[cfg(not(unix))]
fn wait(_: Option<Input>) -> io::Result<(oneshot::Receiver<()>, ())> {
    Ok((oneshot::channel().1, ()))
}
