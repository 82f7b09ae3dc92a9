//! Lists of 1,000 tools: one page, and pages that are followed by their cursors.

use serde_json::Value;

use super::dialogue::Dialogue;
use crate::{
    Error,
    context::Context,
    messages::{Era, Template},
    participants::{FLOOR, Participant, RATIOS, Setup, names},
    table::Table,
    transport::Transport,
    turns::Grid,
};

const NOTE: &str = "The floor and rmcp do not paginate: one answer lists all tools.";

#[derive(Clone, Copy, Debug)]
struct Workload {
    era: Era,
    tools: usize,
}

impl Workload {
    fn name(self) -> String {
        match self.tools {
            PAGE => format!("{}, list of 1,000 tools", self.era.revision()),
            _ => format!("{}, list of 3,000 tools, per page of 1,000", self.era.revision()),
        }
    }

    /// Whether a server answers in pages, if there is more than one.
    fn suits(self, server: &Participant) -> bool {
        self.tools == PAGE || (server.name != FLOOR && !server.name.starts_with("rmcp"))
    }
}

/// The default size of a page in this SDK.
const PAGE: usize = 1_000;

/// Measures the servers. Returns a table for each transport.
pub fn measure(context: &Context) -> Result<Vec<Table>, Error> {
    let options = &context.options;
    let eras = options.eras().into_iter();
    let mut workloads: Vec<Workload> =
        eras.flat_map(|era| [PAGE, 3 * PAGE].map(|tools| Workload { era, tools })).collect();
    workloads.retain(|workload| options.includes_row(&workload.name()));
    let mut tables = vec![];
    for transport in Transport::ALL {
        let servers = match transport {
            Transport::Stdio => context.programs()?.stdio_servers(options),
            Transport::Http => context.programs()?.http_servers(options),
        };
        let grid = Grid::measure(options.rounds, &workloads, &servers, |workload, server| {
            if !workload.suits(server) {
                return Ok(f64::NAN);
            }
            per_page(context, transport, *workload, server)
                .map_err(|error| format!("{}, {}: {error}", server.name, workload.name()).into())
        });
        let title = format!("Long lists over {}: CPU µs", transport.name());
        let key = format!("pages-{}", transport.key());
        let mut table = Table::new(key, title, &names(&servers)).ratios(&RATIOS).notes(&[NOTE]);
        for (index, workload) in workloads.iter().enumerate() {
            table.row(workload.name(), grid.medians(index, |used| *used));
        }
        tables.push(table);
    }
    Ok(tables)
}

fn per_page(
    context: &Context,
    transport: Transport,
    workload: Workload,
    server: &Participant,
) -> Result<f64, Error> {
    let Workload { era, tools } = workload;
    let mut dialogue = Dialogue::open(context, transport, server, &Setup::new(era, tools))?;
    let used = dialogue.repeat(context.options.time, |dialogue| {
        let mut cursor: Option<String> = None;
        for page in 1.. {
            let request = match &cursor {
                None => Template::list(era),
                Some(cursor) => Template::page(era, cursor),
            };
            let answer = dialogue.exchange(&request)?;
            let listed = answer["result"]["tools"].as_array().map_or(0, Vec::len);
            if listed != PAGE {
                return Err(format!("page {page} has {listed} tools instead of {PAGE}").into());
            }
            match &answer["result"]["nextCursor"] {
                Value::String(next) if page * PAGE < tools => cursor = Some(next.clone()),
                Value::Null if page * PAGE == tools => break,
                next => return Err(format!("page {page} has the cursor {next}").into()),
            }
        }
        Ok(())
    })?;
    Ok(used * PAGE as f64 / tools as f64)
}
