// A marked function is what it was, and its name in a list is its route.
#![deny(warnings, missing_docs, missing_debug_implementations, unreachable_pub)]
//! Functions.

use mcp_server::route::RouteFn;
use mcp_server::tool::ToolRoute;
use mcp_server::{Context, routes, tool};

/// Add two numbers.
#[tool]
pub async fn add(
    a: i64,
    /** the second addend */
    b: i64,
) -> i64 {
    a + b
}

/// Functions elsewhere.
pub mod math {
    use mcp_server::{Context, tool};

    /// Divide.
    #[tool(name = "math.divide", title = "Divide", read_only, open_world = false)]
    pub(crate) fn divide(a: f64, context: &Context, b: f64) -> Result<f64, String> {
        let _ = context;
        if b == 0.0 { Err("division by zero".to_owned()) } else { Ok(a / b) }
    }
}

#[tool]
const fn nothing() {}

#[tool(description = concat!("Waits", " and returns."))]
async fn wait<'a>(#[allow(unused)] context: &'a Context) -> &'static str {
    std::future::ready("waited").await
}

#[test]
fn a_marked_function_stays_a_function_and_its_name_is_its_route() {
    drop(add(1, 2));
    nothing();
    let _: fn(f64, &Context, f64) -> Result<f64, String> = math::divide;
    let _ = |context: &Context| drop(wait(context));
    let _: ToolRoute = <add as RouteFn>::route();
    let routes = routes![add, math::divide, nothing, wait,];
    assert_eq!(routes.tools.len(), 4);
}
