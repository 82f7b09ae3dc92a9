//! Thousands of random steps, compared with a model that predicts the output of each.
//!
//! Invariants after every step: each request has one outcome, a cancelled one has none, an answer
//! has its caller's nonce, and the engine holds what the model holds. Nothing is left at the end.

use std::collections::{BTreeMap, VecDeque};

use mcp_core::ConnectionLimits;
use mcp_core::service::Reply;
use mcp_test_support::Random;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::support::{Harness, Local, NonceMessages as _, nonce, request, until_idle};

const STEPS: usize = 5_000;
const IN_FLIGHT: usize = 6;
const QUEUED: usize = 4;

/// A call from the peer.
#[derive(Clone, PartialEq, Debug)]
struct Inbound {
    id: i64,
    nonce: u64,
    held: bool,
}

struct Model {
    harness: Harness,
    random: Random,
    next_nonce: u64,
    running: Vec<Inbound>,
    queue: VecDeque<Inbound>,
    /// Calls from this side by id: the nonce, and the task that waits.
    outbound: BTreeMap<i64, (u64, JoinHandle<Reply>)>,
    /// The messages that this step must send, in any order.
    expected: Vec<String>,
}

impl Model {
    fn new(seed: u64) -> Self {
        let mut limits = ConnectionLimits::default();
        (limits.max_in_flight_requests, limits.max_queued_requests) = (IN_FLIGHT, QUEUED);
        Self {
            harness: Harness::with(&limits, Local::with_batches(), 1 << 20),
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

    /// Returns one of a few ids, so that they collide with ids in use and with those of the other
    /// direction.
    fn random_id(&mut self) -> i64 {
        self.random.below(12) as i64
    }

    fn expect_answer(&mut self, call: &Inbound) {
        self.expected
            .push(json!({"jsonrpc":"2.0","id":call.id,"result":{"n":call.nonce}}).to_string());
    }

    fn expect_refusal(&mut self, id: i64, code: i64) {
        self.expected.push(format!("refused {id} {code}"));
    }

    /// Starts queued calls while there is capacity.
    fn start_queued(&mut self) {
        while self.running.len() < IN_FLIGHT
            && let Some(call) = self.queue.pop_front()
        {
            self.start(call);
        }
    }

    fn start(&mut self, call: Inbound) {
        if call.held { self.running.push(call) } else { self.expect_answer(&call) }
    }

    fn is_known(&self, id: i64) -> bool {
        self.running.iter().chain(&self.queue).any(|call| call.id == id)
    }

    async fn step(&mut self) {
        match self.random.below(14) {
            0..=3 => self.peer_calls().await,
            4 | 5 => self.peer_cancels().await,
            6 | 7 => self.finish_handler(),
            8 | 9 => self.start_call(),
            10 | 11 => self.peer_answers().await,
            12 => self.drop_call(),
            _ => self.peer_sends_invalid_input().await,
        }
        until_idle().await;
        self.check().await;
    }

    async fn peer_calls(&mut self) {
        let call =
            Inbound { id: self.random_id(), nonce: self.nonce(), held: self.random.below(3) > 0 };
        let method = if call.held { "hold" } else { "echo" };
        self.harness.wire.request(call.id, method, call.nonce).await;
        if self.is_known(call.id) {
            self.expect_refusal(call.id, -32600);
        } else if self.queue.is_empty() && self.running.len() < IN_FLIGHT {
            self.start(call);
        } else if self.queue.len() < QUEUED {
            self.queue.push_back(call);
        } else {
            self.expect_refusal(call.id, -32603);
        }
    }

    async fn peer_cancels(&mut self) {
        let id = self.random_id();
        self.harness.wire.cancel(id).await;
        if self.random.below(4) == 0 {
            self.harness.wire.cancel(id).await;
        }
        self.running.retain(|call| call.id != id);
        self.queue.retain(|call| call.id != id);
        self.start_queued();
    }

    fn finish_handler(&mut self) {
        if self.running.is_empty() {
            return;
        }
        let at = self.random.below(self.running.len());
        let call = self.running.remove(at);
        self.harness.local.release(call.nonce);
        self.expect_answer(&call);
        self.start_queued();
    }

    fn start_call(&mut self) {
        let id = self.random_id();
        if self.outbound.contains_key(&id) {
            return;
        }
        let nonce_sent = self.nonce();
        let call = self.harness.call(request(id, "echo", nonce_sent));
        self.expected.push(
            json!({"jsonrpc":"2.0","id":id,"method":"echo","params":{"n":nonce_sent}}).to_string(),
        );
        self.outbound.insert(id, (nonce_sent, call));
    }

    async fn peer_answers(&mut self) {
        let id = self.random_id();
        let Some((nonce_sent, call)) = self.outbound.remove(&id) else {
            self.harness.wire.result(&json!(id), 0).await; // An unknown or late answer.
            return;
        };
        if self.random.below(5) == 0 {
            self.harness
                .wire
                .send_line(json!({"jsonrpc":"2.0","id":id,"result":7}).to_string())
                .await;
            assert!(call.await.unwrap().is_err());
        } else {
            self.harness.wire.result(&json!(id), nonce_sent).await;
            assert_eq!(nonce(&call.await.unwrap()), Some(nonce_sent));
        }
    }

    fn drop_call(&mut self) {
        let id = self.random_id();
        if let Some((_, call)) = self.outbound.remove(&id) {
            call.abort();
            let cancel = json!({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":id}});
            self.expected.push(cancel.to_string());
        }
    }

    async fn peer_sends_invalid_input(&mut self) {
        match self.random.below(4) {
            0 => {
                self.harness.wire.send_line("{").await;
                self.expected.push("refused - -32700".into());
            }
            1 => self.harness.wire.notify("event", 0).await,
            2 => {
                self.harness.wire.send_line("[1]").await;
                self.expected.push("refused array".into());
            }
            _ => {
                let id = self.random_id();
                let entry = json!({"jsonrpc":"2.0","id":id,"method":"echo","params":[]});
                self.harness.wire.send_line(entry.to_string()).await;
                self.expect_refusal(id, -32602);
            }
        }
    }

    async fn check(&mut self) {
        let mut arrived: Vec<String> = Vec::new();
        for message in self.harness.wire.received().await {
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
        let stats = self.harness.remote.stats();
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
            model.finish_handler();
            until_idle().await;
            model.check().await;
        }
        for (_, (_, call)) in std::mem::take(&mut model.outbound) {
            call.abort();
        }
        model.harness.assert_nothing_left().await;
    }
}
