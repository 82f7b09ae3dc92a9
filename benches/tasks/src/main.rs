//! Measures one thing about tasks, and prints the figures, one in each line.
//!
//! `task-load store STORE IN_FLIGHT`, `server STORE IN_FLIGHT`, `step STORE`, `feed STORE`, or
//! `idle parked|running`. `STORE` is `memory`, `redb`, `redis` or `redis-always`; the last two
//! start a `redis-server` of their own. `task-bench` of mcp-benches runs the program.
#![expect(clippy::print_stdout, reason = "the bench reads the figures from standard output")]

mod counting;
mod feed;
mod idle;
mod place;
mod server_load;
mod step;
mod store_load;

/// Any error of the program.
type Error = Box<dyn std::error::Error + Send + Sync>;

async fn measure(arguments: &[&str]) -> Result<Vec<f64>, Error> {
    match *arguments {
        ["store", store, in_flight] => store_load::measure(store, in_flight.parse()?).await,
        ["server", store, in_flight] => server_load::measure(store, in_flight.parse()?).await,
        ["step", store] => step::measure(store).await,
        ["idle", kind @ ("parked" | "running")] => idle::measure(kind == "parked").await,
        ["feed", store] => feed::measure(store).await,
        _ => Err("unknown arguments; see the documentation of the program".into()),
    }
}

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    for figure in measure(&arguments).await? {
        println!("{figure}");
    }
    Ok(())
}
