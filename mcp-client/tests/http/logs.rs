//! What a server sends cannot forge a line of the log.

use std::io;
use std::sync::{Arc, Mutex};

use mcp_client::Client;
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use crate::script::{modern, tools, with};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Texts that would begin a line, move the cursor, or fill the disk.
const FORGED: &str = "x\nFORGED line\r\u{1b}[2J\u{202e}";

#[tokio::test(start_paused = true)]
async fn texts_of_the_server_stay_in_their_line_of_the_log_and_are_short() {
    let log = Log::default();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone());
    let _guard = tracing::subscriber::set_default(subscriber.with_ansi(false).finish());

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

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("removed a tool") && log.contains("dropped a request"), "{log}");
    for line in log.lines() {
        assert!(!line.starts_with("FORGED") && line.len() < 2_000, "{line:?}");
        assert!(!line.contains(['\r', '\u{1b}', '\u{202e}']), "{line:?}");
    }
}
