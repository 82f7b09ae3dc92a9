//! Tools that wait until the test lets them go on.

use mcp_server::Context;
use mcp_server::tool::ToolRoute;
use mcp_test_support::Gate;

/// Creates a tool that waits at the gate and then returns "through".
pub fn waiting_tool(name: &str, gate: &Gate) -> ToolRoute {
    let gate = gate.clone();
    ToolRoute::builder(name).handler(move |_: Context| {
        let gate = gate.clone();
        async move {
            gate.wait().await;
            "through"
        }
    })
}
