//! Tools that change what the server offers.

use mcp_server::tool::ToolRoute;
use mcp_server::{ServerHandle, tools};

pub(crate) struct Changes {
    pub(crate) server: ServerHandle,
}

#[tools]
impl Changes {
    /// Tells clients that the tools changed.
    #[tool]
    fn test_trigger_tool_change(&self) -> &'static str {
        self.server.tools_changed();
        "The tools changed."
    }

    /// Tells clients that the prompts changed.
    #[tool]
    fn test_trigger_prompt_change(&self) -> &'static str {
        self.server.prompts_changed();
        "The prompts changed."
    }

    /// Adds or removes the tool `toggled`.
    #[tool]
    fn toggle_tool(&self, on: bool) -> Result<&'static str, mcp_server::BuildError> {
        if on {
            let toggled = ToolRoute::builder("toggled").description("Comes and goes.");
            self.server.set_tool(toggled.handler(|| async { "toggled" }))?;
            Ok("toggled is on")
        } else {
            self.server.remove_tool("toggled");
            Ok("toggled is off")
        }
    }

    /// Tells those who watch a resource that it changed.
    #[tool]
    fn touch_resource(&self, uri: String) -> String {
        self.server.resource_updated(&*uri);
        format!("touched {uri}")
    }
}
