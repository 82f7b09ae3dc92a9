//! Sends requests in parallel, each sender the next one after the answer.

use std::time::{Duration, Instant};

use futures::future::try_join_all;
use tokio::{runtime::Runtime, time::timeout};

use super::{connection::Connection, http2::Http2, listening::Listening, request::Post};
use crate::{
    Error,
    cpu::Cpu,
    messages::Template,
    participants::{Participant, Setup},
    sample::{Sample, Until},
};

/// The senders of a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Senders {
    /// This number of connections of HTTP/1.1.
    Connections(usize),
    /// This number of connections of HTTP/2, one stream at a time on each. 2026-07-28 only.
    Http2Connections(usize),
    /// This number of streams at a time on one connection of HTTP/2. 2026-07-28 only.
    Http2Streams(usize),
}

/// Senders that repeat a request.
#[derive(Debug)]
pub struct Load {
    senders: Vec<Sender>,
}

#[derive(Debug)]
enum Sender {
    Http1(Connection, Post),
    Http2(Http2),
}

impl Load {
    /// Starts a server, and repeats the request for this time after it has warmed up.
    pub fn sample(
        runtime: &Runtime,
        server: &Participant,
        setup: &Setup,
        message: &Template,
        senders: Senders,
        time: Duration,
    ) -> Result<Sample, Error> {
        let until = Until::Elapsed(time);
        let listening = Listening::spawn(server, setup, until.limit())?;
        runtime.block_on(async {
            let mut load = Load::open(&listening, message, senders).await?;
            load.run(&listening, Until::Elapsed(time / 4)).await?;
            load.run(&listening, until).await
        })
    }

    /// Opens the connections, each with its own session in the legacy era.
    pub async fn open(
        server: &Listening,
        message: &Template,
        senders: Senders,
    ) -> Result<Load, Error> {
        let mut opened = vec![];
        match senders {
            Senders::Connections(count) => {
                for _ in 0..count {
                    let mut connection = Connection::open(server.address).await?;
                    let post = connection.prepare(message).await?;
                    opened.push(Sender::Http1(connection, post));
                }
            }
            Senders::Http2Connections(count) => {
                for _ in 0..count {
                    opened.push(Sender::Http2(Http2::open(server.address, message).await?));
                }
            }
            Senders::Http2Streams(count) => {
                let connection = Http2::open(server.address, message).await?;
                opened.extend((0..count).map(|_| Sender::Http2(connection.clone())));
            }
        }
        Ok(Load { senders: opened })
    }

    /// Sends requests, then waits for the last answers. Checks every answer.
    pub async fn run(&mut self, server: &Listening, until: Until) -> Result<Sample, Error> {
        let (server_cpu, own_cpu, start) = (server.cpu()?, Cpu::of("self")?, Instant::now());
        let each = match until {
            Until::Elapsed(_) => until,
            Until::Sent(count) => Until::Sent(count / self.senders.len()),
        };
        let asking = self.senders.iter_mut().map(|sender| async move {
            let mut latencies = Vec::<u64>::new();
            while latencies.is_empty() || each.continues(start, latencies.len()) {
                let sent = Instant::now();
                match sender {
                    Sender::Http1(connection, post) => {
                        connection.exchange(post).await?;
                    }
                    Sender::Http2(stream) => stream.exchange().await?,
                }
                latencies.push(sent.elapsed().as_nanos() as u64);
            }
            Ok::<_, Error>(latencies)
        });
        let limit = until.limit() + Duration::from_secs(20);
        let latencies = timeout(limit, try_join_all(asking)).await??.concat();
        let (server, generator) =
            (server.cpu()?.since(&server_cpu), Cpu::of("self")?.since(&own_cpu));
        Ok(Sample::new(server, generator, latencies))
    }
}
