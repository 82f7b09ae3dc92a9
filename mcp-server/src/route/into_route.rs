//! What the methods of the builder register.

use super::Routes;
use crate::prompt::PromptRoute;
use crate::resource::ResourceRoute;
use crate::tool::ToolRoute;

/// A route of type `R`: only `R` itself. The methods of [`ServerBuilder`](crate::ServerBuilder) take
/// it so that the compiler says what to write for a function.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be registered as a `{R}`",
    label = "expected a `{R}`",
    note = "functions with `#[tool]`, `#[prompt]` or `#[resource]` are registered with \
            `.routes(routes![first, second])`",
    note = "without an attribute, `.tool(ToolRoute::builder(\"name\").handler(function))` registers \
            a function; prompts and resources have builders too"
)]
pub trait IntoRoute<R>: sealed::Sealed {
    /// Returns the route.
    fn into_route(self) -> R;
}

macro_rules! routes {
    ($($route:ty)*) => { $(
        impl sealed::Sealed for $route {}

        impl IntoRoute<$route> for $route {
            fn into_route(self) -> Self {
                self
            }
        }
    )* };
}

routes!(ToolRoute PromptRoute ResourceRoute Routes);

mod sealed {
    /// Prevents implementations in other crates.
    #[allow(unnameable_types)] // Other crates must not be able to name it.
    pub trait Sealed {}
}
