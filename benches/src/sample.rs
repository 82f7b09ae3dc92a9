//! The figures of one load.

use std::time::{Duration, Instant};

/// When a load ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Until {
    /// Requests are sent for this time.
    Elapsed(Duration),
    /// This number of requests is sent.
    Sent(usize),
}

impl Until {
    /// Whether to send another request.
    pub fn continues(self, start: Instant, sent: usize) -> bool {
        match self {
            Until::Elapsed(time) => start.elapsed() < time,
            Until::Sent(count) => sent < count,
        }
    }

    /// Returns the time limit of the load.
    pub fn limit(self) -> Duration {
        match self {
            Until::Elapsed(time) => 4 * time + Duration::from_secs(30),
            Until::Sent(_) => Duration::from_secs(120),
        }
    }
}

/// The figures of one load.
#[derive(Clone, Debug)]
pub struct Sample {
    /// CPU time of the server per request, in µs.
    pub server_us: f64,
    /// CPU time of the load generator per request, in µs.
    pub generator_us: f64,
    /// Median time from request to answer, in µs.
    pub p50_us: f64,
    /// 99th percentile of that time, in µs.
    pub p99_us: f64,
}

impl Sample {
    /// Creates it from the CPU time of both sides and the latencies of all requests, in ns.
    pub fn new(server: Duration, generator: Duration, mut latencies: Vec<u64>) -> Sample {
        latencies.sort_unstable();
        let count = latencies.len() as f64;
        let each = |time: Duration| time.as_secs_f64() * 1e6 / count;
        let percentile = |share: usize| {
            let latency = latencies.get(latencies.len() * share / 100);
            latency.map_or(f64::NAN, |latency| *latency as f64 / 1e3)
        };
        Sample {
            server_us: each(server),
            generator_us: each(generator),
            p50_us: percentile(50),
            p99_us: percentile(99),
        }
    }
}
