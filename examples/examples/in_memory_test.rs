//! Testing a server without a process: the server and its client in one test, no bytes in between.
//!
//! Run it: `cargo test -p mcp-examples --example in_memory_test`
//!
//! Expect two tests that pass. `cargo run` of it serves the same server over standard input and output.

use mcp_server::{ServeError, Server, ServerBuilder, ToolError, routes, tool};

/// Turn a temperature from Celsius into Fahrenheit.
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

/// The server apart from `main`, so that tests can have it.
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
            let client = Client::builder().pin(revision).connect_memory(&server).await?;
            let reply = client.call("fahrenheit", &json!({ "celsius": 100 })).await?;
            assert_eq!(reply.text(), "212.0", "{revision}");
        }
        Ok(())
    }

    #[test]
    fn the_function_is_still_a_function() {
        assert!(fahrenheit(-300.0).is_err());
    }
}
