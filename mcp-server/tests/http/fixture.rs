//! The server that the tests call.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use mcp_server::{Context, Limits, Server, ServerBuilder, tools};
use tokio::sync::{Notify, Semaphore};

/// What the handlers did, seen by the tests.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) started: AtomicUsize,
    pub(crate) dropped: AtomicUsize,
    pub(crate) told: AtomicUsize,
    pub(crate) change: Notify,
    pub(crate) gate: Semaphore,
    pub(crate) released: AtomicBool,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            started: AtomicUsize::new(0),
            dropped: AtomicUsize::new(0),
            told: AtomicUsize::new(0),
            change: Notify::new(),
            gate: Semaphore::new(0),
            released: AtomicBool::new(false),
        }
    }
}

impl Seen {
    /// Waits until a count is reached.
    pub(crate) async fn wait(&self, count: impl Fn(&Self) -> usize, least: usize) {
        loop {
            let change = self.change.notified();
            if count(self) >= least {
                return;
            }
            change.await;
        }
    }
}

struct OnDrop(Arc<Seen>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.dropped.fetch_add(1, Ordering::SeqCst);
        self.0.change.notify_waiters();
    }
}

struct Tools(Arc<Seen>);

#[tools]
impl Tools {
    /// Gives back what it gets.
    #[tool]
    async fn echo(&self, text: String) -> String {
        self.0.started.fetch_add(1, Ordering::SeqCst);
        text
    }

    /// Gives back what it gets after others had a turn.
    #[tool]
    async fn echo_later(&self, text: String) -> String {
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        text
    }

    /// Takes arguments that are mirrored in headers.
    #[tool]
    async fn mirrored(
        &self,
        #[arg(header = "Region")] region: String,
        #[arg(header = "Count")] count: i64,
        #[arg(header = "Dry")] dry: Option<bool>,
    ) -> String {
        format!("{region} {count} {dry:?}")
    }

    /// Never ends.
    #[tool]
    async fn hang(&self) -> String {
        let _dropped = OnDrop(Arc::clone(&self.0));
        self.0.started.fetch_add(1, Ordering::SeqCst);
        self.0.change.notify_waiters();
        std::future::pending().await
    }

    /// Tells progress, waits for nothing in between.
    #[tool]
    async fn tell(&self, ctx: &Context, count: u32) -> String {
        for done in 1..=count {
            ctx.log(mcp_server::types::LoggingLevel::Info, done).await;
            self.0.told.fetch_add(1, Ordering::SeqCst);
        }
        "told".into()
    }

    /// Waits until the tests let it go.
    #[tool]
    async fn gate(&self, text: String) -> String {
        self.0.started.fetch_add(1, Ordering::SeqCst);
        self.0.change.notify_waiters();
        // The semaphore is never closed.
        drop(self.0.gate.acquire().await);
        text
    }

    /// Blocks the thread that it runs on until the tests let it go.
    #[tool]
    async fn block(&self) -> String {
        self.0.started.fetch_add(1, Ordering::SeqCst);
        self.0.change.notify_waiters();
        while !self.0.released.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(5));
        }
        "released".into()
    }

    /// Says much.
    #[tool]
    async fn large(&self, kib: usize) -> String {
        "x".repeat(kib << 10)
    }

    /// Fails inside.
    #[tool]
    async fn broken(&self) -> Result<String, mcp_server::ErrorObject> {
        panic!("the secret reason")
    }

    /// Where the call came from.
    #[tool]
    async fn origin(&self, ctx: &Context) -> String {
        let request = ctx.http_request().unwrap();
        let agent = request.headers.get("user-agent").map(|agent| agent.to_str().unwrap());
        format!("{} {agent:?} {:?} {:?}", request.uri, ctx.principal(), ctx.peer_address())
    }
}

/// Returns the default limits, without a rate for log messages: tests fill streams with them.
pub(crate) fn limits() -> Limits {
    let mut limits = Limits::new();
    limits.min_log_interval = Duration::ZERO;
    limits
}

pub(crate) fn server() -> (ServerBuilder, Arc<Seen>) {
    let seen = Arc::new(Seen::default());
    let server = Server::builder("fixture", "1.0.0").limits(limits());
    (server.with(Tools(Arc::clone(&seen))).resources([]), seen)
}
