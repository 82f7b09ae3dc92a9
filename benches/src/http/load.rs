//! Sends requests on parallel connections, each of which sends the next request after the answer.

use std::time::{Duration, Instant};

use futures::future::try_join_all;
use tokio::time::timeout;

use super::{connection::Connection, request::Post, server::Listening};
use crate::{Error, cpu::Cpu, load::Sample, messages::Template};

/// Connections that repeat a request.
#[derive(Debug)]
pub struct Load {
    connections: Vec<(Connection, Post)>,
}

impl Load {
    /// Opens the connections, each with its own session in the legacy era.
    pub async fn open(
        server: &Listening,
        message: &Template,
        connections: usize,
    ) -> Result<Load, Error> {
        let mut opened = Vec::with_capacity(connections);
        for _ in 0..connections {
            let mut connection = Connection::open(server.address).await?;
            let post = connection.prepare(message).await?;
            opened.push((connection, post));
        }
        Ok(Load { connections: opened })
    }

    /// Sends requests for `time`, then waits for the last answers. Checks every answer.
    pub async fn run(&mut self, server: &Listening, time: Duration) -> Result<Sample, Error> {
        let (server_cpu, own_cpu, start) = (server.cpu()?, Cpu::of("self")?, Instant::now());
        let asking = self.connections.iter_mut().map(|(connection, post)| async move {
            let mut found = (Vec::<u64>::new(), 0);
            while found.0.is_empty() || start.elapsed() < time {
                let sent = Instant::now();
                found.1 += connection.exchange(post).await?;
                found.0.push(sent.elapsed().as_nanos() as u64);
            }
            Ok::<_, Error>(found)
        });
        let found = timeout(time + Duration::from_secs(20), try_join_all(asking)).await??;
        let wall = start.elapsed();
        let bytes: usize = found.iter().map(|(_, bytes)| bytes).sum();
        let mut latencies: Vec<u64> =
            found.into_iter().flat_map(|(latencies, _)| latencies).collect();
        latencies.sort_unstable();
        let count = latencies.len() as f64;
        let each = |time: Duration| time.as_secs_f64() * 1e6 / count;
        let percentile = |share: usize| latencies[latencies.len() * share / 100] as f64 / 1e3;
        Ok(Sample {
            server_us: each(server.cpu()?.since(&server_cpu)),
            generator_us: each(Cpu::of("self")?.since(&own_cpu)),
            per_second: count / wall.as_secs_f64(),
            p50_us: percentile(50),
            p99_us: percentile(99),
            answer_bytes: bytes as f64 / count,
        })
    }
}
