//! A TCP proxy that interrupts the connections of a store.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What the proxy does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Pass,
    /// Closes all connections, and each new one.
    Cut,
    /// Forwards no requests.
    Stall,
    /// Closes a connection instead of forwarding the answer to the next operation that may
    /// change something. Then it passes.
    LoseAnswer,
}

/// A proxy. It stops when this is dropped.
pub(crate) struct Proxy {
    address: SocketAddr,
    mode: watch::Sender<Mode>,
    listener: JoinHandle<()>,
}

impl Proxy {
    pub(crate) async fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let mode = watch::Sender::new(Mode::Pass);
        let listener = tokio::spawn(listen(listener, server, mode.clone()));
        Self { address, mode, listener }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    pub(crate) fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }

    /// Waits until the proxy has changed its mode itself.
    pub(crate) async fn passes(&self) {
        self.mode.subscribe().wait_for(|mode| *mode == Mode::Pass).await.expect("a mode");
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.set(Mode::Cut);
        self.listener.abort();
    }
}

async fn listen(listener: TcpListener, server: SocketAddr, mode: watch::Sender<Mode>) {
    loop {
        let (client, _) = listener.accept().await.expect("a connection");
        if *mode.borrow() != Mode::Cut {
            tokio::spawn(relay(client, server, mode.clone()));
        }
    }
}

async fn relay(
    mut client: TcpStream,
    server: SocketAddr,
    mode: watch::Sender<Mode>,
) -> std::io::Result<()> {
    let mut server = TcpStream::connect(server).await?;
    let mut changes = mode.subscribe();
    let mut loses_answer = false;
    let (mut request, mut answer) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        let current = *changes.borrow_and_update();
        tokio::select! {
            _ = changes.changed() => {
                if *changes.borrow() == Mode::Cut {
                    return Ok(());
                }
            }
            count = client.read(&mut request), if current != Mode::Stall => {
                let request = &request[..count?];
                if request.is_empty() {
                    return Ok(());
                }
                loses_answer |= current == Mode::LoseAnswer
                    && (contains(request, b"EVALSHA") || contains(request, b"GETDEL"));
                server.write_all(request).await?;
            }
            count = server.read(&mut answer) => {
                let answer = &answer[..count?];
                if answer.is_empty() {
                    return Ok(());
                }
                if loses_answer {
                    mode.send_replace(Mode::Pass);
                    return Ok(());
                }
                client.write_all(answer).await?;
            }
        }
    }
}

fn contains(request: &[u8], name: &[u8]) -> bool {
    request.windows(name.len()).any(|part| part == name)
}
