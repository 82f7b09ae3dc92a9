//! A Redis server of a test, in a temporary folder and on a port of its own.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A Redis server. It is killed when this is dropped. It needs `redis-server` in `PATH`.
#[derive(Debug)]
pub struct RedisServer {
    child: Child,
    port: u16,
    folder: TempDir,
    settings: Vec<String>,
}

impl RedisServer {
    /// Starts a server that keeps nothing on disk.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn start() -> Self {
        Self::with_settings(&[])
    }

    /// Starts a server with settings, each a name and a value as on the command line.
    ///
    /// # Panics
    /// If it does not start.
    #[must_use]
    pub fn with_settings(settings: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let settings = settings
            .iter()
            .flat_map(|(name, value)| [format!("--{name}"), (*value).to_owned()])
            .collect();
        // Another process may take the port before the server does.
        let (mut port, mut child) = (0, None);
        for _ in 0..10 {
            port = free_port();
            child = start(port, &folder, &settings);
            if child.is_some() {
                break;
            }
        }
        Self { child: child.expect("a server that starts"), port, folder, settings }
    }

    /// The address that it listens on.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), self.port)
    }

    /// The URL of its first database.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://{}", self.address())
    }

    /// Sends a command, and returns the reply as it is sent.
    ///
    /// # Panics
    /// If there is none.
    pub fn command(&self, command: &str) -> String {
        exchange(self.address(), command).expect("a reply")
    }

    /// Kills the server with SIGKILL.
    ///
    /// # Panics
    /// If it does not run.
    pub fn kill(&mut self) {
        self.child.kill().expect("a running server");
        self.child.wait().expect("an exit status");
    }

    /// Starts it again, on the same port and folder, and waits until it answers.
    ///
    /// # Panics
    /// If it does not start.
    pub fn start_again(&mut self) {
        let child = start(self.port, &self.folder, &self.settings);
        self.child = child.expect("the server starts again");
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // It may have been killed by the test.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("an address").port()
}

/// Starts a server, and waits until it answers. `None` if it ends.
fn start(port: u16, folder: &TempDir, settings: &Vec<String>) -> Option<Child> {
    let mut child = Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""])
        .args(["--dir", &folder.path().display().to_string()])
        .args(settings)
        .stdout(Stdio::null())
        .spawn()
        .expect("`redis-server` is installed");
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(30) {
        if child.try_wait().expect("the state of a child").is_some() {
            return None;
        }
        // It loads its files first. With a password it refuses the command.
        let reply = exchange(address, "PING").unwrap_or_default();
        if reply.starts_with("+PONG") || reply.starts_with("-NOAUTH") {
            return Some(child);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().expect("a running server");
    child.wait().expect("an exit status");
    panic!("the server does not answer");
}

fn exchange(address: SocketAddr, command: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.write_all(format!("{command}\r\nQUIT\r\n").as_bytes())?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply)?;
    Ok(reply.strip_suffix("+OK\r\n").unwrap_or(&reply).to_owned())
}
