//! A server with tools, a resource template and a prompt for the tests.

use mcp_server::input::{Answer, AskError};
use mcp_server::types::{CreateMessageParams, LoggingLevel, SamplingMessage};
use mcp_server::{Context, Elicit, Server, ServerHandle, ToolError, tools};
use mcp_test_support::Gate;
use serde::Deserialize;

/// A server, and the gate at which the handlers of `wait` wait.
pub(crate) struct Fixture {
    pub(crate) server: Server,
    pub(crate) handle: ServerHandle,
    pub(crate) gate: Gate,
}

struct Tools(Gate);

/// A form with one question.
#[derive(Deserialize, Elicit)]
pub(crate) struct Sure {
    pub(crate) sure: bool,
}

#[tools]
impl Tools {
    /// Multiply.
    #[tool]
    fn multiply(&self, a: i64, b: i64) -> i64 {
        a * b
    }

    /// Fail.
    #[tool]
    fn fail(&self) -> Result<i64, ToolError> {
        Err(ToolError::new("as asked"))
    }

    /// Wait until dropped.
    #[tool]
    async fn wait(&self) {
        self.0.wait().await;
    }

    /// Report progress and log.
    #[tool]
    async fn talk(&self, ctx: &Context) -> &'static str {
        ctx.progress_with_message(1.0, 2.0, "half").await;
        ctx.log(LoggingLevel::Debug, "not heard").await;
        ctx.log(LoggingLevel::Warning, "heard").await;
        ctx.progress(2.0, 2.0).await;
        "talked"
    }

    /// Ask the user.
    #[tool]
    async fn confirm(&self, ctx: &Context) -> Result<&'static str, AskError> {
        Ok(match ctx.elicit::<Sure>("Sure?").answer().await? {
            Answer::Accept(Sure { sure: true }) => "sure",
            Answer::Accept(_) => "not sure",
            Answer::Decline => "declined",
            Answer::Cancel => "cancelled",
        })
    }

    /// Ask the model and for the roots.
    #[tool]
    async fn consult(&self, ctx: &Context) -> Result<String, AskError> {
        let said =
            ctx.create_message(CreateMessageParams::new([SamplingMessage::user("Hi")], 10)).await?;
        let roots = ctx.list_roots().await?;
        Ok(format!("{} {}", said.content.as_text().unwrap_or_default(), roots[0].uri))
    }

    /// A page of a book.
    #[resource("page://{number}", mime = "text/plain")]
    fn page(&self, #[arg(complete = ["1", "10", "2"])] number: u32) -> String {
        format!("page {number}")
    }

    /// Greet.
    #[prompt]
    fn greet(&self, name: String) -> String {
        format!("Greet {name}.")
    }
}

pub(crate) fn fixture() -> Fixture {
    let gate = Gate::new();
    let server = Server::builder("fixture", "1.0.0").with(Tools(gate.clone()));
    let handle = server.handle();
    Fixture { server: server.build().expect("the registrations are valid"), handle, gate }
}
