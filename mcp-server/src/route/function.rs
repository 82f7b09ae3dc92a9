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

/// An entry of [`routes!`](crate::routes): the value `Self` whose name is also that of the type `E`.
/// The error for an entry without attribute names the function, which only its value can.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a tool, a prompt or a resource",
    label = "an entry of this list has no attribute",
    note = "write `#[tool]`, `#[prompt]` or `#[resource(\"…\")]` before the function"
)]
pub trait Entry<E> {
    /// Adds the route.
    fn add_to(routes: &mut Routes);
}

#[diagnostic::do_not_recommend]
impl<E: RouteFn, V> Entry<E> for V {
    fn add_to(routes: &mut Routes) {
        E::route().add_to(routes);
    }
}

/// Adds one entry of [`routes!`](crate::routes).
pub fn add_entry<E, V: Entry<E>>(routes: &mut Routes, _: V) {
    V::add_to(routes);
}

/// What the name of an entry stands for as far as the entry does not define it: an unmarked
/// function is no type, and a type need not be a value. `routes!` imports it with a glob, which the
/// import of the entry takes precedence over.
pub mod fallback {
    /// A function without an attribute.
    #[derive(Debug)]
    pub struct Unmarked;

    pub use Unmarked as __Entry;
}

/// Creates [`Routes`] from the paths of functions with `#[tool]`, `#[prompt]` or `#[resource]`:
/// `routes![add, math::divide, greeting]`. Write `self::time` for a function that has the name of a
/// crate.
#[macro_export]
macro_rules! routes {
    ($($function:path),* $(,)?) => {{
        #[allow(unused_mut, reason = "a list without paths changes nothing")]
        let mut routes = <$crate::route::Routes as ::core::default::Default>::default();
        $({
            #[allow(unused_imports, reason = "only one of the fallbacks applies")]
            use $crate::macro_support::fallback::*;
            #[allow(deprecated, unused_imports, reason = "the compiler warns at the definition's uses")]
            use $function as __Entry;
            #[allow(deprecated, reason = "a deprecated function is still a route")]
            $crate::macro_support::add_entry::<__Entry, _>(&mut routes, __Entry);
        })*
        routes
    }};
}
