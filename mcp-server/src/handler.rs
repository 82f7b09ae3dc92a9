//! Handlers written by hand: async functions over [extractors](crate::extract).

use std::future::Future;

use crate::extract::{Extract, Rejection};

pub use crate::context::{HandlerCall, HandlerFuture};

/// An async function that can answer a call of kind `C`: [`ToolCall`](crate::tool::ToolCall),
/// [`PromptCall`](crate::prompt::PromptCall) or [`ResourceCall`](crate::resource::ResourceCall).
///
/// Functions and closures implement it by themselves, when they
///
/// * take up to eight arguments, each an [extractor](crate::extract): [`Args<T>`](crate::extract::Args),
///   [`Context`](crate::Context), [`State<S>`](crate::extract::State),
///   [`Extension<T>`](crate::extract::Extension), or a type of your own that implements
///   [`FromContext`](crate::extract::FromContext);
/// * return a future that is `Send`, whose output the route can turn into a result:
///   [`IntoToolResult`](crate::tool::IntoToolResult),
///   [`IntoPromptResult`](crate::prompt::IntoPromptResult) or
///   [`IntoResourceResult`](crate::resource::IntoResourceResult);
/// * are `Send + Sync + 'static`, as every function is that captures nothing.
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
/// The compiler says only that the trait is not implemented. Look for one of these:
///
/// * *It is not `async`.* The return type must be a future; `fn f() -> String` is not a handler,
///   and `|| async { … }` is.
/// * *An argument is not an extractor.* Plain types such as `String` are arguments of functions
///   under `#[tool]` alone; by hand they are the fields of a struct in `Args<T>`, where `T` needs
///   `serde::Deserialize`, and `schemars::JsonSchema` too in a tool.
/// * *An argument is borrowed.* Take `Context`, not `&Context`: the future outlives the call that
///   made it.
/// * *The future is not `Send`.* A value such as `Rc` or a guard of `std::sync::Mutex` is held
///   across an `.await`. `cargo check` of a function `fn is_send<T: Send>(_: T) {}` that is called
///   with the future names the value.
/// * *The closure captures something that is borrowed or not `Sync`.* Move an `Arc` into it, or use
///   [`State`](crate::extract::State).
/// * *The output is not a result*, such as a struct of your own that a tool returns: wrap it in
///   [`Structured`](crate::tool::Structured).
///
/// The type parameter `M` keeps functions of different shapes apart; it is always inferred. The
/// trait is sealed: new ways to be a handler are implementations of `FromContext`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handler",
    note = "a handler is an async function or closure whose arguments are `Args<T>`, `Context`, `State<S>` or `Extension<T>`",
    note = "the documentation of `mcp_server::handler::Handler` lists what else may be wrong"
)]
pub trait Handler<C, M>: sealed::Sealed<C, M> + Send + Sync + 'static {
    /// What the handler returns.
    type Output;
    /// The future of one call.
    type Future: Future<Output = Self::Output> + Send + 'static;

    /// Takes the arguments from the call and begins.
    ///
    /// # Errors
    /// When an argument cannot be taken.
    fn run(&self, call: &C) -> Result<Self::Future, Rejection>;
}

mod sealed {
    /// Keeps `Handler` from being implemented elsewhere.
    #[allow(unnameable_types)] // That is what seals.
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

        #[allow(non_snake_case, unused_variables)] // One name serves as type and as value.
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
