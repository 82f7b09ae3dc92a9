//! One message after the other, over either transport.

use std::time::Duration;

use serde_json::Value;
use tokio::runtime::Runtime;

use crate::{
    Error,
    context::Context,
    cpu::Cpu,
    http::{connection::Connection, listening::Listening, request::Post},
    messages::{Era, Template},
    participants::{Participant, Setup},
    stdio::session::Session,
    transport::Transport,
};

/// A server, and a connection to it.
#[derive(Debug)]
pub enum Dialogue<'a> {
    /// Over the pipes of the server.
    Stdio(Box<Session>),
    /// Over one connection of HTTP/1.1, in a session in the legacy era.
    Http {
        /// The server.
        server: Listening,
        /// The connection.
        connection: Box<Connection>,
        /// The id of the session.
        session: Option<String>,
        /// The id of the last request. Ids are never reused in a session.
        last_id: u64,
        /// The runtime of the connection.
        runtime: &'a Runtime,
    },
}

impl Dialogue<'_> {
    /// Starts a server and connects to it.
    pub fn open<'a>(
        context: &'a Context,
        transport: Transport,
        server: &Participant,
        setup: &Setup,
    ) -> Result<Dialogue<'a>, Error> {
        let limit = 8 * context.options.time + Duration::from_secs(60);
        if transport == Transport::Stdio {
            let mut session = Session::spawn(server, setup, limit)?;
            session.open(setup.era)?;
            return Ok(Dialogue::Stdio(Box::new(session)));
        }
        let (server, runtime) = (Listening::spawn(server, setup, limit)?, &context.runtime);
        let (connection, session) = runtime.block_on(async {
            let mut connection = Connection::open(server.address).await?;
            let session = match setup.era {
                Era::Legacy => Some(connection.initialize(None).await?),
                Era::Modern => None,
            };
            Ok::<_, Error>((connection, session))
        })?;
        let connection = Box::new(connection);
        Ok(Dialogue::Http { server, connection, session, last_id: 0, runtime })
    }

    /// Sends a request, and returns the answer with its expected text.
    pub fn exchange(&mut self, request: &Template) -> Result<Value, Error> {
        let answer = match self {
            Dialogue::Stdio(session) => session.exchange(request)?,
            Dialogue::Http { server, connection, session, last_id, runtime } => {
                let post = Post::new(server.address, request, session.as_deref());
                let mut post = post.after(*last_id);
                let answer = runtime.block_on(connection.exchange(&mut post))?.to_vec();
                *last_id = post.last_id();
                answer
            }
        };
        request.check(&answer)?;
        // An answer as an event stream has other text around the message.
        let start = memchr::memchr(b'{', &answer).ok_or("an answer without a message")?;
        let mut messages = serde_json::Deserializer::from_slice(&answer[start..]).into_iter();
        Ok(messages.next().ok_or("an answer without a message")??)
    }

    /// Returns the CPU time of the server so far.
    pub fn cpu(&self) -> Result<Cpu, Error> {
        match self {
            Dialogue::Stdio(session) => Ok(session.cpu()?),
            Dialogue::Http { server, .. } => server.cpu(),
        }
    }

    /// Repeats an exchange for this time. Returns the CPU time of the server per repetition, in µs.
    pub fn repeat(
        &mut self,
        time: Duration,
        mut exchange: impl FnMut(&mut Self) -> Result<(), Error>,
    ) -> Result<f64, Error> {
        for _ in 0..10 {
            exchange(self)?; // To warm up.
        }
        let (before, start, mut count) = (self.cpu()?, std::time::Instant::now(), 0.0);
        while start.elapsed() < time {
            exchange(self)?;
            count += 1.0;
        }
        Ok(self.cpu()?.since(&before).as_secs_f64() * 1e6 / count)
    }
}
