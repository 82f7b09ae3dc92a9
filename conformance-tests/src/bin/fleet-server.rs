//! One of several servers that share everything through Redis, for the tests in `tests/fleet`.
//!
//! `fleet-server NAME ADDRESS REDIS_URL` serves HTTP, and writes `serving` to standard error when
//! it does. It stops gracefully at SIGTERM, and at once when its standard input is closed, so that
//! it does not outlive a test that was killed.

use std::io::{self, Read as _};
use std::time::Duration;

use mcp_server::input::{AskError, KeyRing};
use mcp_server::store::{RedisStore, Stores};
use mcp_server::task::TaskConfig;
use mcp_server::types::{ElicitParams, ElicitSchema, LoggingLevel, StringSchema};
use mcp_server::{Context, Limits, Server, tools};

/// Lease of a task. The shorter it is, the earlier another instance runs the task of a dead one.
const LEASE: Duration = Duration::from_secs(2);

struct Instance {
    name: String,
}

#[tools]
impl Instance {
    /// The name of the instance that answers.
    #[tool]
    fn whoami(&self) -> String {
        self.name.clone()
    }

    /// Gives the text back after a while.
    #[tool]
    async fn echo(&self, text: String, ms: u64) -> String {
        tokio::time::sleep(Duration::from_millis(ms)).await;
        text
    }

    /// Logs numbers, some time apart, and then names the instance.
    #[tool]
    #[allow(deprecated, reason = "log messages are the shortest way to write on a stream")]
    async fn count(&self, ctx: &Context, to: u64, ms: u64) -> String {
        for number in 1..=to {
            ctx.log(LoggingLevel::Warning, number).await;
            tokio::time::sleep(Duration::from_millis(ms)).await;
        }
        self.name.clone()
    }

    /// Asks for a name.
    #[tool]
    async fn ask(&self, ctx: &Context) -> Result<String, AskError> {
        let form = ElicitSchema::new().required_field("name", StringSchema::new());
        let answer = ctx.elicit_with(ElicitParams::form("Who?", form)).await?;
        Ok(answer.content.unwrap_or_default()["name"].to_string())
    }

    /// Reports that a resource changed.
    #[tool]
    fn touch(&self, ctx: &Context, uri: String) -> String {
        ctx.server().resource_updated(uri);
        self.name.clone()
    }

    /// Takes some steps, asks for a name in the middle, and names the instances that took them.
    #[tool(task = "required")]
    async fn job(&self, ctx: &Context, steps: u32, ms: u64) -> Result<String, AskError> {
        let mut names = Vec::new();
        for number in 0..steps {
            if number == steps / 2 {
                names.push(self.ask(ctx).await?);
            }
            let name = self.name.clone();
            let step = async {
                tokio::time::sleep(Duration::from_millis(ms)).await;
                name
            };
            names.push(ctx.step("step", step).await);
        }
        Ok(names.join(" "))
    }
}

async fn serve(arguments: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    let [name, address, redis] = arguments else {
        return Err("usage: fleet-server NAME ADDRESS REDIS_URL".into());
    };
    let store = RedisStore::connect(redis).await?;
    let mut limits = Limits::new();
    limits.tasks.lease = LEASE;
    limits.http.instance_timeout = Duration::from_secs(3);
    let server = Server::builder("fleet", "1.0.0")
        .limits(limits)
        .with(Instance { name: name.clone() })
        .resources([])
        .stores(Stores::all(store.clone()))
        .tasks(TaskConfig::new(store).poll_interval(Duration::from_millis(100)))
        .state_keys(KeyRing::new("the tests know it: 0123456789abcdef")?)
        .state_single_use(true)
        .build()?;
    Ok(server.serve_http(address.as_str()).await?)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    std::thread::spawn(|| {
        io::stdin().read_to_end(&mut Vec::new()).ok();
        std::process::exit(0);
    });
    tracing_subscriber::fmt().with_writer(io::stderr).with_ansi(false).init();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(serve(&arguments))
}
