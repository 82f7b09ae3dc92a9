//! A prompt and the handler behind it.

use std::collections::BTreeMap;
use std::fmt;

use mcp_core::meta::Meta;
use mcp_core::types::{GetPromptResult, Icon, Prompt, PromptArgument};
use serde::de::DeserializeOwned;

use super::IntoPromptResult;
use crate::completion::{Completer, Completers, CompletionCall, CompletionFuture};
use crate::context::{Context, HandlerCall, HandlerFuture};
use crate::extract::{Args, Extract, Rejection, from_texts};
use crate::handler::Handler;

/// The future of one `prompts/get`.
pub type PromptFuture = HandlerFuture<GetPromptResult>;

/// A prompt that can be registered: what is listed, and what runs.
pub struct PromptRoute {
    pub(crate) prompt: Prompt,
    pub(crate) completers: Completers,
    handler: Box<dyn Fn(PromptCall) -> PromptFuture + Send + Sync>,
}

impl PromptRoute {
    /// Begins a prompt.
    ///
    /// ```
    /// use mcp_server::prompt::PromptRoute;
    /// use mcp_server::types::PromptArgument;
    ///
    /// let greet = PromptRoute::builder("greet")
    ///     .description("Greets somebody.")
    ///     .argument(PromptArgument::new("name").required(true))
    ///     .handler(|mcp_server::extract::Args(arguments): mcp_server::extract::Args<std::collections::BTreeMap<String, String>>| async move {
    ///         format!("Please greet {}.", arguments["name"])
    ///     });
    /// ```
    pub fn builder(name: impl Into<String>) -> PromptBuilder {
        PromptBuilder { prompt: Prompt::new(name), completers: Completers::default() }
    }

    /// The prompt as it is listed.
    #[must_use]
    pub fn prompt(&self) -> &Prompt {
        &self.prompt
    }

    pub(crate) fn get(
        &self,
        context: Context,
        arguments: BTreeMap<String, String>,
    ) -> PromptFuture {
        (self.handler)(PromptCall { context, arguments })
    }
}

impl fmt::Debug for PromptRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PromptRoute").field("prompt", &self.prompt).finish_non_exhaustive()
    }
}

/// One `prompts/get`.
#[derive(Debug)]
pub struct PromptCall {
    context: Context,
    arguments: BTreeMap<String, String>,
}

impl PromptCall {
    /// The context of the call.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// The arguments by name.
    #[must_use]
    pub fn arguments(&self) -> &BTreeMap<String, String> {
        &self.arguments
    }

    /// One argument.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.arguments.get(name).map(String::as_str)
    }
}

impl HandlerCall for PromptCall {
    fn context(&self) -> &Context {
        &self.context
    }
}

impl<T: DeserializeOwned> Extract<PromptCall> for Args<T> {
    fn extract(call: &PromptCall) -> Result<Self, Rejection> {
        Ok(Self(from_texts(call.arguments())?))
    }
}

/// A prompt in the making.
#[derive(Debug)]
#[must_use = "a prompt needs a handler"]
pub struct PromptBuilder {
    prompt: Prompt,
    completers: Completers,
}

impl PromptBuilder {
    /// The name for people.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.prompt.title = Some(title.into());
        self
    }

    /// What the prompt is for.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.prompt.description = Some(description.into());
        self
    }

    /// One more argument.
    pub fn argument(mut self, argument: PromptArgument) -> Self {
        self.prompt.arguments.get_or_insert_default().push(argument);
        self
    }

    /// Icons.
    pub fn icons(mut self, icons: impl Into<Vec<Icon>>) -> Self {
        self.prompt.icons = Some(icons.into());
        self
    }

    /// The `_meta` of the prompt in lists.
    pub fn meta(mut self, meta: Meta) -> Self {
        self.prompt.meta = Some(meta);
        self
    }

    /// Suggests values for an argument while it is typed.
    pub fn complete(
        mut self,
        argument: impl Into<String>,
        completer: impl Fn(CompletionCall) -> CompletionFuture + Send + Sync + 'static,
    ) -> Self {
        self.completers.insert(argument.into(), Completer::new(completer));
        self
    }

    /// The handler: an async function over [extractors](crate::extract).
    pub fn handler<M, H>(self, handler: H) -> PromptRoute
    where
        H: Handler<PromptCall, M>,
        H::Output: IntoPromptResult,
    {
        self.raw(move |call| match handler.run(&call) {
            Ok(running) => Box::pin(async move { running.await.into_prompt_result() }),
            Err(rejection) => Box::pin(std::future::ready(Err(rejection.into_error_object()))),
        })
    }

    /// The handler in its barest form.
    pub fn raw(
        self,
        handler: impl Fn(PromptCall) -> PromptFuture + Send + Sync + 'static,
    ) -> PromptRoute {
        PromptRoute { prompt: self.prompt, completers: self.completers, handler: Box::new(handler) }
    }
}
