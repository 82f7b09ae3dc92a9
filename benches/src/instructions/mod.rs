//! `instructions`: the instructions that servers and clients execute in user space per request,
//! counted by valgrind's [`callgrind`].
//!
//! Each [`job`] runs a program twice with different numbers of requests. The difference has no part
//! of the start, and hardly any noise, so it decides where the clock is too noisy.

pub mod callgrind;
pub mod job;

use std::{
    num::NonZeroUsize,
    sync::{Mutex, PoisonError},
    thread,
};

use job::{Job, Request, Role};

use crate::{Error, context::Context, participants::RATIOS, table::Table, transport::Transport};

/// The name of the bench and its program.
pub const NAME: &str = "instructions";

/// The key of the table of servers.
pub fn server_key(transport: Transport) -> String {
    format!("instructions-server-{}", transport.key())
}

/// The key of the table of clients.
pub const CLIENTS: &str = "instructions-clients";

/// Counts instructions. Returns a table of servers for each transport, and one of clients.
pub fn measure(context: &Context) -> Result<Vec<Table>, Error> {
    callgrind::check_installed()?;
    let options = &context.options;
    let mut plans = vec![];
    for transport in Transport::ALL {
        let servers = match transport {
            Transport::Stdio => context.programs()?.stdio_servers(options),
            Transport::Http => context.programs()?.http_servers(options),
        };
        let mut rows = vec![];
        for era in options.eras() {
            rows.extend(Request::ALL.map(|request| Role::Server { transport, era, request }));
        }
        let title =
            format!("Servers over {}: instructions per request in user space", transport.name());
        plans.push((server_key(transport), title, servers, rows));
    }
    let mut rows = vec![];
    for transport in Transport::ALL {
        for era in options.eras() {
            rows.extend([1, 32].map(|in_flight| Role::Client { transport, era, in_flight }));
        }
    }
    let title = "Clients: instructions per call in user space, current-thread runtime".to_owned();
    plans.push((CLIENTS.to_owned(), title, context.programs()?.clients(options), rows));
    let mut tables = vec![];
    for (key, title, participants, mut rows) in plans {
        rows.retain(|role| options.includes_row(&role.name()));
        let columns: Vec<&str> = participants.iter().map(|one| one.name.as_str()).collect();
        let jobs: Vec<Job<'_>> = rows
            .iter()
            .flat_map(|role| participants.iter().map(|program| Job { role: *role, program }))
            .collect();
        let counts = run_all(&jobs, context)?;
        let mut table = Table::new(key, title, &columns).ratios(&RATIOS);
        for (role, counts) in rows.iter().zip(counts.chunks(participants.len().max(1))) {
            table.row(role.name(), counts.iter().copied());
        }
        tables.push(table);
    }
    Ok(tables)
}

/// Runs the jobs on all cores: counts do not depend on the load of the machine. A job that fails is
/// reported, and has no count.
fn run_all(jobs: &[Job<'_>], context: &Context) -> Result<Vec<Option<f64>>, Error> {
    let programs = context.programs()?;
    let next = Mutex::new(jobs.iter().enumerate());
    let counts = Mutex::new(vec![None; jobs.len()]);
    thread::scope(|scope| {
        let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        for _ in 0..cores.min(8) {
            scope.spawn(|| {
                loop {
                    let job = next.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some((index, job)) = job else { return };
                    match job.count(programs, index) {
                        Ok(count) => {
                            counts.lock().unwrap_or_else(PoisonError::into_inner)[index] =
                                Some(count);
                        }
                        Err(error) => {
                            eprintln!("failed: {}, {}: {error}", job.program.name, job.role.name());
                        }
                    }
                }
            });
        }
    });
    Ok(counts.into_inner().unwrap_or_else(PoisonError::into_inner))
}
