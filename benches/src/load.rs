//! Loads: requests for a given time, one after the other or with many outstanding.

use std::time::{Duration, Instant};

use crate::{
    Error,
    cpu::Cpu,
    messages::{Template, answered_id},
    session::Session,
};

/// What one load found.
#[derive(Clone, Debug)]
pub struct Sample {
    /// CPU time of the server for each request, in µs.
    pub server_us: f64,
    /// CPU time of the load generator for each request, in µs.
    pub generator_us: f64,
    /// Requests answered in a second.
    pub per_second: f64,
    /// Median time from request to answer, in µs.
    pub p50_us: f64,
    /// The 99th percentile of it, in µs.
    pub p99_us: f64,
    /// Bytes of an answer.
    pub answer_bytes: f64,
}

/// Ask for `time`, keeping `window` requests outstanding; then wait for the last answers.
///
/// Whatever arrived is answered with new requests in one write. Every answer must be a result and
/// every id must be answered once.
pub fn run(
    session: &mut Session,
    request: &Template,
    window: usize,
    time: Duration,
) -> Result<Sample, Error> {
    // More could fill both pipes and block both sides.
    if window > 1 && window * request.len() > 60_000 {
        return Err("requests in flight must fit into a pipe".into());
    }
    let first_id = session.next_id;
    let mut batch = Vec::new();
    let mut sent_at: Vec<Option<Instant>> = vec![];
    let mut latencies: Vec<u64> = vec![];
    let mut bytes = 0;
    let (server_cpu, own_cpu, start) = (session.cpu()?, Cpu::of("self")?, Instant::now());
    let ask = |batch: &mut Vec<u8>, sent_at: &mut Vec<Option<Instant>>| {
        request.write(first_id + sent_at.len() as u64, batch);
        sent_at.push(Some(Instant::now()));
    };
    for _ in 0..window {
        ask(&mut batch, &mut sent_at);
    }
    while latencies.len() < sent_at.len() {
        if !batch.is_empty() {
            session.send(&batch)?;
            batch.clear();
        }
        let going_on = start.elapsed() < time;
        let mut next = Some(session.line()?);
        while let Some(line) = next {
            // A line without an id is a notification.
            if let Some(id) = answered_id(line) {
                let slot =
                    id.checked_sub(first_id).and_then(|index| sent_at.get_mut(index as usize));
                let sent = slot
                    .and_then(Option::take)
                    .ok_or_else(|| format!("id {id} was answered but not waited for"))?;
                if memchr::memmem::find(line, b"\"result\":").is_none() {
                    return Err(format!("refused: {}", String::from_utf8_lossy(line)).into());
                }
                bytes += line.len() + 1;
                latencies.push(sent.elapsed().as_nanos() as u64);
                if going_on {
                    ask(&mut batch, &mut sent_at);
                }
            }
            next = session.line_at_hand();
        }
    }
    let wall = start.elapsed();
    session.next_id += sent_at.len() as u64;
    let count = latencies.len() as f64;
    let each = |time: Duration| time.as_secs_f64() * 1e6 / count;
    latencies.sort_unstable();
    let percentile = |share: usize| latencies[latencies.len() * share / 100] as f64 / 1e3;
    Ok(Sample {
        server_us: each(session.cpu()?.since(&server_cpu)),
        generator_us: each(Cpu::of("self")?.since(&own_cpu)),
        per_second: count / wall.as_secs_f64(),
        p50_us: percentile(50),
        p99_us: percentile(99),
        answer_bytes: bytes as f64 / count,
    })
}
