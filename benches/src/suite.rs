//! The whole comparison: every workload against every server, in interleaved rounds.

use std::{
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use serde_json::Value;

use crate::{
    Error,
    load::{self, Sample},
    messages::{Era, Template, text},
    packages,
    report::median,
    session::{Server, Session},
};

/// How a run is made.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How requests are written.
    pub era: Era,
    /// Interleaved rounds; the figures are medians of them.
    pub rounds: usize,
    /// How long each load lasts.
    pub time: Duration,
}

/// One kind of load.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Its name in the table.
    pub name: &'static str,
    /// How many tools the server registers.
    pub tools: usize,
    /// How many requests are outstanding at any time.
    pub window: usize,
    /// The request that is repeated.
    pub request: Template,
}

/// Names of the workloads to which a target belongs.
pub mod name {
    /// Small echo, the next request after the answer.
    pub const ONE: &str = "echo, one at a time";
    /// Small echo, 64 outstanding.
    pub const IN_FLIGHT: &str = "echo, 64 in flight";
    /// `tools/list` of 100 tools.
    pub const LIST: &str = "list of 100 tools";
    /// Echo of 1 MiB.
    pub const MEBIBYTE: &str = "echo of 1 MiB";
    /// As [`IN_FLIGHT`] with one tool registered.
    pub const ONE_TOOL: &str = "echo, 64 in flight, 1 tool";
    /// As [`IN_FLIGHT`] with 500 tools registered.
    pub const MANY_TOOLS: &str = "echo, 64 in flight, 500 tools";
}

/// The workloads, in the order of the table.
pub fn workloads(era: Era) -> Vec<Workload> {
    let small = Template::echo(era, "hello, world");
    let echo = |name, tools, window| Workload { name, tools, window, request: small.clone() };
    let sized = |name, length| Workload {
        name,
        tools: 100,
        window: 1,
        request: Template::echo(era, &text(length)),
    };
    vec![
        echo(name::ONE, 100, 1),
        echo(name::IN_FLIGHT, 100, 64),
        Workload { name: name::LIST, tools: 100, window: 1, request: Template::list(era) },
        sized("echo of 64 KiB", 64 << 10),
        sized(name::MEBIBYTE, 1 << 20),
        echo(name::ONE_TOOL, 1, 64),
        echo(name::MANY_TOOLS, 500, 64),
    ]
}

impl Plan {
    /// Every workload against every server: for each workload and each server the samples, round by
    /// round.
    ///
    /// A round is all of them, so that whatever slows the machine for a while meets them alike.
    pub fn load(
        &self,
        workloads: &[Workload],
        servers: &[Server],
    ) -> Result<Vec<Vec<Vec<Sample>>>, Error> {
        let pairs: Vec<_> = workloads
            .iter()
            .flat_map(|load| servers.iter().map(move |server| (load, server)))
            .collect();
        let samples = in_turn(self.rounds, &pairs, |(workload, server)| {
            let limit = 4 * self.time + Duration::from_secs(20);
            let mut session = Session::spawn(server, workload.tools, limit)?;
            let mut load = || {
                session.open(self.era)?;
                load::run(&mut session, &workload.request, workload.window, self.time / 4)?;
                load::run(&mut session, &workload.request, workload.window, self.time)
            };
            load().map_err(|error| format!("{}, {}: {error}", server.name, workload.name).into())
        })?;
        Ok(samples.chunks(servers.len().max(1)).map(<[_]>::to_vec).collect())
    }

    /// Milliseconds from the start of the process to its first answer, the median for each server.
    pub fn start(&self, servers: &[Server]) -> Result<Vec<f64>, Error> {
        let times = in_turn(self.rounds * 10, servers, |server| {
            let mut session = Session::spawn(server, 100, Duration::from_secs(20))?;
            Ok(session.open(self.era)?.as_secs_f64() * 1e3)
        })?;
        Ok(times.into_iter().map(median).collect())
    }

    /// Resident KiB of an idle server that has answered a call and a list, the median for each
    /// server.
    pub fn idle_memory(&self, servers: &[Server]) -> Result<Vec<f64>, Error> {
        let sizes = in_turn(self.rounds, servers, |server| {
            let mut session = Session::spawn(server, 100, Duration::from_secs(20))?;
            session.open(self.era)?;
            load::run(&mut session, &Template::list(self.era), 1, Duration::ZERO)?;
            thread::sleep(Duration::from_millis(300));
            session.resident_kib()
        })?;
        Ok(sizes.into_iter().map(median).collect())
    }

    /// CPU µs of a client process for each call of `server`: one at a time, and with 64 in flight.
    pub fn clients(&self, clients: &[Server], server: &Server) -> Result<Vec<[f64; 2]>, Error> {
        let calls = (self.time.as_secs_f64() * 20_000.0).max(1000.0);
        let figures = in_turn(self.rounds, clients, |client| {
            let mut command = Command::new(&client.command[0]);
            command.args(["--calls", &calls.to_string()]).args(&server.command);
            let line =
                packages::output_within(command.stderr(Stdio::inherit()), Duration::from_secs(60))?;
            let figures: Value = serde_json::from_str(&line)?;
            let of = |load: &str| figures[load]["cpu_us"].as_f64().unwrap_or(f64::NAN);
            Ok([of("sequential"), of("in_flight")])
        })?;
        Ok(figures
            .into_iter()
            .map(|rounds| [0, 1].map(|load| median(rounds.iter().map(|round| round[load]))))
            .collect())
    }
}

/// Measure all entries in turn, again and again, every second time backwards: for each entry its
/// rounds.
pub fn in_turn<E, T>(
    rounds: usize,
    entries: &[E],
    mut measure: impl FnMut(&E) -> Result<T, Error>,
) -> Result<Vec<Vec<T>>, Error> {
    let mut found: Vec<Vec<T>> = entries.iter().map(|_| vec![]).collect();
    for round in 0..rounds {
        let mut turn: Vec<usize> = (0..entries.len()).collect();
        if round % 2 == 1 {
            turn.reverse();
        }
        for index in turn {
            found[index].push(measure(&entries[index])?);
        }
    }
    Ok(found)
}
