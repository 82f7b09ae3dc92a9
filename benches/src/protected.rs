//! `protected-bench`: what access tokens and layers cost. Each server is compared with itself
//! without them. The package `benches/protected` has the programs, so that the other programs are
//! built without authorization.

use std::{process::Command, time::Duration};

use crate::{
    Error,
    context::Context,
    http::load::{Load, Senders},
    messages::{Era, Template},
    packages,
    participants::{OURS, Participant, Setup},
    sample::Sample,
    stdio::load,
    table::Table,
    transport::Transport,
    turns::Grid,
};

/// The name of the bench and its program.
pub const NAME: &str = "protected-bench";

/// The key of the table of decisions about tokens.
pub const TOKENS: &str = "protected-tokens";

/// Returns the key of the table of servers.
pub fn key(era: Era) -> String {
    format!("protected-{}", era.revision())
}

/// Names of rows.
pub mod row {
    /// The decision about a token that was verified before.
    pub const CACHED: &str = "token that was verified before, µs";
    /// The verification of a new token.
    pub const RS256: &str = "new token, RS256 with a known key, µs";
}

/// What a server adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addition {
    /// Nothing.
    None,
    /// It requires an access token, which was verified before.
    Tokens,
    /// It has all layers but the one for audit records.
    Layers,
    /// It has all layers. The sink of audit records drops them.
    Audit,
    /// It has everything.
    All,
}

impl Addition {
    fn flags(self) -> &'static [&'static str] {
        match self {
            Addition::None => &[],
            Addition::Tokens => &["--protected"],
            Addition::Layers => &["--layers"],
            Addition::Audit => &["--layers", "--audit"],
            Addition::All => &["--protected", "--layers", "--audit"],
        }
    }

    fn name(self) -> &'static str {
        match self {
            Addition::None => "",
            Addition::Tokens => ", protected",
            Addition::Layers => ", layers without audit",
            Addition::Audit => ", all layers",
            Addition::All => ", protected, all layers",
        }
    }
}

/// How requests are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// On 32 connections.
    Http,
    /// Over stdio, one at a time.
    OneAtATime,
    /// Over stdio, 64 in flight.
    InFlight,
}

impl Way {
    /// All of them, in the order of the tables.
    pub const ALL: [Way; 3] = [Way::Http, Way::OneAtATime, Way::InFlight];

    fn name(self) -> &'static str {
        match self {
            Way::Http => "HTTP, echo, 32 connections",
            Way::OneAtATime => "stdio, echo, one at a time",
            Way::InFlight => "stdio, echo, 64 in flight",
        }
    }

    fn transport(self) -> Transport {
        match self {
            Way::Http => Transport::Http,
            Way::OneAtATime | Way::InFlight => Transport::Stdio,
        }
    }

    fn additions(self) -> &'static [Addition] {
        match self.transport() {
            Transport::Http => &[
                Addition::None,
                Addition::Tokens,
                Addition::Layers,
                Addition::Audit,
                Addition::All,
            ],
            // Over stdio there are no tokens.
            Transport::Stdio => &[Addition::None, Addition::Layers, Addition::Audit],
        }
    }
}

/// Returns the name of a row of servers.
pub fn server_row(way: Way, addition: Addition) -> String {
    format!("{}{}", way.name(), addition.name())
}

/// Time limit of one run of `token-load`.
const LIMIT: Duration = Duration::from_secs(60);

const NOTE: &str = "All layers: trace (no subscriber), audit (the sink drops the records), rate \
     limit, policy (four rules), concurrency, timeout, size of results, and cache of results, which \
     is off for the tool. The server is the same program in all rows. Its token is a JWT of 900 \
     bytes.";

const TOKENS_NOTE: &str = "In one process. The first row is the difference between a protected \
     service and one that is not, both of which refuse the HTTP method.";

/// The programs of the package.
struct Programs {
    http: String,
    stdio: String,
    tokens: String,
}

impl Programs {
    fn build() -> Result<Programs, Error> {
        let binaries = ["protected-http-server", "protected-stdio-server", "token-load"];
        let programs = packages::build("protected", "plain", &binaries)?;
        let [http, stdio, tokens] = binaries.map(|name| {
            packages::find(&programs, name).ok_or_else(|| format!("{name} was not built"))
        });
        Ok(Programs { http: http?, stdio: stdio?, tokens: tokens? })
    }

    /// Issues an access token for the servers.
    fn token(&self) -> Result<String, Error> {
        let text = packages::output_within(Command::new(&self.tokens).arg("issue"), LIMIT)?;
        Ok(text.trim_end().to_owned())
    }
}

/// Measures everything.
pub fn measure(context: &Context) -> Result<Vec<Table>, Error> {
    let options = &context.options;
    let programs = Programs::build()?;
    let token = programs.token()?;
    let mut tables = vec![];
    for era in options.eras() {
        let ways = Way::ALL.into_iter();
        let mut rows: Vec<(Way, Addition)> =
            ways.flat_map(|way| way.additions().iter().map(move |one| (way, *one))).collect();
        rows.retain(|(way, addition)| options.includes_row(&server_row(*way, *addition)));
        let grid = Grid::measure(options.rounds, &rows, &[OURS], |(way, addition), _| {
            run(context, &programs, era, *way, *addition, &token)
                .map_err(|error| format!("{}: {error}", server_row(*way, *addition)).into())
        });
        let title = format!("Protection and layers, {}: CPU µs per request", era.revision());
        let mut table = Table::new(key(era), title, &[OURS]).notes(&[NOTE]);
        for (index, (way, addition)) in rows.iter().enumerate() {
            table.row(server_row(*way, *addition), grid.medians(index, |sample| sample.server_us));
        }
        tables.push(table);
    }
    tables.push(tokens(context, &programs));
    Ok(tables)
}

fn run(
    context: &Context,
    programs: &Programs,
    era: Era,
    way: Way,
    addition: Addition,
    token: &str,
) -> Result<Sample, Error> {
    let program = match way.transport() {
        Transport::Http => &programs.http,
        Transport::Stdio => &programs.stdio,
    };
    let flags = addition.flags();
    let command = [program.as_str()].iter().chain(flags).map(|&word| word.to_owned()).collect();
    let server = Participant { name: OURS.to_owned(), command };
    let (setup, time) = (Setup::new(era, 100), context.options.time);
    let token = flags.contains(&"--protected").then(|| token.to_owned());
    let echo = Template::echo(era, "hello, world").with_token(token);
    match way {
        Way::Http => {
            let senders = Senders::Connections(32);
            Load::sample(&context.runtime, &server, &setup, &echo, senders, time)
        }
        Way::OneAtATime => load::sample(&server, &setup, &echo, 1, time),
        Way::InFlight => load::sample(&server, &setup, &echo, 64, time),
    }
}

/// Measures decisions about tokens.
fn tokens(context: &Context, programs: &Programs) -> Table {
    let options = &context.options;
    let title = "Decisions about access tokens: CPU time";
    let mut table = Table::new(TOKENS, title, &[OURS]).notes(&[TOKENS_NOTE]);
    let mut rows = vec![(row::CACHED, "cached"), (row::RS256, "rs256")];
    rows.retain(|(name, _)| options.includes_row(name));
    let grid = Grid::measure(options.rounds, &rows, &[OURS], |(name, argument), _| {
        packages::printed_figure(Command::new(&programs.tokens).arg(argument), LIMIT, 0)
            .map_err(|error| format!("{name}: {error}").into())
    });
    for (index, (name, _)) in rows.iter().enumerate() {
        table.row(*name, grid.medians(index, |figure| *figure));
    }
    table
}
