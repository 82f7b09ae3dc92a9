//! Tools that run as tasks, for clients that support tasks.

use std::time::Duration;

use mcp_server::input::AskError;
use mcp_server::jsonrpc::ErrorObject;
use mcp_server::task::TaskConfig;
use mcp_server::{Context, Elicit, ServerBuilder, tools};
use serde::Deserialize;
use tokio::time::sleep;

/// Time that the jobs that fail take.
const JOB: Duration = Duration::from_millis(500);

/// Time that clients should wait between two polls.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

pub(crate) struct Jobs;

impl Jobs {
    pub(crate) fn add(server: ServerBuilder) -> ServerBuilder {
        server.tasks(TaskConfig::default().poll_interval(POLL_INTERVAL)).with(Self)
    }
}

#[derive(Deserialize, Elicit)]
struct Confirmation {
    /// Yes?
    confirm: bool,
}

#[derive(Deserialize, Elicit)]
struct Name {
    /// Your name
    name: String,
}

#[tools]
impl Jobs {
    /// Computes for some time.
    #[tool(task)]
    async fn slow_compute(
        &self,
        ctx: &Context,
        /** how long it takes, in seconds */
        seconds: f64,
        /** a name for the result */
        label: Option<String>,
    ) -> Result<String, String> {
        let duration = Duration::try_from_secs_f64(seconds)
            .map_err(|error| format!("seconds {seconds}: {error}"))?;
        ctx.progress_with_message(0.0, 1.0, format!("computing for {seconds} s")).await;
        sleep(duration).await;
        Ok(format!("{}: computed for {seconds} s", label.as_deref().unwrap_or("slow_compute")))
    }

    /// Fails with an error for the model. Runs only as a task.
    #[tool(task = "required")]
    async fn failing_job(&self) -> Result<String, &'static str> {
        sleep(JOB).await;
        Err("the job failed, as intended")
    }

    /// Fails with an error for the client.
    #[tool(task)]
    async fn protocol_error_job(&self) -> Result<String, ErrorObject> {
        sleep(JOB).await;
        Err(ErrorObject::new(-31_000, "the job broke, as intended"))
    }

    /// Asks before it deletes a file.
    #[tool(task)]
    async fn confirm_delete(&self, ctx: &Context, filename: String) -> Result<String, AskError> {
        let question = ctx.elicit(format!("Delete {filename}?")).key("confirm");
        let Confirmation { confirm } = question.await?;
        Ok(format!("{} {filename}", if confirm { "deleted" } else { "kept" }))
    }

    /// Asks two questions at the same time.
    #[tool(task)]
    async fn multi_input(&self, ctx: &Context) -> Result<String, AskError> {
        let (Name { name }, Confirmation { confirm }) = tokio::try_join!(
            ctx.elicit("What is your name?").key("name"),
            ctx.elicit("Do you like tasks?").key("likes"),
        )?;
        Ok(format!("{name} {} tasks", if confirm { "likes" } else { "dislikes" }))
    }

    /// Asks in its request, and goes on as a task.
    #[tool]
    async fn test_tool_with_task(&self, ctx: &Context) -> Result<String, AskError> {
        let Name { name } = ctx.elicit("What is your name?").key("user_name").await?;
        ctx.into_task().await;
        sleep(JOB).await;
        Ok(format!("Hello, {name}!"))
    }
}
