//! Suggestions for arguments of prompts and variables of resource templates. Spec:
//! server/utilities/completion.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use mcp_core::jsonrpc::ErrorObject;
use mcp_core::types::Completion;

use crate::context::{Context, HandlerCall, HandlerFuture};

/// The future of one completion.
pub type CompletionFuture = HandlerFuture<Completion>;

/// One `completion/complete` for one argument.
#[derive(Debug)]
pub struct CompletionCall {
    pub(crate) context: Context,
    pub(crate) value: String,
    pub(crate) arguments: BTreeMap<String, String>,
}

impl CompletionCall {
    /// The context of the call.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// What was typed so far.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Another argument of the same prompt or template, when it is known already (since
    /// 2025-06-18).
    pub fn argument(&self, name: &str) -> Option<&str> {
        self.arguments.get(name).map(String::as_str)
    }
}

impl HandlerCall for CompletionCall {
    fn context(&self) -> &Context {
        &self.context
    }
}

/// A value that a completion function may give.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a completion",
    label = "not a list of texts",
    note = "give a `Vec` of texts, a `Completion` or a `Result` of one of them"
)]
pub trait IntoCompletion {
    /// The suggestions.
    ///
    /// # Errors
    /// A protocol error, where the value is one.
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

    pub(crate) fn complete(&self, call: CompletionCall) -> CompletionFuture {
        (self.0)(call)
    }
}

impl fmt::Debug for Completer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Completer")
    }
}
