//! The instances behind the balancer.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use mcp_client::task::TaskOptions;
use mcp_client::types::ElicitResult;
use mcp_client::{Client, Revision};
use mcp_test_support::{RedisServer, ServerProcess};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tokio::task::block_in_place;

use crate::balancer::{Balancer, NAMES, wait_for_port};

/// Three instances, their store, and the balancer in front of them.
pub(crate) struct Fleet {
    processes: [Option<ServerProcess>; 3],
    pub(crate) balancer: Balancer,
    redis: RedisServer,
}

impl Fleet {
    pub(crate) fn start() -> Self {
        block_in_place(|| {
            let (redis, balancer) = (RedisServer::start(), Balancer::start());
            let mut fleet = Self { processes: [None, None, None], balancer, redis };
            for index in 0..NAMES.len() {
                fleet.begin(index);
            }
            fleet
        })
    }

    /// Starts an instance, and waits until requests are led to it.
    pub(crate) fn begin(&mut self, index: usize) {
        block_in_place(|| {
            let port = self.balancer.ports[index];
            let mut command = Command::new(env!("CARGO_BIN_EXE_fleet-server"));
            command.args([NAMES[index], &format!("127.0.0.1:{port}"), &self.redis.url()]);
            let process = ServerProcess::start(command.stdin(Stdio::piped()));
            process.expect_stderr("serving");
            wait_for_port(port);
            self.processes[index] = Some(process);
            self.balancer.set_ready(index, true);
            self.balancer.wait_until_up(index);
        });
    }

    /// Takes an instance out of the balancer, and stops it. Returns how long it took to end.
    pub(crate) fn stop(&mut self, index: usize) -> Duration {
        block_in_place(|| {
            self.balancer.set_ready(index, false);
            let mut process = self.processes[index].take().expect("a running instance");
            let pid = Pid::from_child(&process.child);
            let begin = Instant::now();
            kill_process(pid, Signal::TERM).expect("a running process");
            let (status, _) = process.wait_for_exit();
            assert!(status.success(), "{status}");
            begin.elapsed()
        })
    }

    /// Kills an instance with SIGKILL. The balancer has to notice it.
    pub(crate) fn kill(&mut self, index: usize) {
        block_in_place(|| drop(self.processes[index].take().expect("a running instance")));
    }

    /// A client of the balancer, which answers questions.
    pub(crate) async fn client(&self, revision: Revision) -> Client {
        Client::builder()
            .revision(revision)
            .on_elicit(|_| async { ElicitResult::accept(json!({ "name": "Ann" })) })
            .tasks(TaskOptions::new())
            .connect_http(self.balancer.url())
            .await
            .expect("a connection")
    }
}
