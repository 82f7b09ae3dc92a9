//! `client-bench`: the CPU time of clients over stdio and HTTP, on both runtimes of tokio.
//!
//! They call `echo` of the floor server, whose own time is not in the figures. The raw client is
//! the load generator: the practical lower limit.

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::Value;

use crate::{
    Error,
    context::Context,
    http::{
        listening::Listening,
        load::{Load, Senders},
    },
    messages::{Era, Template},
    packages,
    participants::{Participant, RATIOS, RAW, Setup, names},
    sample::Until,
    stdio::{self, session::Session},
    table::Table,
    transport::Transport,
    turns::Grid,
};

/// The name of the bench and its program.
pub const NAME: &str = "client-bench";

/// Time limit of a client process.
const LIMIT: Duration = Duration::from_secs(100);

/// A workload.
#[derive(Clone, Copy, Debug)]
struct Workload {
    transport: Transport,
    era: Era,
    in_flight: usize,
    multi_thread: bool,
}

/// Returns the key of the table of a transport and an era.
pub fn key(transport: Transport, era: Era) -> String {
    format!("client-{}-{}", transport.key(), era.revision())
}

/// Returns the name of a row.
pub fn row(in_flight: usize, multi_thread: bool) -> String {
    let load = match in_flight {
        1 => "one at a time".to_owned(),
        count => format!("{count} in flight"),
    };
    format!("{load}, {} runtime", if multi_thread { "multi-thread" } else { "current-thread" })
}

/// Measures the clients. Returns a table for each transport and era.
pub fn measure(context: &Context) -> Result<Vec<Table>, Error> {
    let options = &context.options;
    let mut clients = vec![Participant { name: RAW.to_owned(), command: vec![] }];
    clients.extend(context.programs()?.clients(options));
    let mut tables = vec![];
    for transport in Transport::ALL {
        for era in options.eras() {
            let loads = [1, 32, 64].map(|load| [false, true].map(|multi| (load, multi))).concat();
            let workloads: Vec<Workload> = loads
                .into_iter()
                .filter(|(load, multi)| options.includes_row(&row(*load, *multi)))
                .map(|(in_flight, multi_thread)| Workload {
                    transport,
                    era,
                    in_flight,
                    multi_thread,
                })
                .collect();
            let grid = Grid::measure(options.rounds, &workloads, &clients, |workload, client| {
                let used = match client.command.is_empty() {
                    true => raw(context, *workload),
                    false => process(context, *workload, client),
                };
                used.map_err(|error| format!("{}, {workload:?}: {error}", client.name).into())
            });
            let title =
                format!("Clients over {}, {}: CPU µs per call", transport.name(), era.revision());
            let mut table =
                Table::new(key(transport, era), title, &names(&clients)).ratios(&RATIOS);
            for (index, workload) in workloads.iter().enumerate() {
                let name = row(workload.in_flight, workload.multi_thread);
                table.row(name, grid.medians(index, |used| *used));
            }
            tables.push(table);
        }
    }
    Ok(tables)
}

/// Returns the CPU time of a client process, in µs per call.
fn process(context: &Context, workload: Workload, client: &Participant) -> Result<f64, Error> {
    let calls = (context.options.time.as_secs_f64() * 10_000.0).max(500.0) as usize;
    let mut command = Command::new(&client.command[0]);
    command.args(&client.command[1..]).args(["--calls", &calls.to_string()]);
    command.args(["--warm-up", &(calls / 10).to_string()]);
    let (_server, arguments) = target(context, workload)?;
    command.args(workload.arguments()).args(arguments);
    let line = packages::output_within(command.stderr(Stdio::inherit()), LIMIT)?;
    let figures: Value = serde_json::from_str(&line)?;
    figures["cpu_us"].as_f64().ok_or_else(|| format!("no figure in {line}").into())
}

impl Workload {
    /// Returns the arguments of a client program, without the number of calls and the server.
    fn arguments(&self) -> Vec<String> {
        let mut arguments = vec!["--in-flight".to_owned(), self.in_flight.to_string()];
        let flags = [("--multi-thread", self.multi_thread), ("--modern", self.era == Era::Modern)];
        arguments.extend(flags.iter().filter(|(_, set)| *set).map(|(flag, _)| flag.to_string()));
        arguments
    }
}

/// Returns the floor server, and the arguments with which a client program reaches it.
fn target(
    context: &Context,
    workload: Workload,
) -> Result<(Option<Listening>, Vec<String>), Error> {
    let (programs, setup) = (context.programs()?, Setup::new(workload.era, 2));
    match workload.transport {
        Transport::Stdio => {
            let floor = programs.stdio_floor()?;
            Ok((None, [floor.command, setup.arguments()].concat()))
        }
        Transport::Http => {
            let server = Listening::spawn(&programs.http_floor()?, &setup, LIMIT)?;
            let url = format!("http://{}/mcp", server.address);
            Ok((Some(server), vec![url]))
        }
    }
}

/// Returns the CPU time of the load generator, in µs per call.
fn raw(context: &Context, workload: Workload) -> Result<f64, Error> {
    let (programs, setup) = (context.programs()?, Setup::new(workload.era, 2));
    let request = Template::echo(workload.era, "hello, world");
    let time = context.options.time;
    let (warm_up, until) = (Until::Elapsed(time / 4), Until::Elapsed(time));
    let sample = match workload.transport {
        Transport::Stdio => {
            let mut session = Session::spawn(&programs.stdio_floor()?, &setup, until.limit())?;
            session.open(workload.era)?;
            stdio::load::run(&mut session, &request, workload.in_flight, warm_up)?;
            stdio::load::run(&mut session, &request, workload.in_flight, until)?
        }
        Transport::Http => {
            let server = Listening::spawn(&programs.http_floor()?, &setup, until.limit())?;
            context.runtime.block_on(async {
                let senders = Senders::Connections(workload.in_flight);
                let mut load = Load::open(&server, &request, senders).await?;
                load.run(&server, warm_up).await?;
                load.run(&server, until).await
            })?
        }
    };
    Ok(sample.generator_us)
}
