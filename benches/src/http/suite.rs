//! The whole comparison: every workload against every server, in interleaved rounds.

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::Value;
use tokio::runtime::Runtime;

use super::{
    load::Load,
    memory::{self, Deleted, Idle},
    server::Listening,
};
use crate::{
    Error,
    load::Sample,
    messages::{Era, Template, text},
    packages,
    report::median,
    session::Server,
    suite::in_turn,
};

/// How a run is made.
#[derive(Debug)]
pub struct Plan {
    /// Interleaved rounds; the figures are medians of them.
    pub rounds: usize,
    /// How long each load lasts.
    pub time: Duration,
    /// Where the load generator runs.
    pub runtime: Runtime,
}

/// One kind of load.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Its name in the table.
    pub name: &'static str,
    /// How many tools the server registers.
    pub tools: usize,
    /// How many connections repeat the request.
    pub connections: usize,
    /// The request that is repeated.
    pub request: Template,
}

/// Names of the workloads to which a target belongs.
pub mod name {
    /// Small echo on 32 connections, in sessions.
    pub const LEGACY: &str = "2025-11-25, echo, 32 connections";
    /// Small echo on 32 connections.
    pub const MODERN: &str = "2026-07-28, echo, 32 connections";
    /// The same with one tool.
    pub const LEGACY_ONE_TOOL: &str = "2025-11-25, echo, 32 connections, 1 tool";
    /// The same with one tool.
    pub const MODERN_ONE_TOOL: &str = "2026-07-28, echo, 32 connections, 1 tool";
    /// The same with 500 tools.
    pub const LEGACY_MANY_TOOLS: &str = "2025-11-25, echo, 32 connections, 500 tools";
    /// The same with 500 tools.
    pub const MODERN_MANY_TOOLS: &str = "2026-07-28, echo, 32 connections, 500 tools";
    /// `tools/list` of 100 tools, in sessions.
    pub const LEGACY_LIST: &str = "2025-11-25, list of 100 tools, 32 connections";
    /// `tools/list` of 100 tools.
    pub const MODERN_LIST: &str = "2026-07-28, list of 100 tools, 32 connections";
}

/// The workloads, in the order of the table. 100 tools are registered where the name says nothing
/// else.
pub fn workloads() -> Vec<Workload> {
    let (legacy, modern) = (Era::Legacy, Era::Modern);
    let echo = |name, era, tools, connections| {
        let request = Template::echo(era, "hello, world");
        Workload { name, tools, connections, request }
    };
    let list =
        |name, era| Workload { name, tools: 100, connections: 32, request: Template::list(era) };
    let long = |name, era| {
        let request = Template::echo(era, &text(64 << 10));
        Workload { name, tools: 100, connections: 8, request }
    };
    vec![
        echo("2025-11-25, echo, 1 connection", legacy, 100, 1),
        echo(name::LEGACY, legacy, 100, 32),
        echo("2025-11-25, echo, 256 connections", legacy, 100, 256),
        echo(name::LEGACY_ONE_TOOL, legacy, 1, 32),
        echo("2025-11-25, echo, 32 connections, 10 tools", legacy, 10, 32),
        echo(name::LEGACY_MANY_TOOLS, legacy, 500, 32),
        list(name::LEGACY_LIST, legacy),
        long("2025-11-25, echo of 64 KiB, 8 connections", legacy),
        echo("2026-07-28, echo, 1 connection", modern, 100, 1),
        echo(name::MODERN, modern, 100, 32),
        echo("2026-07-28, echo, 256 connections", modern, 100, 256),
        echo(name::MODERN_ONE_TOOL, modern, 1, 32),
        echo("2026-07-28, echo, 32 connections, 10 tools", modern, 10, 32),
        echo(name::MODERN_MANY_TOOLS, modern, 500, 32),
        list(name::MODERN_LIST, modern),
        long("2026-07-28, echo of 64 KiB, 8 connections", modern),
    ]
}

impl Plan {
    /// Every workload against every server: for each workload and each server the samples, round by
    /// round.
    ///
    /// A round is all of them, so that whatever slows the machine for a while meets them alike.
    /// `more` are the arguments that make a server speak an era.
    pub fn load(
        &self,
        workloads: &[Workload],
        servers: &[Server],
        more: impl Fn(&Server, Era) -> &'static [&'static str],
    ) -> Result<Vec<Vec<Vec<Sample>>>, Error> {
        let pairs: Vec<_> = workloads
            .iter()
            .flat_map(|load| servers.iter().map(move |server| (load, server)))
            .collect();
        let samples = in_turn(self.rounds, &pairs, |(workload, server)| {
            let limit = 4 * self.time + Duration::from_secs(60);
            let more = more(server, workload.request.era);
            let listening = Listening::spawn(server, workload.tools, more, limit)?;
            let load = async {
                let mut load =
                    Load::open(&listening, &workload.request, workload.connections).await?;
                load.run(&listening, self.time / 4).await?;
                load.run(&listening, self.time).await
            };
            let sample = self.runtime.block_on(load);
            sample.map_err(|error| format!("{}, {}: {error}", server.name, workload.name).into())
        })?;
        Ok(samples.chunks(servers.len().max(1)).map(<[_]>::to_vec).collect())
    }

    /// KiB of resident memory for each idle client, the median for each server; NaN where a server
    /// has no such clients.
    pub fn idle(&self, servers: &[Server], idle: Idle) -> Result<Vec<f64>, Error> {
        let found = in_turn(self.rounds, servers, |server| {
            let each = self.runtime.block_on(memory::of_each(server, idle));
            Ok(each.unwrap_or_else(|error| {
                eprintln!("{}, {idle:?}: {error}", server.name);
                f64::NAN
            }))
        })?;
        Ok(found.into_iter().map(median).collect())
    }

    /// What stays of deleted sessions, the medians for each server.
    pub fn deleted(&self, servers: &[Server]) -> Result<Vec<Deleted>, Error> {
        let found = in_turn(self.rounds, servers, |server| {
            self.runtime.block_on(memory::of_deleted(server))
        })?;
        let medians = found.into_iter().map(|rounds| Deleted {
            after_delete: median(rounds.iter().map(|round| round.after_delete)),
            opened_again: median(rounds.iter().map(|round| round.opened_again)),
        });
        Ok(medians.collect())
    }

    /// CPU µs of a client process for each call of `floor`, with 1, 32 and 64 calls in flight.
    pub fn clients(
        &self,
        clients: &[Server],
        floor: &Server,
        era: Era,
    ) -> Result<Vec<[f64; 3]>, Error> {
        let calls = (self.time.as_secs_f64() * 10_000.0).max(1000.0);
        let (of_floor, of_client): (&[&str], &[&str]) = match era {
            Era::Legacy => (&["--legacy"], &[]),
            Era::Modern => (&[], &["--modern"]),
        };
        let figures = in_turn(self.rounds, clients, |client| {
            let listening = Listening::spawn(floor, 2, of_floor, Duration::from_secs(120))?;
            let mut command = Command::new(&client.command[0]);
            command.args(&client.command[1..]).args(["--calls", &calls.to_string()]);
            command.arg(format!("http://{}/mcp", listening.address)).args(of_client);
            let line = packages::output_within(
                command.stderr(Stdio::inherit()),
                Duration::from_secs(100),
            )?;
            let figures: Value = serde_json::from_str(&line)?;
            Ok(["1", "32", "64"].map(|load| figures[load]["cpu_us"].as_f64().unwrap_or(f64::NAN)))
        })?;
        Ok(figures.into_iter().map(|rounds| medians(&rounds)).collect())
    }

    /// The same of the load generator, which is what a client costs at least.
    pub fn generator(&self, floor: &Server, era: Era) -> Result<[f64; 3], Error> {
        let of_floor: &[&str] = if era == Era::Legacy { &["--legacy"] } else { &[] };
        let rounds = in_turn(self.rounds, &[1, 32, 64], |connections| {
            let listening =
                Listening::spawn(floor, 2, of_floor, 4 * self.time + Duration::from_secs(60))?;
            self.runtime.block_on(async {
                let request = Template::echo(era, "hello, world");
                let mut load = Load::open(&listening, &request, *connections).await?;
                load.run(&listening, self.time / 4).await?;
                Ok(load.run(&listening, self.time).await?.generator_us)
            })
        })?;
        Ok([0, 1, 2].map(|load| median(rounds[load].iter().copied())))
    }
}

fn medians(rounds: &[[f64; 3]]) -> [f64; 3] {
    [0, 1, 2].map(|load| median(rounds.iter().map(|round| round[load])))
}
