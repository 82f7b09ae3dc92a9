//! Testing a server in memory: the server and its client in one test, without a process or bytes.
//!
//! `cargo test -p mcp-examples --example in_memory_test`
//!
//! Two tests pass. With `cargo run` the same server serves standard input and output.

use mcp_server::{ServeError, Server, ServerBuilder, ToolError, routes, tool};

/// Convert a temperature from Celsius to Fahrenheit.
#[tool(read_only)]
fn fahrenheit(
    /** degrees Celsius, −273.15 or more */
    celsius: f64,
) -> Result<f64, ToolError> {
    if celsius < -273.15 {
        return Err(ToolError::new("nothing is colder than −273.15 °C"));
    }
    Ok(celsius * 1.8 + 32.0)
}

/// The server, in a function so that `main` and the tests share it.
fn server() -> ServerBuilder {
    Server::builder("thermometer", "1.0.0").routes(routes![fahrenheit])
}

#[tokio::main]
async fn main() -> Result<(), ServeError> {
    server().serve_stdio().await
}

#[cfg(test)]
mod tests {
    use mcp_client::{Client, Revision};
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn water_boils_on_every_revision() -> Result<(), Box<dyn std::error::Error>> {
        let server = server().build()?;
        for revision in Revision::ALL {
            let client = Client::builder().revision(revision).connect_memory(&server).await?;
            let reply = client.call_tool("fahrenheit", &json!({ "celsius": 100 })).await?;
            assert_eq!(reply.text(), "212.0", "{revision}");
        }
        Ok(())
    }

    #[test]
    fn the_function_is_still_a_function() {
        assert!(fahrenheit(-300.0).is_err());
    }
}
