//! The two transports, for benches that measure both.

/// A transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// The client starts the server, and both use its pipes.
    Stdio,
    /// The server listens.
    Http,
}

impl Transport {
    /// Both transports, in the order of the tables.
    pub const ALL: [Transport; 2] = [Transport::Stdio, Transport::Http];

    /// Returns the name, for titles.
    pub fn name(self) -> &'static str {
        match self {
            Transport::Stdio => "stdio",
            Transport::Http => "HTTP",
        }
    }

    /// Returns the name, for keys of tables.
    pub fn key(self) -> &'static str {
        match self {
            Transport::Stdio => "stdio",
            Transport::Http => "http",
        }
    }
}
