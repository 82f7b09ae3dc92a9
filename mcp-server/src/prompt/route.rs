//! A prompt and its handler.

use std::collections::BTreeMap;
use std::fmt;

use mcp_core::meta::Meta;
use mcp_core::types::{GetPromptResult, Icon, Prompt, PromptArgument};
use serde::de::DeserializeOwned;

use super::IntoPromptResult;
use crate::auth::RouteScopes;
use crate::completion::{Completer, Completers, CompletionCall, CompletionFuture, IntoCompletion};
use crate::context::{Context, HandlerCall, HandlerFuture};
use crate::extract::{Args, Extract, FromContext, Needs, Rejection, from_texts};
use crate::handler::Handler;
use crate::wiring::Wiring;

/// The future of one `prompts/get` call.
pub type PromptFuture = HandlerFuture<GetPromptResult>;

/// A prompt to register: its description for `prompts/list`, and its handler.
///
/// The `#[prompt]` macro creates one, and so does [`PromptRoute::builder`].
///
/// ```
/// use mcp_server::Server;
/// use mcp_server::prompt::PromptRoute;
///
/// let review = PromptRoute::builder("review").handler(|| async { "Review the staged changes." });
/// let server = Server::builder("git", "1.0.0").prompt(review);
/// # server.build().unwrap();
/// ```
pub struct PromptRoute {
    pub(crate) prompt: Prompt,
    pub(crate) completers: Completers,
    pub(crate) scopes: RouteScopes,
    pub(crate) wiring: Wiring,
    handler: Box<dyn Fn(PromptCall) -> PromptFuture + Send + Sync>,
}

impl PromptRoute {
    /// Creates a builder. `name` is unique in the server.
    ///
    /// ```
    /// use std::collections::BTreeMap;
    ///
    /// use mcp_server::extract::Args;
    /// use mcp_server::prompt::PromptRoute;
    /// use mcp_server::types::PromptArgument;
    ///
    /// let greet = PromptRoute::builder("greet")
    ///     .description("Greet a person.")
    ///     .argument(PromptArgument::new("name").required(true))
    ///     .handler(|Args(arguments): Args<BTreeMap<String, String>>| async move {
    ///         format!("Please greet {}.", arguments["name"])
    ///     });
    /// ```
    #[track_caller]
    pub fn builder(name: impl Into<String>) -> PromptBuilder {
        PromptBuilder {
            prompt: Prompt::new(name),
            completers: Completers::default(),
            scopes: RouteScopes::default(),
            wiring: Wiring::here(),
        }
    }

    /// Returns the prompt as `prompts/list` shows it.
    ///
    /// ```
    /// # use mcp_server::prompt::PromptRoute;
    /// # use mcp_server::types::PromptArgument;
    /// let review = PromptRoute::builder("review")
    ///     .argument(PromptArgument::new("branch"))
    ///     .handler(|| async { "Review it." });
    /// assert_eq!(review.prompt().arguments.as_ref().map(Vec::len), Some(1));
    /// ```
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

/// A call of `prompts/get`.
#[derive(Debug)]
pub struct PromptCall {
    context: Context,
    arguments: BTreeMap<String, String>,
}

impl PromptCall {
    /// Returns the context of the call.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Returns the arguments by name.
    #[must_use]
    pub fn arguments(&self) -> &BTreeMap<String, String> {
        &self.arguments
    }

    /// Returns one argument.
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

/// Builds a [`PromptRoute`]. [`PromptRoute::builder`] creates it.
///
/// ```
/// use std::collections::BTreeMap;
///
/// use mcp_server::extract::Args;
/// use mcp_server::prompt::PromptRoute;
/// use mcp_server::types::PromptArgument;
///
/// let translate = PromptRoute::builder("translate")
///     .title("Translate")
///     .argument(PromptArgument::new("language").description("Such as `nb` or `de`.").required(true))
///     .handler(|Args(arguments): Args<BTreeMap<String, String>>| async move {
///         format!("Translate what I write into {}.", arguments["language"])
///     });
/// ```
#[derive(Debug)]
#[must_use = "a prompt needs a handler"]
pub struct PromptBuilder {
    prompt: Prompt,
    completers: Completers,
    scopes: RouteScopes,
    wiring: Wiring,
}

impl PromptBuilder {
    /// Sets the display name.
    ///
    /// ```
    /// # use mcp_server::prompt::PromptRoute;
    /// // Hosts list it as a command of the user: /review, "Review my changes".
    /// let review = PromptRoute::builder("review").title("Review my changes");
    /// # review.handler(|| async { "" });
    /// ```
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.prompt.title = Some(title.into());
        self
    }

    /// Sets the description.
    ///
    /// ```
    /// # use mcp_server::prompt::PromptRoute;
    /// let review = PromptRoute::builder("review")
    ///     .description("Reviews what is staged, beginning with what could break.");
    /// # review.handler(|| async { "" });
    /// ```
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.prompt.description = Some(description.into());
        self
    }

    /// Adds an argument.
    ///
    /// ```
    /// use mcp_server::extract::Args;
    /// use mcp_server::prompt::PromptRoute;
    /// use mcp_server::types::PromptArgument;
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Review {
    ///     branch: String,
    ///     focus: Option<String>,
    /// }
    ///
    /// let review = PromptRoute::builder("review")
    ///     .argument(PromptArgument::new("branch").required(true))
    ///     .argument(PromptArgument::new("focus").description("What to look at first."))
    ///     .handler(|Args(Review { branch, focus }): Args<Review>| async move {
    ///         format!("Review {branch}. Begin with {}.", focus.as_deref().unwrap_or("what could break"))
    ///     });
    /// ```
    pub fn argument(mut self, argument: PromptArgument) -> Self {
        self.prompt.arguments.get_or_insert_default().push(argument);
        self
    }

    /// Sets the icons.
    ///
    /// ```
    /// use mcp_server::prompt::PromptRoute;
    /// use mcp_server::types::Icon;
    ///
    /// let icon = Icon::new("https://example.com/review.svg").mime_type("image/svg+xml");
    /// let review = PromptRoute::builder("review").icons([icon]).handler(|| async { "Review it." });
    /// ```
    pub fn icons(mut self, icons: impl Into<Vec<Icon>>) -> Self {
        self.prompt.icons = Some(icons.into());
        self
    }

    /// Sets the `_meta` of the prompt in lists.
    ///
    /// ```
    /// use mcp_server::meta::Meta;
    /// use mcp_server::prompt::PromptRoute;
    ///
    /// // For hosts that group prompts by this key.
    /// let meta = Meta::new().with("com.example/group", "git");
    /// let review = PromptRoute::builder("review").meta(meta).handler(|| async { "Review it." });
    /// ```
    pub fn meta(mut self, meta: Meta) -> Self {
        self.prompt.meta = Some(meta);
        self
    }

    /// Adds scopes that a caller needs, all of them. In `repo:{owner}`, the value of an argument
    /// is a part of the scope.
    ///
    /// Over HTTP, a caller without them is refused with 403 and the names of all scopes before the
    /// handler runs, and lists do not show the route. Over other transports, scopes are checked if
    /// [`ServerBuilder::local_principal`](crate::ServerBuilder::local_principal) is set.
    ///
    /// ```
    /// # use mcp_server::prompt::PromptRoute;
    /// // Who may not read the books is not offered the prompt about them.
    /// let audit = PromptRoute::builder("audit").scopes(["books:read"]).handler(|| async { "Audit them." });
    /// ```
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.scopes.extend(scopes);
        self
    }

    /// Sets the function that suggests values for an argument (`completion/complete`).
    ///
    /// ```
    /// use mcp_server::completion::CompletionCall;
    /// use mcp_server::prompt::PromptRoute;
    /// use mcp_server::types::{Completion, PromptArgument};
    ///
    /// let review = PromptRoute::builder("review")
    ///     .argument(PromptArgument::new("branch").required(true))
    ///     .complete("branch", |call: CompletionCall| {
    ///         Box::pin(async move {
    ///             let branches = ["main", "maintenance", "feature"].map(str::to_owned);
    ///             let begins = branches.into_iter().filter(|branch| branch.starts_with(call.value()));
    ///             Ok(Completion::new().values(begins.collect::<Vec<_>>()))
    ///         })
    ///     })
    ///     .handler(|| async { "Review the branch." });
    /// ```
    pub fn complete(
        mut self,
        argument: impl Into<String>,
        completer: impl Fn(CompletionCall) -> CompletionFuture + Send + Sync + 'static,
    ) -> Self {
        self.completers.insert(argument.into(), Completer::new(completer));
        self
    }

    /// Sets the function that suggests values for an argument, an async function whose
    /// arguments are [extractors](crate::extract) or the [`CompletionCall`]. Building the server
    /// fails if it takes a [`State`](crate::extract::State) that the server does not have.
    ///
    /// ```
    /// use mcp_server::completion::CompletionCall;
    /// use mcp_server::extract::State;
    /// use mcp_server::prompt::PromptRoute;
    /// use mcp_server::types::PromptArgument;
    /// use mcp_server::Server;
    ///
    /// struct Cities(Vec<String>);
    ///
    /// async fn cities(call: CompletionCall, cities: State<Cities>) -> Vec<String> {
    ///     let found = cities.0.iter().filter(|city| city.starts_with(call.value()));
    ///     found.cloned().collect()
    /// }
    ///
    /// let trip = PromptRoute::builder("trip")
    ///     .argument(PromptArgument::new("city"))
    ///     .complete_with("city", cities)
    ///     .handler(|| async { "Plan a trip." });
    /// let server = Server::builder("trips", "1.0.0").prompt(trip);
    /// let error = server.build().unwrap_err();
    /// assert!(error.to_string().contains("Cities"));
    /// ```
    pub fn complete_with<M, H>(mut self, argument: impl Into<String>, completer: H) -> Self
    where
        H: Handler<CompletionCall, M>,
        H::Output: IntoCompletion,
    {
        H::needs(&mut self.wiring.needs);
        self.completers.insert(argument.into(), Completer::of_handler(completer));
        self
    }

    /// Adds what a completion function needs of the server.
    #[doc(hidden)]
    pub fn completes_with(mut self, needs: impl FnOnce(&mut Needs)) -> Self {
        needs(&mut self.wiring.needs);
        self
    }

    /// Adds what an argument of the handler needs of the server.
    #[doc(hidden)]
    pub fn takes<T: FromContext>(mut self) -> Self {
        T::needs(&mut self.wiring.needs);
        self
    }

    /// Sets the handler, an async function whose arguments are [extractors](crate::extract).
    ///
    /// ```
    /// use mcp_server::prompt::PromptRoute;
    /// use mcp_server::types::PromptMessage;
    ///
    /// let interview = PromptRoute::builder("interview").handler(|| async {
    ///     [
    ///         PromptMessage::user("Interview me about my project."),
    ///         PromptMessage::assistant("Gladly. What does it do?"),
    ///     ]
    /// });
    /// ```
    pub fn handler<M, H>(mut self, handler: H) -> PromptRoute
    where
        H: Handler<PromptCall, M>,
        H::Output: IntoPromptResult,
    {
        H::needs(&mut self.wiring.needs);
        self.raw(move |call| match handler.run(&call) {
            Ok(running) => Box::pin(async move { running.await.into_prompt_result() }),
            Err(rejection) => Box::pin(std::future::ready(Err(rejection.into_error_object()))),
        })
    }

    /// Sets a handler that receives the call itself.
    ///
    /// ```
    /// use mcp_server::prompt::{PromptCall, PromptRoute};
    /// use mcp_server::types::{GetPromptResult, PromptMessage};
    ///
    /// let explain = PromptRoute::builder("explain").raw(|call: PromptCall| {
    ///     Box::pin(async move {
    ///         let what = call.text("what").unwrap_or("this project");
    ///         Ok(GetPromptResult::new([PromptMessage::user(format!("Explain {what}."))]))
    ///     })
    /// });
    /// ```
    pub fn raw(
        self,
        handler: impl Fn(PromptCall) -> PromptFuture + Send + Sync + 'static,
    ) -> PromptRoute {
        let Self { prompt, completers, scopes, wiring } = self;
        PromptRoute { prompt, completers, scopes, wiring, handler: Box::new(handler) }
    }
}
