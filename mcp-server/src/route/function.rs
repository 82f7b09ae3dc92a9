//! Free functions as routes: the type that the macros generate for each, and `routes!`.

use super::Routes;
use crate::prompt::PromptRoute;
use crate::resource::ResourceRoute;
use crate::tool::ToolRoute;

/// A function that is a tool, a prompt or a resource.
///
/// `#[tool]`, `#[prompt]` and `#[resource]` on a free function implement it for a type with the
/// function's name. `routes![add, math::c]` calls `<add as RouteFn>::route()` for each function.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a tool, a prompt or a resource",
    label = "expected a function with `#[tool]`, `#[prompt]` or `#[resource]`"
)]
pub trait RouteFn {
    /// The kind of the route: [`ToolRoute`], [`PromptRoute`] or [`ResourceRoute`].
    type Route: AddRoute;

    /// Returns the route that calls the function.
    fn route() -> Self::Route;
}

/// A route of any kind, which can be added to [`Routes`].
pub trait AddRoute {
    /// Adds the route to the list of its kind.
    fn add_to(self, routes: &mut Routes);
}

impl AddRoute for ToolRoute {
    fn add_to(self, routes: &mut Routes) {
        routes.tools.push(self);
    }
}

impl AddRoute for PromptRoute {
    fn add_to(self, routes: &mut Routes) {
        routes.prompts.push(self);
    }
}

impl AddRoute for ResourceRoute {
    fn add_to(self, routes: &mut Routes) {
        routes.resources.push(self);
    }
}

/// Adds one entry of [`routes!`](crate::routes). It is a function so that the compiler reports an
/// invalid entry at its name.
pub fn add_route<F: RouteFn>(routes: &mut Routes) {
    F::route().add_to(routes);
}

/// Creates [`Routes`] from the paths of functions with `#[tool]`, `#[prompt]` or `#[resource]`:
/// `routes![add, math::divide, greeting]`.
#[macro_export]
macro_rules! routes {
    ($($function:ty),* $(,)?) => {{
        #[allow(unused_mut)]
        let mut routes = <$crate::route::Routes as ::core::default::Default>::default();
        $($crate::macro_support::add_route::<$function>(&mut routes);)*
        routes
    }};
}
