//! Prompts and completion.

use mcp_core::method::{Complete, Method as _, PromptsGet};
use mcp_core::types::{
    CompleteResult, CompletionArgument, CompletionContext, CompletionReference, GetPromptResult,
    Prompt,
};
use serde::Serialize;

use super::handle::Client;
use crate::call::{Call, List, Listing};
use crate::params::Params;

/// Prompts and completion.
impl Client {
    /// Gets a prompt. The arguments are a struct or map of texts; `&()` for none.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use mcp_client::serde_json::json;
    ///
    /// let review = client.get_prompt("review", &json!({ "path": "notes/milk.md" })).await?;
    /// for message in review.messages {
    ///     println!("{:?}: {:?}", message.role, message.content.as_text());
    /// }
    /// # Ok(())
    /// # });
    /// ```
    pub fn get_prompt<A: Serialize + ?Sized>(
        &self,
        name: &str,
        arguments: &A,
    ) -> Call<GetPromptResult> {
        let params = Params::new().with("name", name);
        let params = params.and_then(|params| params.with_object("arguments", arguments));
        Call::new(self, PromptsGet::NAME, params)
    }

    /// The prompts, all pages of them.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// for prompt in client.list_prompts().await? {
    ///     let arguments = prompt.arguments.unwrap_or_default();
    ///     println!("/{} takes {} arguments", prompt.name, arguments.len());
    /// }
    /// # Ok(())
    /// # });
    /// ```
    pub fn list_prompts(&self) -> List<Prompt> {
        List::new(self)
    }

    /// The prompts as a stream, page after page.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use futures::TryStreamExt as _;
    ///
    /// let first = client.prompts().try_next().await?;
    /// assert_eq!(first.map(|prompt| prompt.name).as_deref(), Some("review"));
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn prompts(&self) -> Listing<Prompt> {
        self.list_prompts().into_stream()
    }

    /// Proposals for an argument of a prompt or a resource template, of which `value` is typed so
    /// far.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use mcp_client::types::CompletionReference;
    ///
    /// let prompt = CompletionReference::prompt("review");
    /// let paths = client.complete(prompt, "path", "mil").await?.completion.values;
    /// assert_eq!(paths, ["milk", "mill"]);
    /// # Ok(())
    /// # });
    /// ```
    pub fn complete(
        &self,
        reference: impl Into<CompletionReference>,
        argument: &str,
        value: &str,
    ) -> Call<CompleteResult> {
        self.complete_with(reference, argument, value, None)
    }

    /// As [`Client::complete`], with the arguments that have a value already.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use mcp_client::types::{CompletionContext, CompletionReference};
    ///
    /// // The user has chosen a folder, and types the name of a note in it.
    /// let context = CompletionContext::new().arguments([("folder".into(), "shopping".into())]);
    /// let template = CompletionReference::resource("note://{folder}/{name}");
    /// let found = client.complete_with(template, "name", "mil", Some(context)).await?;
    /// assert_eq!(found.completion.values, ["milk", "mill"]);
    /// # Ok(())
    /// # });
    /// ```
    pub fn complete_with(
        &self,
        reference: impl Into<CompletionReference>,
        argument: &str,
        value: &str,
        context: Option<CompletionContext>,
    ) -> Call<CompleteResult> {
        let params = || {
            let argument = CompletionArgument::new(argument, value);
            let params =
                Params::new().with("ref", &reference.into())?.with("argument", &argument)?;
            match context {
                Some(context) => params.with("context", &context),
                None => Ok(params),
            }
        };
        Call::new(self, Complete::NAME, params())
    }
}
