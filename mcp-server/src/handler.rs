//! Handlers without macros: async functions whose arguments are [extractors](crate::extract).

use std::future::Future;

use crate::extract::{Extract, Needs, Rejection};

pub use crate::context::{HandlerCall, HandlerFuture};

/// An async function that answers calls of kind `C`: [`ToolCall`](crate::tool::ToolCall),
/// [`PromptCall`](crate::prompt::PromptCall), [`ResourceCall`](crate::resource::ResourceCall),
/// [`CompletionCall`](crate::completion::CompletionCall), or
/// [`MethodCall<M>`](crate::MethodCall) for methods of your own.
///
/// Functions and closures implement it if they
///
/// * take up to eight arguments, each an [extractor](crate::extract): [`Args<T>`](crate::extract::Args),
///   [`Context`](crate::Context), [`State<S>`](crate::extract::State),
///   [`Extension<T>`](crate::extract::Extension), or a type of your own that implements
///   [`FromContext`](crate::extract::FromContext);
/// * return a future that is `Send` and whose output converts into a result:
///   [`IntoToolResult`](crate::tool::IntoToolResult),
///   [`IntoPromptResult`](crate::prompt::IntoPromptResult),
///   [`IntoResourceResult`](crate::resource::IntoResourceResult),
///   [`IntoCompletion`](crate::completion::IntoCompletion), or `Result<M::Result, ErrorObject>` for
///   methods of your own;
/// * are `Send + Sync + 'static`, as every function that captures nothing is.
///
/// ```
/// use mcp_server::Context;
/// use mcp_server::extract::{Args, State};
/// use mcp_server::tool::ToolRoute;
///
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// struct Search {
///     /// What to look for.
///     words: String,
/// }
///
/// struct Index(Vec<String>);
///
/// async fn search(Args(search): Args<Search>, index: State<Index>, ctx: Context) -> String {
///     ctx.progress(1.0, Some(1.0)).await;
///     let found = index.0.iter().filter(|line| line.contains(&search.words));
///     found.cloned().collect::<Vec<_>>().join("\n")
/// }
///
/// let route = ToolRoute::builder("search").handler(search);
/// ```
///
/// # Why is my function not a handler?
///
/// The compiler reports only that the trait is not implemented. Check for one of these causes:
///
/// * *It is not `async`.* The return type must be a future. `fn f() -> String` is not a handler;
///   `|| async { … }` is.
/// * *An argument is not an extractor.* Plain types such as `String` are arguments only of
///   functions under `#[tool]`. Without the macro they are the fields of a struct in `Args<T>`,
///   where `T` needs `serde::Deserialize` and, in a tool, `schemars::JsonSchema`.
/// * *An argument is borrowed.* Take `Context`, not `&Context`: the future outlives the call that
///   created it.
/// * *The future is not `Send`.* A value such as an `Rc` or a guard of `std::sync::Mutex` is held
///   across an `.await`. Pass the future to a function `fn is_send<T: Send>(_: T) {}`, and the
///   compiler names the value.
/// * *The closure captures something that is borrowed or not `Sync`.* Move an `Arc` into it, or use
///   [`State`](crate::extract::State).
/// * *The output is not a result*, such as a struct that a tool returns: wrap it in
///   [`Structured`](crate::tool::Structured).
///
/// The type parameter `M` separates functions with different arguments; it is always inferred. The
/// trait is sealed. Implement [`FromContext`](crate::extract::FromContext) to support new
/// arguments.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handler",
    note = "a handler is an async function or closure whose arguments are `Args<T>`, `Context`, `State<S>` or `Extension<T>`",
    note = "the documentation of `mcp_server::handler::Handler` lists the causes"
)]
pub trait Handler<C, M>: sealed::Sealed<C, M> + Send + Sync + 'static {
    /// What the handler returns.
    type Output;
    /// The future of one call.
    type Future: Future<Output = Self::Output> + Send + 'static;

    /// Extracts the arguments from the call and calls the function.
    ///
    /// # Errors
    /// If an argument cannot be extracted.
    fn run(&self, call: &C) -> Result<Self::Future, Rejection>;

    /// Adds what the arguments need of the server.
    fn needs(needs: &mut Needs);
}

mod sealed {
    /// Prevents implementations of `Handler` in other crates.
    #[allow(unnameable_types)] // Other crates must not be able to name it.
    pub trait Sealed<C, M> {}
}

macro_rules! handlers {
    ($( ($($argument:ident)*) )+) => { $(
        impl<C, F, Fut, $($argument,)*> sealed::Sealed<C, ($($argument,)*)> for F
        where
            F: Fn($($argument),*) -> Fut + Send + Sync + 'static,
            Fut: Future + Send + 'static,
            $($argument: Extract<C>,)*
        {
        }

        #[allow(non_snake_case, unused_variables)] // One name is both the type and the value.
        impl<C, F, Fut, $($argument,)*> Handler<C, ($($argument,)*)> for F
        where
            F: Fn($($argument),*) -> Fut + Send + Sync + 'static,
            Fut: Future + Send + 'static,
            $($argument: Extract<C>,)*
        {
            type Output = Fut::Output;
            type Future = Fut;

            fn run(&self, call: &C) -> Result<Fut, Rejection> {
                $(let $argument = $argument::extract(call)?;)*
                Ok(self($($argument),*))
            }

            fn needs(needs: &mut Needs) {
                $($argument::needs(needs);)*
            }
        }
    )+ };
}

handlers! {
    ()
    (A1)
    (A1 A2)
    (A1 A2 A3)
    (A1 A2 A3 A4)
    (A1 A2 A3 A4 A5)
    (A1 A2 A3 A4 A5 A6)
    (A1 A2 A3 A4 A5 A6 A7)
    (A1 A2 A3 A4 A5 A6 A7 A8)
}
