//! Questions to the client: elicitation, sampling, roots. Spec: client/elicitation,
//! client/sampling, client/roots.

use std::time::Duration;

use mcp_server::input::{Answer, Form};
use mcp_server::tool::ToolRoute;
use mcp_server::types::{BooleanSchema, CreateMessageParams, ElicitSchema, SamplingMessage};
use mcp_server::{Context, Limits, Revision, ServerBuilder};
use serde_json::{Value, json};

use crate::harness::{Client, Failure, Outcome, Setup, Transport, built, named, server};

#[derive(serde::Deserialize)]
struct Confirm {
    sure: bool,
}

impl Form for Confirm {
    fn schema() -> ElicitSchema {
        ElicitSchema::new().required_field("sure", BooleanSchema::new())
    }
}

fn asking() -> ServerBuilder {
    let mut limits = Limits::new();
    limits.peer_request_timeout = Duration::from_secs(90);
    server()
        .limits(limits)
        .tool(ToolRoute::builder("confirm").handler(|context: Context| async move {
            context.elicit::<Confirm>("Sure?").await.map(|Confirm { sure }| format!("sure={sure}"))
        }))
        .tool(ToolRoute::builder("answer").handler(|context: Context| async move {
            context.elicit::<Confirm>("Sure?").answer().await.map(|answer| match answer {
                Answer::Accept(Confirm { sure }) => format!("accept {sure}"),
                Answer::Decline => "decline".to_owned(),
                Answer::Cancel => "cancel".to_owned(),
            })
        }))
        .tool(ToolRoute::builder("visit").handler(|context: Context| async move {
            let answer = context.elicit_url("Go there.", "https://example.com/pay").await;
            answer.map(|answer| format!("{answer:?}"))
        }))
        .tool(ToolRoute::builder("pay").handler(|context: Context| async move {
            let visit = context.elicit_url("Go there.", "https://example.com/pay?visit=7");
            let answer = visit.elicitation_id("7").await?;
            context.elicitation_complete("7").await;
            Ok::<_, mcp_server::input::AskError>(format!("{answer:?}"))
        }))
        .tool(ToolRoute::builder("sample").handler(|context: Context| async move {
            let params = CreateMessageParams::new([SamplingMessage::user("2+2?")], 100_u64);
            context.create_message(params).await.map(|result| format!("{} said", result.model))
        }))
        .tool(ToolRoute::builder("roots").handler(|context: Context| async move {
            let roots = context.list_roots().await?;
            Ok::<_, mcp_server::input::AskError>(
                roots.iter().map(|root| root.uri.as_str()).collect::<Vec<_>>().join(" "),
            )
        }))
        .tool(ToolRoute::builder("can").handler(|context: Context| async move {
            let can = [
                context.can_elicit(),
                context.can_elicit_url(),
                context.can_sample(),
                context.can_list_roots(),
            ];
            format!("{can:?}")
        }))
}

fn all() -> Value {
    json!({"elicitation": {"form": {}, "url": {}}, "sampling": {}, "roots": {}})
}

/// Connects a client that gives the same answer to every question.
async fn with(
    transport: Transport,
    revision: Revision,
    capabilities: Value,
    answer: Option<Outcome>,
) -> Client {
    let setup = Setup::default().capabilities(capabilities).answers(move |_, _| answer.clone());
    setup.connect(&built(asking()), transport, revision).await
}

/// Returns the text of a tool's result, and whether it is an error.
async fn outcome(client: &Client, tool: &str) -> (String, bool) {
    let result = client.tool(tool, json!({})).await;
    (result["content"][0]["text"].as_str().unwrap().to_owned(), result["isError"] == true)
}

async fn each(revisions: &[Revision], body: impl AsyncFn(Transport, Revision)) {
    for &transport in Transport::ALL {
        for revision in revisions {
            named(&format!("{transport:?} {revision}"), body(transport, *revision)).await;
        }
    }
}

const WITH_FORMS: [Revision; 2] = [Revision::V2025_06_18, Revision::V2025_11_25];
const BEFORE_FORMS: [Revision; 2] = [Revision::V2024_11_05, Revision::V2025_03_26];

#[tokio::test(start_paused = true)]
async fn a_form_is_sent_and_its_answer_decoded() {
    each(&WITH_FORMS, async |transport, revision| {
        let accept = Ok(json!({"action": "accept", "content": {"sure": true}}));
        let client = with(transport, revision, all(), Some(accept)).await;
        assert_eq!(outcome(&client, "confirm").await, ("sure=true".into(), false));
        let asked = client.receive("elicitation/create").await;
        assert_eq!(asked["message"], "Sure?");
        let schema =
            json!({"type": "object", "properties": {"sure": {"type": "boolean"}}, "required": ["sure"]});
        assert_eq!(asked["requestedSchema"], schema);
        assert_eq!(outcome(&client, "answer").await, ("accept true".into(), false));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn declining_and_cancelling_are_answers_or_errors_as_the_tool_chooses() {
    each(&WITH_FORMS, async |transport, revision| {
        for (action, error) in [("decline", "the user declined"), ("cancel", "the user cancelled")]
        {
            let client =
                with(transport, revision, all(), Some(Ok(json!({"action": action})))).await;
            assert_eq!(outcome(&client, "answer").await, (action.into(), false));
            assert_eq!(outcome(&client, "confirm").await, (error.into(), true));
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_invalid_answer_is_an_error_of_the_tool() {
    each(&WITH_FORMS, async |transport, revision| {
        for answer in [
            json!({"action": "accept", "content": {"sure": "yes"}}),
            json!({"action": "accept"}),
            json!({"content": {"sure": true}}),
            json!({}),
        ] {
            let client = with(transport, revision, all(), Some(Ok(answer.clone()))).await;
            let (text, is_error) = outcome(&client, "confirm").await;
            assert!(
                is_error && text.starts_with("the answer does not match the question"),
                "{answer}: {text}"
            );
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_error_from_the_client_is_an_error_of_the_tool() {
    each(&WITH_FORMS, async |transport, revision| {
        let error = Failure { code: -1, message: "user rejected".into(), data: None };
        let client = with(transport, revision, all(), Some(Err(error))).await;
        let (text, is_error) = outcome(&client, "confirm").await;
        assert!(is_error && text.starts_with("the client refused the question"), "{text}");
        assert!(text.contains("user rejected"), "{text}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_unanswered_question_times_out_and_is_cancelled() {
    each(&WITH_FORMS, async |transport, revision| {
        let client = with(transport, revision, all(), None).await;
        let before = tokio::time::Instant::now();
        let (text, is_error) = outcome(&client, "confirm").await;
        assert_eq!(
            (&*text, is_error),
            (
                "no answer arrived: the client did not answer within 90 s (peer_request_timeout)",
                true
            )
        );
        assert_eq!(before.elapsed().as_secs(), 90);
        client.receive("elicitation/create").await;
        assert_eq!(client.receive("notifications/cancelled").await["requestId"], 1);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_disconnect_ends_the_question() {
    let client = with(Transport::Stream, Revision::V2025_11_25, all(), None).await;
    let call = client.start_tool("confirm");
    client.receive("elicitation/create").await;
    let before = tokio::time::Instant::now();
    client.close();
    let result = call.answer().await.unwrap();
    assert_eq!(result["content"][0]["text"], "no answer arrived: the peer closed the connection");
    assert_eq!(before.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn the_completion_of_a_url_elicitation_is_notified_where_the_revision_has_ids() {
    each(&[Revision::V2025_11_25], async |transport, revision| {
        let client = with(transport, revision, all(), Some(Ok(json!({"action": "accept"})))).await;
        assert_eq!(outcome(&client, "pay").await, ("Accept(())".into(), false));
        assert_eq!(client.receive("elicitation/create").await["elicitationId"], "7");
        let done = client.receive("notifications/elicitation/complete").await;
        assert_eq!(done, json!({"elicitationId": "7"}));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_url_is_sent_where_the_revision_has_url_elicitation() {
    each(&[Revision::V2025_11_25], async |transport, revision| {
        let client = with(transport, revision, all(), Some(Ok(json!({"action": "accept"})))).await;
        assert_eq!(outcome(&client, "visit").await, ("Accept(())".into(), false));
        let asked = client.receive("elicitation/create").await;
        assert_eq!(
            (&asked["mode"], &asked["url"]),
            (&json!("url"), &json!("https://example.com/pay"))
        );
        assert!(asked["elicitationId"].as_str().unwrap().len() >= 16);
        assert!(asked.get("requestedSchema").is_none());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn sampling_and_roots_work_in_every_session() {
    each(&crate::harness::LEGACY, async |transport, revision| {
        let said =
            json!({"role": "assistant", "content": {"type": "text", "text": "4"}, "model": "m1"});
        let client = with(transport, revision, all(), Some(Ok(said))).await;
        assert_eq!(outcome(&client, "sample").await, ("m1 said".into(), false));
        let asked = client.receive("sampling/createMessage").await;
        assert_eq!(
            asked["messages"],
            json!([{"role": "user", "content": {"type": "text", "text": "2+2?"}}])
        );
        assert_eq!(asked["maxTokens"], 100);
        let roots = json!({"roots": [{"uri": "file:///a"}, {"uri": "file:///b", "name": "B"}]});
        let client = with(transport, revision, all(), Some(Ok(roots))).await;
        assert_eq!(outcome(&client, "roots").await, ("file:///a file:///b".into(), false));
        client.receive("roots/list").await;
    })
    .await;
}

/// The tools that ask, and the capability that each needs.
fn needs() -> [(&'static str, Value); 4] {
    [
        ("confirm", json!({"elicitation": {"form": {}}})),
        ("visit", json!({"elicitation": {"url": {}}})),
        ("sample", json!({"sampling": {}})),
        ("roots", json!({"roots": {}})),
    ]
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_to_a_session_without_the_capability() {
    each(&crate::harness::LEGACY, async |transport, revision| {
        let client = with(transport, revision, json!({}), None).await;
        for (tool, required) in needs() {
            let (text, is_error) = outcome(&client, tool).await;
            let since = match tool {
                "confirm" => Revision::V2025_06_18,
                "visit" => Revision::V2025_11_25,
                _ => Revision::V2024_11_05,
            };
            let name = mcp_server::jsonrpc::capability_names(&required).join(".");
            let reason = if revision < since {
                format!("which needs a client of {since} or later")
            } else {
                format!("the client did not declare the capability `{name}`")
            };
            assert!(text.starts_with("the client does not support the question: "), "{text}");
            assert!(is_error && text.contains(&reason), "{tool}: {text}");
        }
        assert_eq!(client.receive_all().await, []);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_question_that_the_revision_does_not_have_is_not_sent() {
    each(&BEFORE_FORMS, async |transport, revision| {
        let client = with(transport, revision, all(), None).await;
        let refused = outcome(&client, "confirm").await;
        assert!(refused.1 && refused.0.contains("has no elicitation"), "{refused:?}");
        assert!(outcome(&client, "visit").await.1);
        assert_eq!(outcome(&client, "can").await.0, "[false, false, true, true]");
        assert_eq!(client.receive_all().await, []);
    })
    .await;
    each(&[Revision::V2025_06_18], async |transport, revision| {
        let client = with(transport, revision, all(), None).await;
        assert!(outcome(&client, "visit").await.1);
        assert_eq!(outcome(&client, "can").await.0, "[true, false, true, true]");
        assert_eq!(client.receive_all().await, []);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_bare_elicitation_capability_means_forms() {
    each(&[Revision::V2025_11_25], async |transport, revision| {
        let accept = Ok(json!({"action": "accept", "content": {"sure": false}}));
        let client = with(transport, revision, json!({"elicitation": {}}), Some(accept)).await;
        assert_eq!(outcome(&client, "confirm").await, ("sure=false".into(), false));
        let refused = outcome(&client, "visit").await;
        assert!(refused.1 && refused.0.contains("the capability `elicitation.url`"), "{refused:?}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_error_of_a_modern_request_names_the_missing_capability() {
    each(&[Revision::V2026_07_28], async |transport, revision| {
        let client = with(transport, revision, json!({}), None).await;
        for (tool, required) in needs() {
            let error = client.err("tools/call", json!({"name": tool})).await;
            assert_eq!(error.code, -32021, "{tool}");
            let name = mcp_server::jsonrpc::capability_names(&required).join(".");
            assert!(error.message.contains(&format!("capability `{name}`")), "{}", error.message);
            assert_eq!(error.data, Some(json!({"requiredCapabilities": required})));
        }
        assert_eq!(outcome(&client, "can").await.0, "[false, false, false, false]");
    })
    .await;
}

/// Its questions are sent in the result of the call (see the tests of `input`).
#[cfg(feature = "sealed-state")]
#[tokio::test(start_paused = true)]
async fn a_modern_client_is_sent_no_request() {
    each(&[Revision::V2026_07_28], async |transport, revision| {
        let client = with(transport, revision, all(), None).await;
        for (tool, _) in needs() {
            let result = client.tool(tool, json!({})).await;
            assert_eq!(result["resultType"], "input_required", "{tool}");
            assert_eq!(result["inputRequests"].as_object().unwrap().len(), 1, "{tool}");
        }
        assert_eq!(client.receive_all().await, []);
    })
    .await;
}

/// The journal of a call cannot be sealed, so the call cannot ask.
#[cfg(not(feature = "sealed-state"))]
#[tokio::test(start_paused = true)]
async fn without_sealed_states_a_question_to_a_modern_client_names_the_feature() {
    each(&[Revision::V2026_07_28], async |transport, revision| {
        let client = with(transport, revision, all(), None).await;
        for (tool, _) in needs() {
            let result = client.tool(tool, json!({})).await;
            assert_eq!(result["isError"], true, "{tool}");
            let text = result["content"][0]["text"].as_str().unwrap();
            assert!(text.contains("`sealed-state`"), "{text}");
        }
        assert_eq!(client.receive_all().await, []);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn concurrent_questions_receive_their_own_answers() {
    let count = std::sync::atomic::AtomicI64::new(0);
    let setup = Setup::default().capabilities(all()).answers(move |_, _| {
        let number = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Some(Ok(json!({"roots": [{"uri": format!("file:///{number}")}]})))
    });
    let client = setup.connect(&built(asking()), Transport::Stream, Revision::V2025_11_25).await;
    let calls: Vec<_> = (0..20).map(|_| client.start_tool("roots")).collect();
    let mut seen = std::collections::BTreeSet::new();
    for call in calls {
        seen.insert(call.answer().await.unwrap()["content"][0]["text"].to_string());
    }
    assert_eq!(seen.len(), 20);
}

/// An invalid question is not sent, and the author receives the reason (EL-5, EL-10, SAM-4).
#[tokio::test(start_paused = true)]
async fn an_invalid_question_is_not_sent() {
    use mcp_server::input::{AskErrorKind, Outcome};
    use mcp_server::types::{ElicitParams, SamplingContent, ToolUseContent};

    let unbalanced = || {
        let tool_use = ToolUseContent::new(
            "1",
            "search",
            serde_json::Map::new().into_iter().collect::<mcp_server::json::JsonObject>(),
        );
        let messages = [SamplingMessage::assistant(SamplingContent::from(tool_use))];
        CreateMessageParams::new(messages, 10_u64)
    };
    let server = || {
        let visit = |url: &'static str| {
            move |context: Context| async move {
                let error = context.elicit_url("Go there.", url).await.unwrap_err();
                assert_eq!(error.kind(), AskErrorKind::Malformed);
                error.to_string()
            }
        };
        server()
            .tool(ToolRoute::builder("relative").handler(visit("/pay")))
            .tool(ToolRoute::builder("script").handler(visit("javascript:alert(1)")))
            .tool(ToolRoute::builder("password").handler(visit("https://me:secret@example.com")))
            .tool(ToolRoute::builder("sample").handler(move |context: Context| async move {
                let error = context.create_message(unbalanced()).await.unwrap_err();
                assert_eq!(error.kind(), AskErrorKind::Malformed);
                error.to_string()
            }))
            .tool(ToolRoute::builder("explicit").handler(|context: Context| async move {
                let params = ElicitParams::url("Go there.", "ftp://example.com");
                Outcome::<String>::from(context.input_required().elicit("go", params))
            }))
    };
    let capabilities = json!({"elicitation": {"url": {}}, "sampling": {"tools": {}}});
    each(&[Revision::V2025_11_25, Revision::V2026_07_28], async |transport, revision| {
        let setup = Setup::default().capabilities(capabilities.clone());
        let client = setup.connect(&built(server()), transport, revision).await;
        for (tool, problem) in [
            ("relative", "the URL to visit is not absolute"),
            ("script", "the URL to visit is not absolute"),
            ("password", "the URL to visit contains credentials"),
            ("sample", "/messages/1: the result of the tool use \"1\" is missing"),
        ] {
            let text = client.tool_text(tool, json!({})).await;
            let expected = format!("the question is invalid: {problem}");
            assert!(text.starts_with(&expected), "{tool}: {text}");
        }
        let error = client.err("tools/call", json!({"name": "explicit"})).await;
        assert!(error.message.contains("the question is invalid"), "{}", error.message);
        assert_eq!(client.receive_all().await, [], "nothing was sent");
    })
    .await;
}
