//! A tool that reports progress 10,000 times to a caller who did not ask for it: what each report
//! costs, and what it does to the other calls of the session.

use std::time::{Duration, Instant};

use super::dialogue::Dialogue;
use crate::{
    Error,
    context::Context,
    messages::{Era, Template, answered_id},
    participants::{OURS, OURS_LTO, Participant, Setup, names},
    sample::Sample,
    stdio::session::Session,
    table::Table,
    transport::Transport,
    turns::Grid,
};

/// The key of the table.
pub const KEY: &str = "progress";
/// Number of reports of a call.
const REPORTS: u32 = 10_000;

const NOTES: [&str; 2] = [
    "Latencies of `echo`, one at a time, in the same session: alone, and while a call that reports \
     10,000 times is always running.",
    "rmcp has no such call: its handlers look for the token themselves and send notifications, so a \
     handler without a token does nothing.",
];

/// What is measured in each era.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// The CPU time of one report.
    Each,
    /// The 99th percentile of the latency of other calls, alone.
    Alone,
    /// The same while reports are made.
    Meanwhile,
}

/// Returns the name of a row.
pub fn row(era: Era, figure: Figure) -> String {
    let what = match figure {
        Figure::Each => "ctx.progress without a token, CPU µs each",
        Figure::Alone => "p99 of other calls, alone, µs",
        Figure::Meanwhile => "p99 of other calls, during the flood, µs",
    };
    format!("{}, {what}", era.revision())
}

/// Measures the servers over stdio.
pub fn measure(context: &Context) -> Result<Table, Error> {
    let options = &context.options;
    let mut servers = context.programs()?.stdio_servers(options);
    servers.retain(|server| [OURS, OURS_LTO].contains(&server.name.as_str()));
    let figures = [Figure::Each, Figure::Alone, Figure::Meanwhile];
    let mut rows: Vec<(Era, Figure)> =
        options.eras().into_iter().flat_map(|era| figures.map(|figure| (era, figure))).collect();
    rows.retain(|(era, figure)| options.includes_row(&row(*era, *figure)));
    let grid = Grid::measure(options.rounds, &rows, &servers, |(era, figure), server| {
        let measured = match figure {
            Figure::Each => each(context, *era, server),
            Figure::Alone => others(server, *era, false, options.time),
            Figure::Meanwhile => others(server, *era, true, options.time),
        };
        measured.map_err(|error| format!("{}, {figure:?}: {error}", server.name).into())
    });
    let mut table =
        Table::new(KEY, "10,000 reports of progress, over stdio", &names(&servers)).notes(&NOTES);
    for (index, (era, figure)) in rows.iter().enumerate() {
        table.row(row(*era, *figure), grid.medians(index, |figure| *figure));
    }
    Ok(table)
}

fn each(context: &Context, era: Era, server: &Participant) -> Result<f64, Error> {
    let mut dialogue = Dialogue::open(context, Transport::Stdio, server, &Setup::extra(era))?;
    let mut call = |count| {
        let request = Template::flood(era, count);
        dialogue.repeat(context.options.time, |dialogue| dialogue.exchange(&request).map(drop))
    };
    Ok((call(REPORTS)? - call(0)?) / f64::from(REPORTS))
}

/// Returns the 99th percentile of the latency of `echo`, in µs.
fn others(server: &Participant, era: Era, flooded: bool, time: Duration) -> Result<f64, Error> {
    let limit = 4 * time + Duration::from_secs(30);
    let mut session = Session::spawn(server, &Setup::extra(era), limit)?;
    session.open(era)?;
    let (echo, flood) = (Template::echo(era, "hello, world"), Template::flood(era, REPORTS));
    let send = |session: &mut Session, request: &Template| {
        let (id, mut bytes) = (session.next_id, Vec::new());
        session.next_id += 1;
        request.write(id, &mut bytes);
        session.send(&bytes).map(|()| id)
    };
    let mut flooding = if flooded { Some(send(&mut session, &flood)?) } else { None };
    let (start, mut latencies) = (Instant::now(), vec![]);
    while start.elapsed() < time {
        let sent = Instant::now();
        let id = send(&mut session, &echo)?;
        loop {
            let answered = answered_id(session.line()?);
            if answered == Some(id) {
                break;
            }
            if flooding.is_some() && answered == flooding {
                flooding = Some(send(&mut session, &flood)?);
            }
        }
        latencies.push(sent.elapsed().as_nanos() as u64);
    }
    Ok(Sample::new(Duration::ZERO, Duration::ZERO, latencies).p99_us)
}
