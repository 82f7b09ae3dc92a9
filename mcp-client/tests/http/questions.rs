//! Over HTTP: which call a question belongs to, why a call was cancelled, and calls by name.

use mcp_client::types::ElicitResult;
use mcp_client::{Client, ClientBuilder, Closed, ErrorKind, Question};
use mcp_test_support::message::text;
use mcp_test_support::{with, within_an_hour};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use crate::script::{Script, legacy, modern};

struct Turn(u32);

fn declining() -> (ClientBuilder, mpsc::UnboundedReceiver<Question>) {
    let (seen, questions) = mpsc::unbounded_channel();
    let builder = Client::builder().on_elicit_with(move |_, question| {
        seen.send(question).expect("the test reads");
        async { Ok(ElicitResult::decline()) }
    });
    (builder, questions)
}

fn question() -> Value {
    json!({"message": "?", "requestedSchema": {"type": "object", "properties": {}}})
}

/// Takes the answer to a question.
async fn answer(script: &mut Script) {
    let answer = script.next().await;
    assert_eq!(answer.message()["result"], json!({"action": "decline"}));
    answer.status(202);
}

async fn next(seen: &mut mpsc::UnboundedReceiver<Question>) -> Option<u32> {
    let question = within_an_hour("a question", seen.recv()).await.expect("a question");
    assert_eq!(question.server_name(), "https://example.com/mcp");
    question.call()?.tag::<Turn>().map(|turn| turn.0)
}

#[tokio::test(start_paused = true)]
async fn a_question_belongs_to_the_call_on_whose_stream_it_arrives() {
    let (builder, mut seen) = declining();
    let (client, mut script, standalone) = legacy(builder).await;
    let session = standalone.stream();
    let calls = [1, 2].map(|n| client.call_tool("x", &()).tag(Turn(n)).into_future());
    let serve = async {
        // In any order: both calls wait for the stream of the session first.
        let mut open = Vec::new();
        for _ in 0..2 {
            let exchange = script.expect("tools/call").await;
            open.push((exchange.id(), exchange.stream()));
        }
        open.sort_by_key(|(id, _)| id.as_i64());
        for (asked, (_, stream)) in [2, 1].into_iter().zip(open.iter().rev()) {
            stream.ask(&json!(asked), "elicitation/create", question());
            answer(&mut script).await;
            assert_eq!(next(&mut seen).await, Some(asked));
        }
        let (id, stream) = open.pop().unwrap();
        stream.reply(&id, text("done"));
        // Apart from all calls, although there is only one left.
        session.ask(&json!(3), "elicitation/create", question());
        answer(&mut script).await;
        assert_eq!(next(&mut seen).await, None);
        // On a stream that resumes the one of the call.
        let (id, stream) = open.pop().unwrap();
        stream.raw("id: e1\nretry: 1\ndata:\n\n");
        stream.cut();
        let resumed = script.expect_bare("GET").await.stream();
        resumed.ask(&json!(4), "elicitation/create", question());
        answer(&mut script).await;
        assert_eq!(next(&mut seen).await, Some(1));
        resumed.reply(&id, text("done"));
    };
    let [first, second] = calls;
    let (first, second, ()) = tokio::join!(first, second, serve);
    assert!(first.is_ok() && second.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_legacy_server_is_told_why_a_call_is_cancelled_and_a_modern_one_sees_its_stream_end() {
    let cancel = |client: &Client| {
        let (stop, stopped) = oneshot::channel::<()>();
        let when = async move {
            stopped.await.unwrap();
            "no longer wanted".to_owned()
        };
        (stop, client.call_tool("x", &()).cancel_when(when).into_future())
    };
    let (client, mut script, _standalone) = legacy(Client::builder()).await;
    let (stop, call) = cancel(&client);
    let serve = async {
        let exchange = script.expect("tools/call").await;
        let id = exchange.id();
        stop.send(()).unwrap();
        let cancelled = script.expect("notifications/cancelled").await;
        let params = json!({"requestId": id, "reason": "no longer wanted"});
        assert_eq!(cancelled.message()["params"], params);
        cancelled.status(202);
    };
    let (error, ()) = tokio::join!(call, serve);
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Cancelled);
    let (client, mut script) = modern(Client::builder()).await;
    let (stop, call) = cancel(&client);
    let serve = async {
        let mut exchange = script.expect("tools/call").await;
        stop.send(()).unwrap();
        exchange.dropped().await;
    };
    let (error, ()) = tokio::join!(call, serve);
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn a_raw_call_is_sent_again_only_if_its_method_is_known_to_be_safe() {
    let (client, mut script) = modern(Client::builder()).await;
    let read = client.call_raw("resources/read".to_owned(), &json!({"uri": "a:b"}));
    let result = with(read, async {
        drop(script.expect("resources/read").await);
        let again = script.expect("resources/read").await;
        assert_eq!(again.header("mcp-name"), Some("a:b"));
        again.reply(json!({"resultType": "complete", "contents": []}));
    });
    assert!(result.await.unwrap().get().contains("contents"));
    let error = with(client.call_raw("com.example/x".to_owned(), &()), async {
        let exchange = script.expect("com.example/x").await;
        assert_eq!(exchange.header("mcp-method"), Some("com.example/x"));
        drop(exchange);
    });
    let error = error.await.unwrap_err();
    assert_eq!((error.kind(), error.method()), (ErrorKind::OutcomeUnknown, Some("com.example/x")));
}

#[tokio::test(start_paused = true)]
async fn only_the_client_ends_a_connection_over_http() {
    let (client, mut script) = modern(Client::builder()).await;
    let closed = client.closed();
    let error = with(client.call_tool("x", &()), async {
        drop(script.expect("tools/call").await);
    });
    assert_eq!(error.await.unwrap_err().kind(), ErrorKind::OutcomeUnknown);
    assert!(!client.is_closed());
    client.close().await;
    assert!(client.is_closed() && matches!(closed.await, Closed::Here));
}
