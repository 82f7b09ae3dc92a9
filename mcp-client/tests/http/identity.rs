//! What a connection keeps, and what it gives up, when its user changes.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt as _;
use mcp_client::Client;
use mcp_client::http::{
    Authorizer, Binding, BoxError, Bytes, Refusal, Request, Verdict, async_trait,
};
use mcp_client::types::SubscriptionFilter;
use mcp_test_support::message::text;
use mcp_test_support::with;
use serde_json::json;

use crate::script::{Script, legacy, shake_hands};

/// Keeps the connection, to report that its user logs out.
#[derive(Clone, Default)]
struct Users(Arc<Mutex<Option<Binding>>>);

#[async_trait]
impl Authorizer for Users {
    fn bind(&self, binding: &Binding) -> Result<(), BoxError> {
        *self.0.lock().expect("no panic") = Some(binding.clone());
        Ok(())
    }

    async fn authorize(&self, _: &mut Request<Bytes>) -> Result<(), BoxError> {
        Ok(())
    }

    async fn refused(&self, _: &Refusal) -> Result<Verdict, BoxError> {
        Ok(Verdict::GiveUp)
    }
}

#[tokio::test(start_paused = true)]
async fn the_session_of_a_user_who_has_logged_out_is_not_continued() {
    let users = Users::default();
    let (client, mut script, standalone) =
        legacy(Client::builder().authorizer(users.clone())).await;
    let stream = standalone.stream();
    let call = async |script: &mut Script, session: &str| {
        let reply = with(client.call_tool("who", &json!({})), async {
            let exchange = script.expect("tools/call").await;
            assert_eq!(exchange.header("mcp-session-id"), Some(session));
            exchange.reply(text("one"));
        });
        assert_eq!(reply.await.unwrap().text(), "one");
    };
    call(&mut script, "session-1").await;
    let binding = users.0.lock().expect("no panic").clone().expect("it was bound");
    let changes = SubscriptionFilter::new().tools_list_changed(true);
    let mut watching = client.subscribe(changes.clone()).await.unwrap();
    // Another token of perhaps the same user does not cost the session.
    binding.identity_changed();
    call(&mut script, "session-1").await;
    binding.logged_out();
    stream.dropped().await;
    assert_eq!(watching.next().await, None);
    let error = format!("{:?}", watching.error().unwrap());
    assert!(error.contains("the user has logged out"), "{error}");
    script.expect_silence(Duration::from_secs(60)).await;
    let reply = with(client.call_tool("who", &json!({})), async {
        shake_hands(&mut script, Some("session-2")).await.status(405);
        let exchange = script.expect("tools/call").await;
        assert_eq!(exchange.header("mcp-session-id"), Some("session-2"));
        exchange.reply(text("another"));
    });
    assert_eq!(reply.await.unwrap().text(), "another");
    call(&mut script, "session-2").await;

    // A subscription is one of the next user, too.
    binding.logged_out();
    let subscribing = async { client.subscribe(changes).await.unwrap() };
    let (_watching, _stream) = tokio::join!(subscribing, async {
        shake_hands(&mut script, Some("session-3")).await.stream()
    });
    call(&mut script, "session-3").await;
}
