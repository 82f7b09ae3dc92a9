//! Takes over the standard streams, non-blocking where the descriptor supports it.
//!
//! Pipes and sockets are polled. Anything else (a terminal, a file) is read and written by a thread
//! of its own. The runtime's blocking pool is not suitable: the runtime would wait for it at
//! shutdown, and a read from a terminal may never return.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use futures::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The two directions of the connection.
pub(super) struct Streams {
    pub(super) reader: Reader,
    pub(super) writer: Writer,
    /// A second handle of standard input, to detect that its writer has closed its end.
    pub(super) input: Option<crate::watch::Input>,
}

/// The stream to read from.
pub(super) enum Reader {
    #[cfg(unix)]
    Pipe(super::pipe::PipeReader),
    #[cfg(unix)]
    Socket(tokio::net::UnixStream),
    Thread(tokio::io::DuplexStream),
}

/// The stream to write to.
pub(super) enum Writer {
    #[cfg(unix)]
    Pipe(super::pipe::PipeWriter),
    #[cfg(unix)]
    Socket(tokio::net::UnixStream),
    Thread(ThreadWriter),
}

/// Size of the buffer between a thread and the runtime, in bytes. Fixed: it does not limit
/// messages.
const THREAD_BUFFER_BYTES: usize = 64 << 10;

#[cfg(unix)]
pub(super) fn take() -> io::Result<Streams> {
    use std::fs::File;
    use std::os::fd::{AsFd as _, OwnedFd};
    use std::os::unix::fs::FileTypeExt as _;

    let input: OwnedFd = io::stdin().as_fd().try_clone_to_owned()?;
    let output: OwnedFd = io::stdout().as_fd().try_clone_to_owned()?;
    rustix::stdio::dup2_stdout(io::stderr())?;
    rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;

    let watched = input.try_clone().ok();
    let input = File::from(input);
    let kind = input.metadata()?.file_type();
    let reader = if kind.is_fifo() {
        Reader::Pipe(super::pipe::PipeReader::new(input)?)
    } else if kind.is_socket() {
        Reader::Socket(socket(input.into())?)
    } else {
        Reader::Thread(read_on_a_thread(input)?)
    };
    let output = File::from(output);
    let kind = output.metadata()?.file_type();
    let writer = if kind.is_fifo() {
        Writer::Pipe(super::pipe::PipeWriter::new(output)?)
    } else if kind.is_socket() {
        Writer::Socket(socket(output.into())?)
    } else {
        Writer::Thread(write_on_a_thread(output)?)
    };
    Ok(Streams { reader, writer, input: watched })
}

#[cfg(unix)]
fn socket(descriptor: std::os::fd::OwnedFd) -> io::Result<tokio::net::UnixStream> {
    let socket = std::os::unix::net::UnixStream::from(descriptor);
    socket.set_nonblocking(true)?;
    tokio::net::UnixStream::from_std(socket)
}

#[cfg(not(unix))]
pub(super) fn take() -> io::Result<Streams> {
    Ok(Streams {
        reader: Reader::Thread(read_on_a_thread(io::stdin())?),
        writer: Writer::Thread(write_on_a_thread(io::stdout())?),
        input: None,
    })
}

fn read_on_a_thread(
    mut input: impl io::Read + Send + 'static,
) -> io::Result<tokio::io::DuplexStream> {
    let (runtime_end, thread_end) = tokio::io::duplex(THREAD_BUFFER_BYTES);
    let runtime = tokio::runtime::Handle::current();
    std::thread::Builder::new().name("mcp-stdin".into()).spawn(move || {
        let mut thread_end = thread_end;
        let mut buffer = vec![0; THREAD_BUFFER_BYTES];
        loop {
            let read = match input.read(&mut buffer) {
                Ok(0) => return,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => return,
            };
            let chunk = &buffer[..read];
            if runtime
                .block_on(tokio::io::AsyncWriteExt::write_all(&mut thread_end, chunk))
                .is_err()
            {
                return;
            }
        }
    })?;
    Ok(runtime_end)
}

fn write_on_a_thread(mut output: impl io::Write + Send + 'static) -> io::Result<ThreadWriter> {
    let (runtime_end, thread_end) = tokio::io::duplex(THREAD_BUFFER_BYTES);
    let progress = Arc::new(WriteProgress::default());
    let writer = ThreadWriter { stream: runtime_end, accepted: 0, progress: Arc::clone(&progress) };
    let runtime = tokio::runtime::Handle::current();
    std::thread::Builder::new().name("mcp-stdout".into()).spawn(move || {
        let mut thread_end = thread_end;
        let mut buffer = vec![0; THREAD_BUFFER_BYTES];
        loop {
            match runtime.block_on(tokio::io::AsyncReadExt::read(&mut thread_end, &mut buffer)) {
                Ok(0) | Err(_) => return,
                Ok(read) => {
                    if output.write_all(&buffer[..read]).and_then(|()| output.flush()).is_err() {
                        progress.failed.store(true, Ordering::Release);
                        return progress.flusher.wake();
                    }
                    progress.written.fetch_add(read as u64, Ordering::AcqRel);
                    progress.flusher.wake();
                }
            }
        }
    })?;
    Ok(writer)
}

/// Sends bytes to a thread that writes them. A flush waits until the thread has written them, so
/// that none are lost when the process exits right afterwards.
pub(super) struct ThreadWriter {
    stream: tokio::io::DuplexStream,
    accepted: u64,
    progress: Arc<WriteProgress>,
}

/// The progress of the thread.
#[derive(Default)]
struct WriteProgress {
    written: AtomicU64,
    /// Whether a write failed, which ends the thread.
    failed: AtomicBool,
    flusher: AtomicWaker,
}

impl AsyncWrite for ThreadWriter {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        self.accepted += written as u64;
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.progress.flusher.register(cx.waker());
        if self.progress.failed.load(Ordering::Acquire) {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        match self.progress.written.load(Ordering::Acquire) >= self.accepted {
            true => Poll::Ready(Ok(())),
            false => Poll::Pending,
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush(cx))?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Forwards a call to the stream of the variant.
macro_rules! forward {
    ($self:ident as $name:ident => $call:expr) => {
        match $self.get_mut() {
            #[cfg(unix)]
            Self::Pipe($name) => $call,
            #[cfg(unix)]
            Self::Socket($name) => $call,
            Self::Thread($name) => $call,
        }
    };
}

impl AsyncRead for Reader {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        forward!(self as stream => Pin::new(stream).poll_read(cx, buffer))
    }
}

impl AsyncWrite for Writer {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        forward!(self as stream => Pin::new(stream).poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        forward!(self as stream => Pin::new(stream).poll_write_vectored(cx, slices))
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            #[cfg(unix)]
            Self::Pipe(_) | Self::Socket(_) => true,
            Self::Thread(_) => false,
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        forward!(self as stream => Pin::new(stream).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        forward!(self as stream => Pin::new(stream).poll_shutdown(cx))
    }
}
