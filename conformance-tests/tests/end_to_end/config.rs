//! A configuration file with servers over both transports, in both eras.

use mcp_client::config::HostConfig;
use mcp_client::group::Freshness;
use mcp_client::{ClientGroup, Era, Revision};
use mcp_server::http::HttpOptions;
use mcp_test_support::soon;
use serde_json::json;

use crate::server::fixture;
use crate::transports::serve_http;

#[tokio::test]
async fn a_file_starts_servers_of_both_eras_over_stdio_and_http() {
    let server = fixture().server;
    let url = serve_http(&server, HttpOptions::new()).await;
    let text = json!({"mcpServers": {
        "stdio modern": {"command": "${SERVER}", "args": ["--stdio"]},
        "stdio legacy": {"command": "${SERVER}", "args": ["--stdio"]},
        "http modern": {"type": "http", "url": url},
        "http legacy": {"type": "http", "url": url},
    }});
    let config = HostConfig::parse(&text.to_string()).unwrap();
    let program = env!("CARGO_BIN_EXE_everything-server");
    let started = ClientGroup::from_config(&config)
        .variables(|name| (name == "SERVER").then(|| program.to_owned()))
        .client(|server, builder| {
            let revision = match server.name().ends_with("legacy") {
                true => Revision::V2025_11_25,
                false => Revision::V2026_07_28,
            };
            builder.revision(revision)
        })
        .start()
        .await;
    assert!(started.failed.is_empty(), "{:?}", started.failed);
    for name in ["stdio-modern", "stdio-legacy", "http-modern", "http-legacy"] {
        let client = soon(started.group.client(name)).await.unwrap();
        let is_legacy = client.revision().era() == Era::Legacy;
        assert_eq!(is_legacy, name.ends_with("legacy"), "{name}");
    }
    let listed = started.group.list_tools().await;
    assert!(listed.failures.is_empty(), "{:?}", listed.failures);
    for server in started.group.known_tools() {
        assert!(matches!(server.freshness, Freshness::Listed(_)), "{server:?}");
        assert!(!server.tools.is_empty(), "{server:?}");
    }
    started.group.close().await;
}
