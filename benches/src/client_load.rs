//! What the client programs of the benches measure: calls of `echo`, with a given number of them in
//! flight, and the CPU time of their own process.
//!
//! The programs in `benches/peers` include this file by path.

use std::{error::Error, future::Future, time::Instant};

use crate::cpu::Cpu;

/// The command line of a client program: `--calls N [--warm-up N] [--in-flight N] [--multi-thread]
/// [--modern] (URL | COMMAND [ARGUMENT…])`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientLoad {
    /// The number of calls.
    pub calls: usize,
    /// The number of calls before the measured ones.
    pub warm_up: usize,
    /// The number of calls in flight, each in a task of its own.
    pub in_flight: usize,
    /// Whether to use the multi-thread runtime instead of the current-thread one.
    pub multi_thread: bool,
    /// Whether the server serves 2026-07-28.
    pub modern: bool,
    /// The URL of the server, or the command that starts it.
    pub server: Vec<String>,
}

impl ClientLoad {
    /// Parses the command line.
    pub fn from_arguments() -> Result<ClientLoad, Box<dyn Error + Send + Sync>> {
        let mut load = ClientLoad {
            calls: 1000,
            warm_up: 0,
            in_flight: 1,
            multi_thread: false,
            modern: false,
            server: vec![],
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut number = || arguments.next().unwrap_or_default().parse();
            match argument.as_str() {
                "--calls" => load.calls = number()?,
                "--warm-up" => load.warm_up = number()?,
                "--in-flight" => load.in_flight = number()?,
                "--multi-thread" => load.multi_thread = true,
                "--modern" => load.modern = true,
                _ => load.server = [argument].into_iter().chain(arguments.by_ref()).collect(),
            }
        }
        if load.server.is_empty() {
            return Err("the URL or the command of the server is missing".into());
        }
        Ok(load)
    }

    /// Returns the URL of the server, or `None` if it is a command.
    pub fn url(&self) -> Option<&str> {
        self.server.first().map(String::as_str).filter(|server| server.starts_with("http://"))
    }

    /// Runs a future on the chosen runtime.
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> std::io::Result<T> {
        let mut runtime = match self.multi_thread {
            true => tokio::runtime::Builder::new_multi_thread(),
            false => tokio::runtime::Builder::new_current_thread(),
        };
        Ok(runtime.enable_all().build()?.block_on(future))
    }

    /// Makes the calls to warm up, then the measured ones. Prints the CPU time of this process per
    /// call, in µs. `call` makes one call.
    #[expect(clippy::print_stdout, reason = "the bench reads the figure from standard output")]
    pub async fn run<C, F, E>(&self, call: C) -> Result<(), Box<dyn Error + Send + Sync>>
    where
        C: Fn() -> F + Clone + Send + 'static,
        F: Future<Output = Result<(), E>> + Send,
        E: Error + Send + Sync + 'static,
    {
        self.calls_in_tasks(self.warm_up, &call).await?;
        let (cpu, start) = (Cpu::of("self")?, Instant::now());
        let made = self.calls_in_tasks(self.calls, &call).await? as f64;
        let (used, wall) = (Cpu::of("self")?.since(&cpu), start.elapsed());
        let cpu_us = used.as_secs_f64() * 1e6 / made;
        println!(r#"{{"cpu_us":{cpu_us},"per_second":{}}}"#, made / wall.as_secs_f64());
        Ok(())
    }

    /// Returns the number of calls that were made.
    async fn calls_in_tasks<C, F, E>(
        &self,
        calls: usize,
        call: &C,
    ) -> Result<usize, Box<dyn Error + Send + Sync>>
    where
        C: Fn() -> F + Clone + Send + 'static,
        F: Future<Output = Result<(), E>> + Send,
        E: Error + Send + Sync + 'static,
    {
        let each = calls / self.in_flight;
        let tasks: Vec<_> = (0..self.in_flight)
            .map(|_| {
                let call = call.clone();
                tokio::spawn(async move {
                    for _ in 0..each {
                        call().await?;
                    }
                    Ok::<(), E>(())
                })
            })
            .collect();
        for task in tasks {
            task.await??;
        }
        Ok(each * self.in_flight)
    }
}
