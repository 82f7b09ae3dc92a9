//! `#[arg(complete = ["draft", "final"])]`: completion from a fixed list, and
//! `#[arg(complete = topics)]`: by a function.

use std::future::Future;

use mcp_core::jsonrpc::ErrorObject;
use mcp_core::types::Completion;

use crate::completion::CompletionCall;
use crate::extract::{FromContext, Needs};

/// Returns the choices that start with what the user has typed, ignoring ASCII case.
#[must_use]
pub fn complete_from(typed: &str, choices: &[&str]) -> Completion {
    let matches = |choice: &&&str| {
        choice.get(..typed.len()).is_some_and(|head| head.eq_ignore_ascii_case(typed))
    };
    Completion::of(choices.iter().filter(matches).copied())
}

/// A function that suggests values for an argument of a macro: it takes the call by reference, and
/// then up to four [extractors](crate::extract).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a completion function",
    label = "not a completion function",
    note = "write `async fn topics(call: &CompletionCall) -> Vec<String>`, with `State<S>`, `Context` or `Extension<T>` as further parameters"
)]
pub trait CompletionFunction<'a, M> {
    /// The future of one completion.
    type Future: Future + Send + 'a;

    /// Calls the function.
    ///
    /// # Errors
    /// If a value cannot be taken from the call.
    fn complete(self, call: &'a CompletionCall) -> Result<Self::Future, ErrorObject>;

    /// Adds what the parameters need of the server.
    fn needs(needs: &mut Needs);
}

macro_rules! completion_functions {
    ($( ($($injected:ident)*) )+) => { $(
        #[allow(non_snake_case, unused_variables)] // One name is both the type and the value.
        impl<'a, F, Fut, $($injected,)*> CompletionFunction<'a, ($($injected,)*)> for F
        where
            F: Fn(&'a CompletionCall, $($injected),*) -> Fut,
            Fut: Future + Send + 'a,
            $($injected: FromContext,)*
        {
            type Future = Fut;

            fn complete(self, call: &'a CompletionCall) -> Result<Fut, ErrorObject> {
                $(let $injected = $injected::from_context(call.context())?;)*
                Ok(self(call, $($injected),*))
            }

            fn needs(needs: &mut Needs) {
                $($injected::needs(needs);)*
            }
        }
    )+ };
}

completion_functions! {
    ()
    (A1)
    (A1 A2)
    (A1 A2 A3)
    (A1 A2 A3 A4)
}

/// Calls a completion function.
///
/// # Errors
/// If a value cannot be taken from the call.
pub fn complete_by<'a, M, F: CompletionFunction<'a, M>>(
    function: F,
    call: &'a CompletionCall,
) -> Result<F::Future, ErrorObject> {
    function.complete(call)
}

/// Adds what the parameters of a completion function need of the server.
pub fn completion_needs<M, F: CompletionFunction<'static, M>>(needs: &mut Needs, _: F) {
    F::needs(needs);
}
