//! The memory of idle clients: the growth of the server's resident memory, divided by their number.

use std::time::Duration;

use tokio::time::sleep;

use super::{connection::Connection, listening::Listening};
use crate::{
    Error,
    messages::{Era, Template},
    participants::{Participant, Setup},
};

/// Number of measured clients.
const CLIENTS: usize = 1000;
/// Number of clients before the first measurement, which fill pools and maps.
const WARM_UP: usize = 20;
/// Time after which a server without requests is idle.
const SETTLE: Duration = Duration::from_millis(500);

/// The kind of idle clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idle {
    /// Sessions of 2025-11-25 without a connection.
    Session,
    /// Sessions of 2025-11-25, each with a connection that has its GET stream open.
    SessionWithStream,
    /// Connections of 2026-07-28.
    Connection,
    /// Connections of 2026-07-28 with an open `subscriptions/listen` stream.
    ListenStream,
}

impl Idle {
    fn era(self) -> Era {
        match self {
            Idle::Session | Idle::SessionWithStream => Era::Legacy,
            Idle::Connection | Idle::ListenStream => Era::Modern,
        }
    }
}

/// Measures the resident memory per client, in KiB.
pub async fn of_each(server: &Participant, idle: Idle) -> Result<f64, Error> {
    let server = spawn(server, idle.era())?;
    let mut kept = Vec::new();
    let mut poster = Connection::open(server.address).await?;
    connect(&server, &mut poster, idle, WARM_UP, &mut kept).await?;
    let before = settled(&server).await?;
    connect(&server, &mut poster, idle, CLIENTS, &mut kept).await?;
    Ok((settled(&server).await? - before) / CLIENTS as f64)
}

/// Opens sessions, deletes them, and opens the same number again. Returns the resident memory then,
/// divided by that with the first sessions.
pub async fn opened_again(server: &Participant) -> Result<f64, Error> {
    let server = spawn(server, Era::Legacy)?;
    let mut poster = Connection::open(server.address).await?;
    let first = open(&mut poster, CLIENTS).await?;
    let opened = settled(&server).await?;
    for session in first {
        poster.delete(&session).await?;
    }
    open(&mut poster, CLIENTS).await?;
    Ok(settled(&server).await? / opened)
}

fn spawn(server: &Participant, era: Era) -> Result<Listening, Error> {
    Listening::spawn(server, &Setup::new(era, 100), Duration::from_secs(60))
}

async fn settled(server: &Listening) -> Result<f64, Error> {
    sleep(SETTLE).await;
    server.resident_kib()
}

async fn connect(
    server: &Listening,
    poster: &mut Connection,
    idle: Idle,
    count: usize,
    kept: &mut Vec<Connection>,
) -> Result<(), Error> {
    let echo = Template::echo(Era::Modern, "hello, world");
    for _ in 0..count {
        if idle == Idle::Session {
            poster.initialize(None).await?;
            continue;
        }
        let mut connection = Connection::open(server.address).await?;
        match idle {
            Idle::Session => {}
            Idle::SessionWithStream => {
                let session = poster.initialize(None).await?;
                connection.listen_to(&session).await?;
            }
            Idle::Connection => {
                let mut post = connection.prepare(&echo).await?;
                connection.exchange(&mut post).await?;
            }
            Idle::ListenStream => connection.listen(&Template::listen()).await?,
        }
        kept.push(connection);
    }
    Ok(())
}

async fn open(poster: &mut Connection, count: usize) -> Result<Vec<String>, Error> {
    let mut sessions = Vec::with_capacity(count);
    for _ in 0..count {
        sessions.push(poster.initialize(None).await?);
    }
    Ok(sessions)
}
