//! Values that all handlers of a server share.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use mcp_core::jsonrpc::ErrorObject;

use super::{FromContext, Needs};
use crate::context::Context;

/// A value that all handlers share. It is set with
/// [`ServerBuilder::state`](crate::ServerBuilder::state).
///
/// Building the server fails if a handler takes one that was not set, and so does adding the route
/// to a running server.
///
/// ```
/// use mcp_server::extract::State;
/// use mcp_server::{Server, routes, tool};
///
/// struct Greeting(&'static str);
///
/// /// Greet somebody.
/// #[tool]
/// fn greet(name: String, greeting: State<Greeting>) -> String {
///     format!("{} {name}", greeting.0)
/// }
///
/// let server = || Server::builder("greeter", "1.0.0").routes(routes![greet]);
/// assert!(server().state(Greeting("Hello")).build().is_ok());
/// let error = server().build().unwrap_err();
/// assert!(error.to_string().contains("pass a value of this type to ServerBuilder::state"));
/// ```
pub struct State<S>(Arc<S>);

impl<S> State<S> {
    /// Returns the shared value.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use mcp_server::extract::State;
    /// use mcp_server::tool;
    ///
    /// struct Index;
    ///
    /// /// Rebuild the index in the background.
    /// #[tool]
    /// async fn rebuild(index: State<Index>) -> &'static str {
    ///     let index: Arc<Index> = index.into_inner();
    ///     tokio::spawn(async move { drop(index) /* … rebuild it … */ });
    ///     "started"
    /// }
    /// ```
    #[must_use]
    pub fn into_inner(self) -> Arc<S> {
        self.0
    }
}

impl Context {
    /// Returns the value that was set with [`ServerBuilder::state`](crate::ServerBuilder::state).
    /// Unlike an argument of the type [`State`], it is not checked before the call, so take it only
    /// where the type is known only at the time of the call.
    ///
    /// ```
    /// use mcp_server::{Context, ErrorObject, Server, routes, tool};
    ///
    /// struct Config {
    ///     currency: &'static str,
    /// }
    ///
    /// /// A function that several tools call, which has only the context.
    /// fn price(ctx: &Context, amount: u32) -> Result<String, ErrorObject> {
    ///     Ok(format!("{amount} {}", ctx.state::<Config>()?.currency))
    /// }
    ///
    /// /// The price of a ticket.
    /// #[tool]
    /// async fn ticket(ctx: &Context) -> Result<String, ErrorObject> {
    ///     price(ctx, 12)
    /// }
    ///
    /// let server =
    ///     Server::builder("shop", "1.0.0").state(Config { currency: "EUR" }).routes(routes![ticket]);
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// mcp_server::test::client(server).await.call("ticket", serde_json::json!({})).await.assert_text("12 EUR");
    /// # });
    /// ```
    ///
    /// # Errors
    /// −32603 if no value of this type was set; the log names the type.
    pub fn state<S: Send + Sync + 'static>(&self) -> Result<State<S>, ErrorObject> {
        match self.call().environment.states.get_shared::<S>() {
            Some(state) => Ok(State(state)),
            None => {
                let missing = std::any::type_name::<S>();
                Err(crate::error::internal(
                    "extracting a state",
                    &format!(
                        "the server has no state of the type {missing}; pass one with \
                         `.state(..)`, and take a `State<{missing}>` as an argument, which is \
                         checked at `build()`"
                    ),
                ))
            }
        }
    }
}

impl<S> Deref for State<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.0
    }
}

impl<S> Clone for State<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: fmt::Debug> fmt::Debug for State<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<S: Send + Sync + 'static> FromContext for State<S> {
    fn from_context(context: &Context) -> Result<Self, ErrorObject> {
        context.state()
    }

    fn needs(needs: &mut Needs) {
        needs.state::<S>();
    }
}
