//! What a revision deprecates warns its users at compile time (DEP-1). An expectation below that is
//! not fulfilled is a lint, which the gate refuses.

use mcp_server::Context;
use mcp_server::tool::ToolRoute;
use mcp_server::types::{CreateMessageParams, LoggingLevel};
use serde_json::json;

use crate::harness::{everywhere, server};

#[tokio::test(start_paused = true)]
async fn deprecated_functions_of_a_context_warn_and_work() {
    let ask = |context: Context| async move {
        #[expect(deprecated)]
        context.log(LoggingLevel::Info, "a message").await;
        #[expect(deprecated)]
        let sampled = context.create_message(CreateMessageParams::new([], 10));
        #[expect(deprecated)]
        let roots = context.list_roots();
        // The client of this test has no capabilities.
        format!("{} {}", sampled.await.is_err(), roots.await.is_err())
    };
    everywhere(
        || server().tool(ToolRoute::builder("ask").handler(ask)),
        async |client| assert_eq!(client.tool_text("ask", json!({})).await, "true true"),
    )
    .await;
}
