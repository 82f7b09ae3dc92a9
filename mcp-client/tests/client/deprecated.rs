//! What a revision deprecates warns its users at compile time (DEP-1). An expectation below that is
//! not fulfilled is a lint, which the gate refuses.

use mcp_client::Client;
use mcp_client::types::{CreateMessageResult, LoggingLevel, Role, SamplingContent};
use mcp_test_support::with;
use serde_json::json;

use crate::fake::legacy_with;

#[tokio::test]
async fn deprecated_features_warn_and_work() {
    let sample = |_| async {
        Ok(CreateMessageResult::new(Role::Assistant, SamplingContent::text("a"), "model"))
    };
    #[expect(deprecated)]
    let builder = Client::builder().on_create_message(sample);
    #[expect(deprecated)]
    let builder = builder.sampling_tools();
    #[expect(deprecated)]
    let builder = builder.roots([]);
    let (client, mut fake, initialize) = legacy_with(builder, "2025-11-25").await;
    let declared = &initialize["params"]["capabilities"];
    assert_eq!(declared["sampling"], json!({"tools": {}}));
    assert!(declared["roots"].is_object());

    #[expect(deprecated)]
    let messages = client.log_messages();
    drop(messages);
    #[expect(deprecated)]
    let level = client.set_log_level(LoggingLevel::Info);
    let level = with(level, async {
        let request = fake.expect("logging/setLevel").await;
        assert_eq!(request["params"]["level"], "info");
        fake.reply(&request, json!({})).await;
    });
    level.await.unwrap();
    #[expect(deprecated)]
    let roots = client.set_roots([]);
    roots.await.unwrap();
    #[expect(deprecated)]
    let call = client.call_tool("t", &()).log_level(LoggingLevel::Info);
    drop(call);
}
