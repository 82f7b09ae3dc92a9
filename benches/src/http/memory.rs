//! What idle clients cost in memory: resident memory of the server after many have come, by their
//! number.

use std::time::Duration;

use tokio::time::sleep;

use super::{connection::Connection, server::Listening};
use crate::{
    Error,
    messages::{Era, Template},
    session::Server,
};

/// How many come.
const CLIENTS: usize = 1000;
/// How many come before the first reading, so that pools and maps are warm.
const WARM_UP: usize = 20;
/// After this nothing goes on in a server any more.
const SETTLE: Duration = Duration::from_millis(500);

/// Which clients come and stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Idle {
    /// Sessions of 2025-11-25 without a connection.
    Session,
    /// The same, each with a connection on which its stream is open.
    SessionWithStream,
    /// Connections of 2026-07-28.
    Connection,
    /// The same, on which changes are waited for.
    ListenStream,
}

/// KiB of resident memory for each such client.
pub async fn of_each(server: &Server, idle: Idle) -> Result<f64, Error> {
    let server = spawn(server)?;
    let mut kept = Vec::new();
    let mut poster = Connection::open(server.address).await?;
    come(&server, &mut poster, idle, WARM_UP, &mut kept).await?;
    let before = settled(&server).await?;
    come(&server, &mut poster, idle, CLIENTS, &mut kept).await?;
    Ok((settled(&server).await? - before) / CLIENTS as f64)
}

/// What stays when sessions have been deleted.
#[derive(Clone, Copy, Debug)]
pub struct Deleted {
    /// Resident memory after the sessions were deleted by that before they were opened.
    pub after_delete: f64,
    /// Resident memory with as many sessions opened again by that with the first.
    pub opened_again: f64,
}

/// Opens sessions, deletes them, and opens as many again.
pub async fn of_deleted(server: &Server) -> Result<Deleted, Error> {
    let server = spawn(server)?;
    let mut poster = Connection::open(server.address).await?;
    open_and_delete(&mut poster, WARM_UP).await?;
    let before = settled(&server).await?;
    let first = open(&mut poster, CLIENTS).await?;
    let opened = settled(&server).await?;
    delete(&mut poster, first).await?;
    let deleted = settled(&server).await?;
    open(&mut poster, CLIENTS).await?;
    let again = settled(&server).await?;
    Ok(Deleted { after_delete: deleted / before, opened_again: again / opened })
}

fn spawn(server: &Server) -> Result<Listening, Error> {
    Listening::spawn(server, 100, &[], Duration::from_secs(60))
}

async fn settled(server: &Listening) -> Result<f64, Error> {
    sleep(SETTLE).await;
    server.resident_kib()
}

async fn come(
    server: &Listening,
    poster: &mut Connection,
    idle: Idle,
    count: usize,
    kept: &mut Vec<Connection>,
) -> Result<(), Error> {
    let echo = Template::echo(Era::Modern, "hello, world");
    for _ in 0..count {
        if idle == Idle::Session {
            poster.initialize().await?;
            continue;
        }
        let mut connection = Connection::open(server.address).await?;
        match idle {
            Idle::Session => {}
            Idle::SessionWithStream => {
                let session = poster.initialize().await?;
                connection.listen_to(&session).await?;
            }
            Idle::Connection => {
                let mut post = connection.begin(&echo).await?;
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
        sessions.push(poster.initialize().await?);
    }
    Ok(sessions)
}

async fn delete(poster: &mut Connection, sessions: Vec<String>) -> Result<(), Error> {
    for session in sessions {
        poster.delete(&session).await?;
    }
    Ok(())
}

async fn open_and_delete(poster: &mut Connection, count: usize) -> Result<(), Error> {
    let sessions = open(poster, count).await?;
    delete(poster, sessions).await
}
