//! HAProxy with the configuration of the example.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The names of the servers in the configuration.
pub(crate) const NAMES: [&str; 3] = ["one", "two", "three"];

/// A running HAProxy. It is killed when this is dropped.
pub(crate) struct Balancer {
    child: Child,
    folder: TempDir,
    pub(crate) port: u16,
    /// The ports of the instances.
    pub(crate) ports: [u16; 3],
}

impl Balancer {
    pub(crate) fn start() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let [port, first, second, third] = free_ports();
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/fleet/haproxy.cfg");
        let child = Command::new("haproxy")
            .args(["-db", "-f", file])
            .env("PORT", port.to_string())
            .env("PORT_1", first.to_string())
            .env("PORT_2", second.to_string())
            .env("PORT_3", third.to_string())
            .env("SOCKET", folder.path().join("socket"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("`haproxy` is installed");
        let balancer = Self { child, folder, port, ports: [first, second, third] };
        wait_for_port(port);
        balancer
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/mcp", self.port)
    }

    /// Sets whether new requests are led to an instance.
    pub(crate) fn set_ready(&self, index: usize, is_ready: bool) {
        let state = if is_ready { "ready" } else { "drain" };
        let reply = self.command(&format!("set server instances/{} state {state}", NAMES[index]));
        assert_eq!(reply.trim(), "", "HAProxy refused it");
    }

    /// Waits until an instance is led requests to, or is not.
    pub(crate) fn wait_until_up(&self, index: usize) {
        let begin = Instant::now();
        loop {
            let stat = self.command("show stat");
            let prefix = format!("instances,{},", NAMES[index]);
            let line = stat.lines().find(|line| line.starts_with(&prefix)).expect("the server");
            if line.split(',').any(|field| field == "UP") {
                return;
            }
            assert!(begin.elapsed() < Duration::from_secs(30), "{line}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn command(&self, command: &str) -> String {
        let mut stream = UnixStream::connect(self.folder.path().join("socket")).expect("a socket");
        stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
        stream.write_all(format!("{command}\n").as_bytes()).expect("a command");
        let mut reply = String::new();
        stream.read_to_string(&mut reply).expect("a reply");
        reply
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Ports that were free just now, all different.
fn free_ports<const N: usize>() -> [u16; N] {
    let listeners =
        [(); N].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port"));
    listeners.map(|listener| listener.local_addr().expect("an address").port())
}

/// Waits until something listens on a port.
pub(crate) fn wait_for_port(port: u16) {
    let begin = Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        assert!(begin.elapsed() < Duration::from_secs(30), "nothing listens on port {port}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
