//! Thousands of random steps against a model that says what has to come out of each.
//!
//! Invariants after every step: one outcome for each request (I1), nothing for a cancelled one (I2), an answer
//! carries its caller's nonce (I3), and what the engine holds is what the model holds (I6). At the end nothing
//! is left.

use std::collections::{BTreeMap, VecDeque};

use mcp_core::Limits;
use mcp_core::service::Reply;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::support::{Bench, Local, Random, idle, nonce, request};

const STEPS: usize = 5_000;
const IN_FLIGHT: usize = 6;
const QUEUED: usize = 4;

/// A call of the peer.
#[derive(Clone, PartialEq, Debug)]
struct Inbound {
    id: i64,
    nonce: u64,
    held: bool,
}

struct Model {
    bench: Bench,
    random: Random,
    next_nonce: u64,
    running: Vec<Inbound>,
    queue: VecDeque<Inbound>,
    /// Calls of ours by id: their nonce, and who waits.
    outbound: BTreeMap<i64, (u64, JoinHandle<Reply>)>,
    /// What has to be on the wire after this step, in any order.
    expected: Vec<String>,
}

impl Model {
    fn new(seed: u64) -> Self {
        let mut limits = Limits::default();
        (limits.in_flight, limits.queued) = (IN_FLIGHT, QUEUED);
        Self {
            bench: Bench::with(&limits, Local::with_batches(), 1 << 20),
            random: Random::new(seed),
            next_nonce: 1,
            running: Vec::new(),
            queue: VecDeque::new(),
            outbound: BTreeMap::new(),
            expected: Vec::new(),
        }
    }

    fn nonce(&mut self) -> u64 {
        self.next_nonce += 1;
        self.next_nonce
    }

    /// A few ids, so that they collide with those in use and those of the other direction.
    fn some_id(&mut self) -> i64 {
        self.random.below(12) as i64
    }

    fn answered(&mut self, call: &Inbound) {
        self.expected
            .push(json!({"jsonrpc":"2.0","id":call.id,"result":{"n":call.nonce}}).to_string());
    }

    fn refused(&mut self, id: i64, code: i64) {
        self.expected.push(format!("refused {id} {code}"));
    }

    /// A place is free: calls that waited begin.
    fn start_waiting(&mut self) {
        while self.running.len() < IN_FLIGHT
            && let Some(call) = self.queue.pop_front()
        {
            self.begin(call);
        }
    }

    fn begin(&mut self, call: Inbound) {
        if call.held { self.running.push(call) } else { self.answered(&call) }
    }

    fn is_known(&self, id: i64) -> bool {
        self.running.iter().chain(&self.queue).any(|call| call.id == id)
    }

    async fn step(&mut self) {
        match self.random.below(14) {
            0..=3 => self.peer_calls().await,
            4 | 5 => self.peer_cancels().await,
            6 | 7 => self.handler_ends(),
            8 | 9 => self.we_call(),
            10 | 11 => self.peer_answers().await,
            12 => self.we_leave(),
            _ => self.peer_sends_nonsense().await,
        }
        idle().await;
        self.check().await;
    }

    async fn peer_calls(&mut self) {
        let call =
            Inbound { id: self.some_id(), nonce: self.nonce(), held: self.random.below(3) > 0 };
        let method = if call.held { "hold" } else { "echo" };
        self.bench.wire.request(call.id, method, call.nonce).await;
        if self.is_known(call.id) {
            self.refused(call.id, -32600);
        } else if self.queue.is_empty() && self.running.len() < IN_FLIGHT {
            self.begin(call);
        } else if self.queue.len() < QUEUED {
            self.queue.push_back(call);
        } else {
            self.refused(call.id, -32603);
        }
    }

    async fn peer_cancels(&mut self) {
        let id = self.some_id();
        self.bench.wire.cancel(id).await;
        if self.random.below(4) == 0 {
            self.bench.wire.cancel(id).await;
        }
        self.running.retain(|call| call.id != id);
        self.queue.retain(|call| call.id != id);
        self.start_waiting();
    }

    fn handler_ends(&mut self) {
        if self.running.is_empty() {
            return;
        }
        let at = self.random.below(self.running.len());
        let call = self.running.remove(at);
        self.bench.local.release(call.nonce);
        self.answered(&call);
        self.start_waiting();
    }

    fn we_call(&mut self) {
        let id = self.some_id();
        if self.outbound.contains_key(&id) {
            return;
        }
        let secret = self.nonce();
        let call = self.bench.call(request(id, "echo", secret));
        self.expected.push(
            json!({"jsonrpc":"2.0","id":id,"method":"echo","params":{"n":secret}}).to_string(),
        );
        self.outbound.insert(id, (secret, call));
    }

    async fn peer_answers(&mut self) {
        let id = self.some_id();
        let Some((secret, call)) = self.outbound.remove(&id) else {
            self.bench.wire.result(&json!(id), 0).await; // Nobody's, or late.
            return;
        };
        if self.random.below(5) == 0 {
            self.bench.wire.send(json!({"jsonrpc":"2.0","id":id,"result":7}).to_string()).await;
            assert!(call.await.unwrap().is_err());
        } else {
            self.bench.wire.result(&json!(id), secret).await;
            assert_eq!(nonce(&call.await.unwrap()), Some(secret));
        }
    }

    fn we_leave(&mut self) {
        let id = self.some_id();
        if let Some((_, call)) = self.outbound.remove(&id) {
            call.abort();
            let cancel = json!({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":id}});
            self.expected.push(cancel.to_string());
        }
    }

    async fn peer_sends_nonsense(&mut self) {
        match self.random.below(4) {
            0 => {
                self.bench.wire.send("{").await;
                self.expected.push("refused - -32700".into());
            }
            1 => self.bench.wire.note("tell", 0).await,
            2 => {
                self.bench.wire.send("[1]").await;
                self.expected.push("refused array".into());
            }
            _ => {
                let id = self.some_id();
                let entry = json!({"jsonrpc":"2.0","id":id,"method":"echo","params":[]});
                self.bench.wire.send(entry.to_string()).await;
                self.refused(id, -32602);
            }
        }
    }

    async fn check(&mut self) {
        let mut arrived: Vec<String> = Vec::new();
        for message in self.bench.wire.arrived().await {
            arrived.push(match &message["error"]["code"] {
                _ if message.is_array() => "refused array".into(),
                Value::Null => message.to_string(),
                code => format!(
                    "refused {} {code}",
                    message.get("id").map_or_else(|| "-".into(), Value::to_string)
                )
                .replace('"', ""),
            });
        }
        arrived.sort();
        self.expected.sort();
        assert_eq!(arrived, self.expected);
        self.expected.clear();
        let stats = self.bench.remote.stats();
        let held = (stats.pending, stats.in_flight, stats.outbox_bytes);
        assert_eq!(held, (self.outbound.len(), self.running.len(), 0));
    }
}

#[tokio::test(start_paused = true)]
async fn random_interleavings_keep_the_invariants_and_leave_nothing_behind() {
    for seed in [0x00c0_ffee, 0x5eed_5eed_5eed] {
        println!("seed {seed}"); // Shown when a step fails.
        let mut model = Model::new(seed);
        for step in 0..STEPS {
            println!("step {step}");
            model.step().await;
        }
        while !model.running.is_empty() {
            model.handler_ends();
            idle().await;
            model.check().await;
        }
        for (_, (_, call)) in std::mem::take(&mut model.outbound) {
            call.abort();
        }
        model.bench.leaves_nothing().await;
    }
}
