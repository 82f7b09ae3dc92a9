//! The targets: the maximum of a figure, or of the ratio of two figures of the same run.

use crate::{
    clients,
    flows::{self, elicitation, progress},
    footprint, http,
    instructions::{
        self,
        job::{Request, Role},
    },
    messages::Era,
    participants::{FLOOR, OURS, RAW},
    process,
    protected::{self, Addition, Way},
    stdio,
    table::{Table, number, write_cells},
    tasks,
    transport::Transport,
};

/// A figure, or the ratio of two.
#[derive(Clone, Debug, PartialEq)]
pub enum Figure {
    /// The figure of this SDK in a row.
    Ours(String),
    /// The figure of this SDK in a row, divided by that of another column.
    Against(String, &'static str),
    /// The figure of this SDK in a row, divided by its figure in another row.
    AgainstRow(String, String),
}

/// A target.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The name of the bench that measures it.
    pub bench: &'static str,
    /// The key of the table.
    pub table: String,
    /// The revision of the requests, if the rows of another revision have the same names.
    pub era: Option<Era>,
    /// What is limited.
    pub figure: Figure,
    /// The maximum.
    pub limit: f64,
    /// What the figure is, for people.
    pub name: String,
}

impl Target {
    /// Returns a command that measures the target, and other rows whose names contain the same
    /// text. The exit code is 1 if one of their targets is missed.
    pub fn command(&self) -> String {
        let rows = match &self.figure {
            Figure::Ours(row) | Figure::Against(row, _) => vec![row],
            Figure::AgainstRow(row, other) => vec![row, other],
        };
        let rows: Vec<String> = rows.iter().map(|row| format!("--row \"{row}\"")).collect();
        let revision = self.era.map(|era| format!(" --revision {}", era.revision()));
        format!("--bin {} -- {}{}", self.bench, rows.join(" "), revision.unwrap_or_default())
    }

    fn measure(&self, tables: &[Table]) -> Option<f64> {
        let table = tables.iter().find(|table| table.key == self.table)?;
        match &self.figure {
            Figure::Ours(row) => table.figure(row, OURS),
            Figure::Against(row, other) => {
                Some(table.figure(row, OURS)? / table.figure(row, other)?)
            }
            Figure::AgainstRow(row, other) => {
                Some(table.figure(row, OURS)? / table.figure(other, OURS)?)
            }
        }
    }
}

/// A target and its figure.
#[derive(Clone, Debug)]
pub struct Check {
    /// The target.
    pub target: Target,
    /// The figure, or `None` if it was not measured.
    pub measured: Option<f64>,
}

impl Check {
    /// Whether the figure was measured and does not exceed the maximum.
    pub fn is_met(&self) -> bool {
        self.measured.is_some_and(|measured| measured <= self.target.limit)
    }
}

/// Returns all targets with their figures in these tables.
pub fn check(tables: &[Table]) -> Vec<Check> {
    let targets = all().into_iter();
    targets.map(|target| Check { measured: target.measure(tables), target }).collect()
}

/// Returns the checks as a Markdown table.
pub fn markdown(checks: &[Check]) -> String {
    let head = ["target", "limit", "measured", ""].map(str::to_owned).to_vec();
    let rows = checks.iter().map(|check| {
        let verdict = match (check.measured, check.is_met()) {
            (None, _) => "not measured",
            (Some(_), true) => "met",
            (Some(_), false) => "**missed**",
        };
        let Target { name, limit, .. } = &check.target;
        vec![name.clone(), number(Some(*limit)), number(check.measured), verdict.to_owned()]
    });
    let cells: Vec<Vec<String>> = [head].into_iter().chain(rows).collect();
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write_cells(&mut text, &cells);
    text
}

/// Returns the commands of all targets as a Markdown table.
pub fn commands() -> String {
    let mut text = "| target | limit | command |\n|---|--:|---|\n".to_owned();
    for target in all() {
        let Target { name, limit, .. } = &target;
        text += &format!("| {name} | {} | `{}` |\n", number(Some(*limit)), target.command());
    }
    text
}

/// Returns all targets, in the order of the results.
pub fn all() -> Vec<Target> {
    let mut targets = vec![];
    for era in Era::ALL {
        stdio_servers(era, &mut targets);
    }
    for era in Era::ALL {
        http_servers(era, &mut targets);
    }
    for era in Era::ALL {
        clients(era, &mut targets);
    }
    for era in Era::ALL {
        protected_servers(era, &mut targets);
    }
    others(&mut targets);
    targets
}

fn stdio_servers(era: Era, targets: &mut Vec<Target>) {
    use stdio::servers::{key, row};
    let rows = [(row::IN_FLIGHT, 2.0), (row::ONE, 1.8), (row::LIST, 1.5), (row::MEBIBYTE, 0.70)];
    for (row, limit) in rows {
        targets.push(Target {
            bench: stdio::servers::NAME,
            table: key(era),
            era: Some(era),
            figure: Figure::Against(row.to_owned(), FLOOR),
            limit,
            name: format!("stdio, {}, {row}: CPU / floor", era.revision()),
        });
    }
    targets.push(Target {
        bench: stdio::servers::NAME,
        table: key(era),
        era: Some(era),
        figure: Figure::AgainstRow(row::MANY_TOOLS.to_owned(), row::ONE_TOOL.to_owned()),
        limit: 1.15,
        name: format!("stdio, {}, echo: CPU with 500 tools / 1 tool", era.revision()),
    });
}

fn http_servers(era: Era, targets: &mut Vec<Target>) {
    use http::servers::{key, row};
    let rows = [
        (row::CONNECTIONS, 1.25),
        (row::ONE, 1.2),
        (row::LIST, 1.05),
        (row::LONG, 0.75),
        (row::MEBIBYTE, 0.70),
    ];
    for (row, limit) in rows {
        targets.push(Target {
            bench: http::servers::NAME,
            table: key(era),
            era: Some(era),
            figure: Figure::Against(row.to_owned(), FLOOR),
            limit,
            name: format!("HTTP, {}, {row}: CPU / floor", era.revision()),
        });
    }
    targets.push(Target {
        bench: http::servers::NAME,
        table: key(era),
        era: Some(era),
        figure: Figure::AgainstRow(row::MANY_TOOLS.to_owned(), row::ONE_TOOL.to_owned()),
        limit: 1.15,
        name: format!("HTTP, {}, echo: CPU with 500 tools / 1 tool", era.revision()),
    });
    if era == Era::Modern {
        targets.push(Target {
            bench: http::servers::NAME,
            table: key(era),
            era: Some(era),
            figure: Figure::AgainstRow(row::HTTP2.to_owned(), row::CONNECTIONS.to_owned()),
            limit: 1.5,
            name: format!("HTTP, {}, echo: CPU with HTTP/2 / HTTP/1.1", era.revision()),
        });
    }
    let role = Role::Server { transport: Transport::Http, era, request: Request::Echo };
    targets.push(Target {
        bench: instructions::NAME,
        table: instructions::server_key(Transport::Http),
        era: None,
        figure: Figure::Ours(role.name()),
        limit: if era == Era::Legacy { 34_000.0 } else { 38_000.0 },
        name: format!("HTTP, {}, echo: instructions per request", era.revision()),
    });
}

fn clients(era: Era, targets: &mut Vec<Target>) {
    let rows = [
        (Transport::Stdio, clients::row(64, false), 2.5),
        (Transport::Http, clients::row(1, false), 1.6),
        (Transport::Http, clients::row(32, true), 1.6),
    ];
    for (transport, row, limit) in rows {
        let (name, revision) = (transport.name(), era.revision());
        targets.push(Target {
            bench: clients::NAME,
            table: clients::key(transport, era),
            era: Some(era),
            name: format!("client, {name}, {revision}, {row}: CPU / raw client"),
            figure: Figure::Against(row, RAW),
            limit,
        });
    }
}

fn protected_servers(era: Era, targets: &mut Vec<Target>) {
    let additions = [(Way::Http, Addition::Tokens)];
    let layers = Way::ALL.map(|way| (way, Addition::Audit));
    for (way, addition) in additions.into_iter().chain(layers) {
        let [with, without] = [addition, Addition::None].map(|one| protected::server_row(way, one));
        targets.push(Target {
            bench: protected::NAME,
            table: protected::key(era),
            era: Some(era),
            name: format!("{}, {with}: CPU / without", era.revision()),
            figure: Figure::AgainstRow(with, without),
            limit: 1.15,
        });
    }
}

fn others(targets: &mut Vec<Target>) {
    let mut push = |bench, table: &str, figure, limit, name: &str| {
        targets.push(Target {
            bench,
            table: table.to_owned(),
            era: None,
            figure,
            limit,
            name: name.to_owned(),
        });
    };
    let ours = |row: &str| Figure::Ours(row.to_owned());
    for era in Era::ALL {
        let row = process::start_row(era, 100);
        let name = format!("start to first answer, {row}: ms");
        push(process::NAME, process::START, ours(&row), 1.6, &name);
    }
    let row = process::row::DIRTY;
    push(process::NAME, process::DIRTY, ours(row), 400.0, &format!("{row}: dirty memory, KiB"));
    let row = process::row::SESSION;
    push(process::NAME, process::CLIENTS, ours(row), 1.0, row);
    let row = process::row::STREAM;
    push(process::NAME, process::CLIENTS, ours(row), 14.0, row);
    let row = process::row::AGAIN;
    push(process::NAME, process::CLIENTS, ours(row), 1.02, row);
    let row = footprint::row::CLEAN;
    push(footprint::NAME, footprint::KEY, ours(row), 100.0, row);
    let row = footprint::row::LAST_STEP;
    push(footprint::NAME, footprint::KEY, ours(row), 10.0, row);
    let row = footprint::row::CRATES;
    push(footprint::NAME, footprint::KEY, ours(row), 60.0, row);
    let row = footprint::row::PROTECTED;
    push(footprint::NAME, footprint::KEY, ours(row), 8.0, row);
    push(
        protected::NAME,
        protected::TOKENS,
        ours(protected::row::CACHED),
        2.0,
        protected::row::CACHED,
    );
    push(
        protected::NAME,
        protected::TOKENS,
        ours(protected::row::RS256),
        60.0,
        protected::row::RS256,
    );
    for transport in Transport::ALL {
        let (row, key) = (elicitation::ROW, elicitation::key(transport));
        let name = format!("{}, 2026-07-28, {row}: CPU µs", transport.name());
        push(flows::NAME, &key, ours(row), 60.0, &name);
    }
    let row = tasks::row::MEMORY;
    push(tasks::NAME, tasks::TIME, ours(row), 10.0, &format!("tasks, {row}: µs each"));
    let ratio = Figure::AgainstRow(tasks::row::REDB.to_owned(), tasks::row::REDB_ONE.to_owned());
    push(tasks::NAME, tasks::TIME, ratio, 0.02, "tasks in redb: 64 in flight / one at a time");
    let row = tasks::row::REDIS;
    push(tasks::NAME, tasks::TIME, ours(row), 100.0, &format!("tasks, {row}: µs each"));
    push(tasks::NAME, tasks::STEP, ours(tasks::row::WRITES), 1.0, tasks::row::WRITES);
    push(tasks::NAME, tasks::MEMORY, ours(tasks::row::PARKED), 2.0, tasks::row::PARKED);
    push(tasks::NAME, tasks::FEED, ours(tasks::row::FEED), 20.0, tasks::row::FEED);
    for era in Era::ALL {
        let [each, alone, meanwhile] =
            [progress::Figure::Each, progress::Figure::Alone, progress::Figure::Meanwhile]
                .map(|figure| progress::row(era, figure));
        push(flows::NAME, progress::KEY, ours(&each), 0.1, &each);
        let name = format!("{}, p99 of other calls: during the flood / alone", era.revision());
        push(flows::NAME, progress::KEY, Figure::AgainstRow(meanwhile, alone), 1.5, &name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_target() -> Target {
        Target {
            bench: "stdio-bench",
            table: "key".to_owned(),
            era: None,
            figure: Figure::Against("echo".to_owned(), FLOOR),
            limit: 2.0,
            name: "echo".to_owned(),
        }
    }

    #[test]
    fn a_target_is_met_up_to_its_limit_and_missed_without_a_figure() {
        let measured = |ours: Option<f64>| {
            let mut table = Table::new("key", "CPU, µs", &[OURS, FLOOR]);
            table.row("echo", [ours, Some(1.0)]);
            one_target().measure(&[table])
        };
        let is_met = |ours| Check { target: one_target(), measured: measured(ours) }.is_met();
        assert!(is_met(Some(2.0)));
        assert!(!is_met(Some(2.1)));
        assert!(!is_met(None));
    }

    #[test]
    fn every_target_has_its_own_name() {
        let targets = all();
        let mut names: Vec<&str> = targets.iter().map(|target| target.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), targets.len());
    }
}
