//! What a server sends cannot forge a line of the log.

use mcp_client::Client;
use mcp_test_support::{Log, with};
use serde_json::json;

use crate::script::{modern, tools};

/// Texts that would begin a line, move the cursor, or fill the disk.
const FORGED: &str = "x\nFORGED line\r\u{1b}[2J\u{202e}";

#[tokio::test(start_paused = true)]
async fn texts_of_the_server_stay_in_their_line_of_the_log_and_are_short() {
    let (log, _guard) = Log::capture();

    let (client, mut script) = modern(Client::builder()).await;
    let long = "y".repeat(100_000);
    let name = format!("{FORGED}{long}");
    let listed = with(client.list_tools(), async {
        let schema = json!({"type": "object", "properties": {
            "p": {"type": "number", "x-mcp-header": FORGED},
        }});
        let page = tools(json!([{"name": name, "inputSchema": schema}]));
        let exchange = script.expect("tools/list").await;
        let id = exchange.id();
        let stream = exchange.stream();
        stream.ask(&json!(FORGED), &name, json!({}));
        stream.reply(&json!(name), json!({}));
        stream
            .raw(format!("data: {{\"jsonrpc\":\"2.0\",\"method\":\"{long}\\n\",\"id\":{{}}}}\n\n"));
        stream.raw(format!("data: {long}\n\n"));
        stream.reply(&id, page);
    });
    assert!(listed.await.unwrap().is_empty());
    let refused = with(client.call_tool("add", &json!({})), async {
        script.expect("tools/call").await.page(400, "text/plain", &name);
    });
    let error = format!("{:?}", refused.await.unwrap_err());
    assert!(!error.contains(['\n', '\r', '\u{1b}', '\u{202e}']) && error.len() < 2_000, "{error}");

    let log = log.text();
    assert!(log.contains("removed a tool") && log.contains("dropped a request"), "{log}");
    for line in log.lines() {
        assert!(!line.starts_with("FORGED") && line.len() < 2_000, "{line:?}");
        assert!(!line.contains(['\r', '\u{1b}', '\u{202e}']), "{line:?}");
    }
}
