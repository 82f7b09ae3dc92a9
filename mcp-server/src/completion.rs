//! Completion: suggested values for arguments of prompts and variables of resource templates. Spec:
//! server/utilities/completion.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use mcp_core::jsonrpc::ErrorObject;
use mcp_core::types::Completion;

use crate::context::{Context, HandlerCall, HandlerFuture};
use crate::extract::{Extract, Rejection};
use crate::handler::Handler;

/// The future of one completion.
pub type CompletionFuture = HandlerFuture<Completion>;

/// A call of `completion/complete`, for one argument.
///
/// ```
/// use mcp_server::completion::CompletionCall;
/// use mcp_server::prompt;
///
/// async fn cities(call: &CompletionCall) -> Vec<&'static str> {
///     let cities = ["Bergen", "Berlin", "Bern"];
///     cities.into_iter().filter(|city| city.starts_with(call.value())).collect()
/// }
///
/// /// Plan a trip.
/// #[prompt]
/// fn plan(#[arg(complete = cities)] city: String) -> String {
///     format!("Plan a trip to {city}.")
/// }
/// ```
#[derive(Debug, Clone)]
pub struct CompletionCall {
    pub(crate) context: Context,
    pub(crate) value: String,
    pub(crate) arguments: BTreeMap<String, String>,
}

impl CompletionCall {
    /// Returns the context of the call.
    ///
    /// ```
    /// # use mcp_server::completion::CompletionCall;
    /// /// The branches that this user may see.
    /// async fn branches(call: &CompletionCall) -> Vec<&'static str> {
    ///     let may_see = call.context().principal().is_some_and(|user| user.scopes().contains("secret"));
    ///     if may_see { vec!["main", "embargoed"] } else { vec!["main"] }
    /// }
    /// ```
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Returns what the user has typed so far.
    ///
    /// ```
    /// # use mcp_server::completion::CompletionCall;
    /// /// Anything that contains what was typed, in any case.
    /// async fn cities(call: &CompletionCall) -> Vec<&'static str> {
    ///     let typed = call.value().to_lowercase();
    ///     let cities = ["Bergen", "Berlin", "Oslo"];
    ///     cities.into_iter().filter(|city| city.to_lowercase().contains(&typed)).collect()
    /// }
    /// ```
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Returns the value of another argument of the same prompt or template, if the user has
    /// already chosen it (since 2025-06-18).
    ///
    /// ```
    /// # use mcp_server::completion::CompletionCall;
    /// /// The cities of the country that was chosen before.
    /// async fn cities(call: &CompletionCall) -> Vec<&'static str> {
    ///     match call.argument("country") {
    ///         Some("Norway") => vec!["Bergen", "Oslo"],
    ///         Some("Germany") => vec!["Berlin", "Bremen"],
    ///         _ => vec!["Bergen", "Berlin", "Bremen", "Oslo"],
    ///     }
    /// }
    /// ```
    pub fn argument(&self, name: &str) -> Option<&str> {
        self.arguments.get(name).map(String::as_str)
    }
}

impl HandlerCall for CompletionCall {
    fn context(&self) -> &Context {
        &self.context
    }
}

/// The call itself, as an argument of a [handler](crate::handler::Handler).
impl Extract<Self> for CompletionCall {
    fn extract(call: &Self) -> Result<Self, Rejection> {
        Ok(call.clone())
    }
}

/// A value that a completion function may return.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a completion",
    label = "not a list of strings",
    note = "return a `Vec` of strings, a `Completion` or a `Result` of one of them"
)]
pub trait IntoCompletion {
    /// Returns the suggestions.
    ///
    /// # Errors
    /// The protocol error to answer the call with, if the value is an error.
    fn into_completion(self) -> Result<Completion, ErrorObject>;
}

impl IntoCompletion for Completion {
    fn into_completion(self) -> Result<Completion, ErrorObject> {
        Ok(self)
    }
}

impl<S: Into<String>> IntoCompletion for Vec<S> {
    fn into_completion(self) -> Result<Completion, ErrorObject> {
        Ok(Completion::of(self))
    }
}

impl<T: IntoCompletion, E: Into<ErrorObject>> IntoCompletion for Result<T, E> {
    fn into_completion(self) -> Result<Completion, ErrorObject> {
        self.map_err(Into::into)?.into_completion()
    }
}

/// Suggests values for one argument.
#[derive(Clone)]
pub(crate) struct Completer(Arc<dyn Fn(CompletionCall) -> CompletionFuture + Send + Sync>);

/// Completers by argument name.
pub(crate) type Completers = HashMap<String, Completer>;

impl Completer {
    pub(crate) fn new(
        complete: impl Fn(CompletionCall) -> CompletionFuture + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(complete))
    }

    /// A completer whose arguments are extractors.
    pub(crate) fn of_handler<M, H>(handler: H) -> Self
    where
        H: Handler<CompletionCall, M>,
        H::Output: IntoCompletion,
    {
        Self::new(move |call| match handler.run(&call) {
            Ok(running) => Box::pin(async move { running.await.into_completion() }),
            Err(rejection) => Box::pin(std::future::ready(Err(rejection.into_error_object()))),
        })
    }

    pub(crate) fn complete(&self, call: CompletionCall) -> CompletionFuture {
        (self.0)(call)
    }
}

impl fmt::Debug for Completer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Completer")
    }
}
