//! Handlers written by hand: async functions over [extractors](crate::extract).

use std::future::Future;

use crate::extract::{Extract, Rejection};

pub use crate::context::{HandlerCall, HandlerFuture};

/// An async function that can answer a call of kind `C`: up to eight [extractors](crate::extract) in, anything
/// the route can turn into a result out. Implemented for functions and closures; `M` keeps their shapes apart.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a handler",
    note = "a handler is an async function or closure whose arguments are `Args<T>`, `Context`, `State<S>` or `Extension<T>`"
)]
pub trait Handler<C, M>: Send + Sync + 'static {
    /// What the handler gives.
    type Output;
    /// The handler at work.
    type Future: Future<Output = Self::Output> + Send + 'static;

    /// Takes the arguments from the call and begins.
    ///
    /// # Errors
    /// When an argument cannot be taken.
    fn run(&self, call: &C) -> Result<Self::Future, Rejection>;
}

macro_rules! handlers {
    ($( ($($argument:ident)*) )+) => { $(
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
