//! Free functions as routes: the type that stands beside a marked function, and the list form.

use super::Routes;
use crate::prompt::PromptRoute;
use crate::resource::ResourceRoute;
use crate::tool::ToolRoute;

/// Made by `#[tool]`, `#[prompt]` and `#[resource]` on a free function, for a type that has the
/// function's name.
///
/// `routes![add, math::c]` lists such functions; `<add as RouteFn>::route()` is what it calls for
/// each.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a tool, a prompt or a resource",
    label = "name a function that is marked `#[tool]`, `#[prompt]` or `#[resource]`"
)]
pub trait RouteFn {
    /// [`ToolRoute`], [`PromptRoute`] or [`ResourceRoute`].
    type Route: AddRoute;

    /// The route that calls the function.
    fn route() -> Self::Route;
}

/// A route of any kind, put where its kind goes.
pub trait AddRoute {
    /// Adds the route.
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

/// One entry of [`routes!`](crate::routes): what is no route is shown at its name.
pub fn add_route<F: RouteFn>(routes: &mut Routes) {
    F::route().add_to(routes);
}

/// Lists functions that are marked `#[tool]`, `#[prompt]` or `#[resource]`, in any mixture, by
/// their paths: `routes![add, math::divide, greeting]`. Gives [`Routes`].
#[macro_export]
macro_rules! routes {
    ($($function:ty),* $(,)?) => {{
        #[allow(unused_mut)]
        let mut routes = <$crate::route::Routes as ::core::default::Default>::default();
        $($crate::macro_support::add_route::<$function>(&mut routes);)*
        routes
    }};
}
