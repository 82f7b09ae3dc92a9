//! One count: a program, and what it does.

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use super::callgrind::Callgrind;
use crate::{
    Error,
    http::{
        listening::Listening,
        load::{Load, Senders},
    },
    messages::{Era, Template, text},
    packages,
    participants::{Participant, Setup},
    programs::Programs,
    sample::Until,
    stdio::{load, session::Session},
    transport::Transport,
};

/// Time limit of a run. A program under callgrind is about fifty times slower.
const LIMIT: Duration = Duration::from_secs(120);

/// A request of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// A small echo.
    Echo,
    /// `tools/list` of 100 tools.
    List,
    /// An echo of 64 KiB.
    Long,
}

impl Request {
    /// All requests, in the order of the tables.
    pub const ALL: [Request; 3] = [Request::Echo, Request::List, Request::Long];

    fn template(self, era: Era) -> Template {
        match self {
            Request::Echo => Template::echo(era, "hello, world"),
            Request::List => Template::list(era),
            Request::Long => Template::echo(era, &text(64 << 10)),
        }
    }

    /// Returns the numbers of requests of the two runs.
    fn lengths(self) -> [usize; 2] {
        match self {
            Request::Echo => [256, 1280],
            Request::List => [64, 576],
            Request::Long => [10, 60],
        }
    }
}

/// What a program does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It answers requests of the load generator.
    Server {
        /// The transport.
        transport: Transport,
        /// The era of the requests.
        era: Era,
        /// The request that is repeated.
        request: Request,
    },
    /// It calls the floor server.
    Client {
        /// The transport.
        transport: Transport,
        /// The era of the requests.
        era: Era,
        /// The number of calls in flight.
        in_flight: usize,
    },
}

impl Role {
    /// Returns the name of its row.
    pub fn name(self) -> String {
        match self {
            Role::Server { transport, era, request } => {
                let what = match (request, transport) {
                    (Request::Echo, Transport::Stdio) => "echo, 64 in flight",
                    (Request::Echo, Transport::Http) => "echo, 1 connection",
                    (Request::List, _) => "list of 100 tools",
                    (Request::Long, _) => "echo of 64 KiB",
                };
                format!("{}, {what}", era.revision())
            }
            Role::Client { transport, era, in_flight } => {
                let load = match in_flight {
                    1 => "one at a time".to_owned(),
                    count => format!("{count} in flight"),
                };
                format!("{}, {}, {load}", era.revision(), transport.name())
            }
        }
    }
}

/// A program and its role.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// What it does.
    pub role: Role,
    /// The program.
    pub program: &'a Participant,
}

impl Job<'_> {
    /// Returns the instructions per request. The index is unique among the jobs that run at the
    /// same time.
    pub fn count(&self, programs: &Programs, index: usize) -> Result<f64, Error> {
        let [short, long] = match self.role {
            Role::Server { request, .. } => request.lengths(),
            Role::Client { .. } => [256, 1280],
        };
        let mut counts = [0.0; 2];
        for (count, requests) in counts.iter_mut().zip([short, long]) {
            let callgrind = Callgrind::new(&format!("{index}"))?;
            match self.role {
                Role::Server { transport, era, request } => {
                    self.serve(&callgrind, transport, era, request, requests)?;
                }
                Role::Client { transport, era, in_flight } => {
                    let arguments = client_arguments(era, in_flight, requests);
                    self.call(&callgrind, programs, transport, era, &arguments)?;
                }
            }
            *count = callgrind.count()? as f64;
        }
        Ok((counts[1] - counts[0]) / (long - short) as f64)
    }

    fn serve(
        &self,
        callgrind: &Callgrind,
        transport: Transport,
        era: Era,
        request: Request,
        requests: usize,
    ) -> Result<(), Error> {
        let mut command = callgrind.command(&self.program.serve(&Setup::new(era, 100)));
        let (request, until) = (request.template(era), Until::Sent(requests));
        if transport == Transport::Http {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let server = Listening::start(&mut command, LIMIT)?;
            runtime.block_on(async {
                let mut load = Load::open(&server, &request, Senders::Connections(1)).await?;
                load.run(&server, until).await
            })?;
            return server.terminate(LIMIT);
        }
        let mut session = Session::start(&mut command, LIMIT)?;
        session.open(era)?;
        // Requests of 64 KiB and answers to lists fill the pipes.
        let window = if request.approximate_len() < 600 && request.name.is_some() { 64 } else { 1 };
        load::run(&mut session, &request, window, until)?;
        session.close(LIMIT)
    }

    fn call(
        &self,
        callgrind: &Callgrind,
        programs: &Programs,
        transport: Transport,
        era: Era,
        arguments: &[String],
    ) -> Result<(), Error> {
        let (mut client, setup) = (Command::new(&self.program.command[0]), Setup::new(era, 2));
        client.args(arguments);
        let mut server = None;
        match transport {
            Transport::Stdio => {
                client.args(programs.stdio_floor()?.command).args(setup.arguments());
            }
            Transport::Http => {
                let listening = Listening::spawn(&programs.http_floor()?, &setup, LIMIT)?;
                client.arg(format!("http://{}/mcp", listening.address));
                server = Some(listening);
            }
        }
        let mut command = callgrind.command(&client);
        packages::output_within(command.stderr(Stdio::inherit()), LIMIT)?;
        drop(server);
        Ok(())
    }
}

fn client_arguments(era: Era, in_flight: usize, calls: usize) -> Vec<String> {
    let mut arguments = vec!["--calls".to_owned(), calls.to_string()];
    arguments.extend(["--in-flight".to_owned(), in_flight.to_string()]);
    if era == Era::Modern {
        arguments.push("--modern".to_owned());
    }
    arguments
}
