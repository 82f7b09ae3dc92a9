//! Tools that send the user to a URL (SEP-1036), each in another way.

use std::sync::atomic::{AtomicU32, Ordering};

use mcp_server::input::{Answer, AskError};
use mcp_server::jsonrpc::ErrorObject;
use mcp_server::types::RequiredUrl;
use mcp_server::{Context, tools};

const URL: &str = "https://mcp.example.com/connect";

#[derive(Default)]
pub(crate) struct UrlElicitation {
    count: AtomicU32,
}

impl UrlElicitation {
    fn new_id(&self) -> String {
        format!("visit-{}", self.count.fetch_add(1, Ordering::Relaxed))
    }
}

#[tools]
impl UrlElicitation {
    /// Asks the user to visit a URL, and returns the user's decision.
    #[tool]
    async fn test_elicitation_sep1036_url(&self, ctx: &Context) -> Result<String, AskError> {
        let answer = ctx.elicit_url("Please connect your account", URL);
        Ok(decision(&answer.elicitation_id(self.new_id()).await?))
    }

    /// Fails because the user has to visit a URL first.
    #[tool]
    fn test_elicitation_sep1036_error(&self) -> Result<String, ErrorObject> {
        let url = RequiredUrl::new(self.new_id(), URL, "Please connect your account");
        Err(ErrorObject::url_elicitation_required([url]))
    }

    /// Asks the user to visit a URL, and notifies the client when the visit is complete.
    #[tool]
    async fn test_elicitation_sep1036_complete(&self, ctx: &Context) -> Result<String, AskError> {
        let id = self.new_id();
        let answer =
            ctx.elicit_url("Please connect your account", URL).elicitation_id(&*id).await?;
        if answer == Answer::Accept(()) {
            ctx.elicitation_complete(id).await;
        }
        Ok(decision(&answer))
    }
}

fn decision(answer: &Answer<()>) -> String {
    let action = match answer {
        Answer::Accept(()) => "accept",
        Answer::Decline => "decline",
        Answer::Cancel => "cancel",
    };
    format!("User response: action={action}")
}
