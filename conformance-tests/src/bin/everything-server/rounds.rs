//! Tools and a prompt that need input before they have a result: on revisions since 2026-07-28 in
//! rounds, on older ones by requests of the server.

use mcp_server::input::AskError;
use mcp_server::types::{CreateMessageParams, SamplingMessage};
use mcp_server::{Context, Elicit, tools};
use serde::Deserialize;

pub(crate) struct Rounds;

#[derive(Deserialize, Elicit)]
struct Name {
    /// Your name
    name: String,
}

#[derive(Deserialize, Elicit)]
struct Color {
    /// Your favorite color
    color: String,
}

#[derive(Deserialize, Elicit)]
struct Confirmation {
    /// Go on?
    ok: bool,
}

#[derive(Deserialize, Elicit)]
struct Topic {
    /// What the prompt is about
    context: String,
}

fn capital() -> CreateMessageParams {
    CreateMessageParams::new([SamplingMessage::user("What is the capital of France?")], 100_u64)
}

#[tools]
impl Rounds {
    /// Asks for a name.
    #[tool]
    async fn test_input_required_result_elicitation(
        &self,
        ctx: &Context,
    ) -> Result<String, AskError> {
        let Name { name } = ctx.elicit("What is your name?").key("user_name").await?;
        Ok(format!("Hello, {name}!"))
    }

    /// Asks the client's model.
    #[tool]
    async fn test_input_required_result_sampling(&self, ctx: &Context) -> Result<String, AskError> {
        let answer = ctx.create_message(capital()).key("capital_question").await?;
        Ok(format!("The model said: {}", answer.content.as_text().unwrap_or_default()))
    }

    /// Asks for the roots.
    #[tool]
    async fn test_input_required_result_list_roots(
        &self,
        ctx: &Context,
    ) -> Result<String, AskError> {
        let roots = ctx.list_roots().key("client_roots").await?;
        Ok(roots.into_iter().map(|root| root.uri).collect::<Vec<_>>().join("\n"))
    }

    /// Asks for a confirmation, and gets its state back.
    #[tool]
    async fn test_input_required_result_request_state(
        &self,
        ctx: &Context,
    ) -> Result<String, AskError> {
        let begun = ctx.step("begin", async { "state-ok".to_owned() }).await;
        let Confirmation { ok } = ctx.elicit("Please confirm").key("confirm").await?;
        Ok(format!("{begun}, confirmed: {ok}"))
    }

    /// Asks three things at once.
    #[tool]
    async fn test_input_required_result_multiple_inputs(
        &self,
        ctx: &Context,
    ) -> Result<String, AskError> {
        let (name, said, roots) = tokio::try_join!(
            ctx.elicit::<Name>("What is your name?").key("user_name"),
            ctx.create_message(capital()).key("capital_question"),
            ctx.list_roots().key("client_roots"),
        )?;
        let said = said.content.as_text().unwrap_or_default().to_owned();
        Ok(format!("{}, {said}, {} roots", name.name, roots.len()))
    }

    /// Asks one thing, then another.
    #[tool]
    async fn test_input_required_result_multi_round(
        &self,
        ctx: &Context,
    ) -> Result<String, AskError> {
        let Name { name } = ctx.elicit("Step 1: what is your name?").key("step1").await?;
        let Color { color } =
            ctx.elicit("Step 2: what is your favorite color?").key("step2").await?;
        Ok(format!("{name} likes {color}"))
    }

    /// Asks for a confirmation, with a state that cannot be changed.
    #[tool]
    async fn test_input_required_result_tampered_state(
        &self,
        ctx: &Context,
    ) -> Result<String, AskError> {
        let Confirmation { ok } = ctx.elicit("Please confirm").key("confirm").await?;
        Ok(format!("confirmed: {ok}"))
    }

    /// Asks what the client can answer.
    #[tool]
    async fn test_input_required_result_capabilities(
        &self,
        ctx: &Context,
    ) -> Result<String, AskError> {
        if ctx.can_elicit() {
            let Name { name } = ctx.elicit("What is your name?").key("user_name").await?;
            return Ok(format!("Hello, {name}!"));
        }
        let answer = ctx.create_message(capital()).key("capital_question").await?;
        Ok(format!("The model said: {}", answer.content.as_text().unwrap_or_default()))
    }

    /// Reports progress, then asks: the question is the result of the call, and no request on its
    /// stream.
    #[tool]
    async fn test_streaming_elicitation(&self, ctx: &Context) -> Result<String, AskError> {
        ctx.progress(50.0, 100.0).await;
        let Confirmation { ok } = ctx.elicit("Please confirm").key("confirm").await?;
        Ok(format!("confirmed: {ok}"))
    }

    /// A prompt that asks what it is about.
    #[prompt]
    async fn test_input_required_result_prompt(&self, ctx: &Context) -> Result<String, AskError> {
        let Topic { context } = ctx.elicit("What is the context?").key("user_context").await?;
        Ok(format!("Use this context: {context}"))
    }
}
