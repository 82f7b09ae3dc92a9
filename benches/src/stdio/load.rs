//! Sends requests with a fixed number of them in flight.

use std::time::{Duration, Instant};

use super::session::Session;
use crate::{
    Error,
    cpu::Cpu,
    messages::{Template, answered_id},
    participants::{Participant, Setup},
    sample::{Sample, Until},
};

/// Starts a server, and repeats the request for this time after it has warmed up.
pub fn sample(
    server: &Participant,
    setup: &Setup,
    request: &Template,
    window: usize,
    time: Duration,
) -> Result<Sample, Error> {
    let until = Until::Elapsed(time);
    let mut session = Session::spawn(server, setup, until.limit())?;
    session.open(setup.era)?;
    run(&mut session, request, window, Until::Elapsed(time / 4))?;
    run(&mut session, request, window, until)
}

/// Sends requests with `window` of them in flight, then waits for the last answers.
///
/// The answers of one read are replaced with new requests in one write. Every answer must be a
/// result with the expected text, and every id must be answered once.
pub fn run(
    session: &mut Session,
    request: &Template,
    window: usize,
    until: Until,
) -> Result<Sample, Error> {
    // With more bytes, both pipes could be full, and both sides would block.
    if window > 1 && window * request.approximate_len() > 60_000 {
        return Err("the requests in flight do not fit into a pipe".into());
    }
    let first_id = session.next_id;
    let mut batch = Vec::new();
    let mut sent_at: Vec<Option<Instant>> = vec![];
    let mut latencies: Vec<u64> = vec![];
    let (server_cpu, own_cpu, start) = (session.cpu()?, Cpu::of("self")?, Instant::now());
    let push_request = |batch: &mut Vec<u8>, sent_at: &mut Vec<Option<Instant>>| {
        request.write(first_id + sent_at.len() as u64, batch);
        sent_at.push(Some(Instant::now()));
    };
    for _ in 0..window {
        push_request(&mut batch, &mut sent_at);
    }
    while latencies.len() < sent_at.len() {
        if !batch.is_empty() {
            session.send(&batch)?;
            batch.clear();
        }
        let mut next = Some(session.line()?);
        while let Some(line) = next {
            // A line without an id is a notification.
            if let Some(id) = answered_id(line) {
                let slot =
                    id.checked_sub(first_id).and_then(|index| sent_at.get_mut(index as usize));
                let sent = slot
                    .and_then(Option::take)
                    .ok_or_else(|| format!("id {id} was answered, but is not in flight"))?;
                request.check(line)?;
                latencies.push(sent.elapsed().as_nanos() as u64);
                if until.continues(start, sent_at.len()) {
                    push_request(&mut batch, &mut sent_at);
                }
            }
            next = session.buffered_line();
        }
    }
    session.next_id += sent_at.len() as u64;
    let (server, generator) = (session.cpu()?.since(&server_cpu), Cpu::of("self")?.since(&own_cpu));
    Ok(Sample::new(server, generator, latencies))
}
