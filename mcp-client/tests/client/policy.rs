//! The policy of a host.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mcp_client::json::JsonBytes;
use mcp_client::policy::{ClientPolicy, Policy, PolicyEngine as _, PolicyRequest, Verdict};
use mcp_client::service::{Notification, Reply, Request, Service};
use mcp_client::types::{CompletionReference, GetPromptResult, SubscriptionFilter};
use mcp_client::{Client, ClientBuilder, Error, ErrorKind, Outcome, Revision, ToolReply};
use mcp_test_support::Random;
use serde_json::{Value, json};

/// A server that records what reaches it, and answers everything.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<(String, Value)>>>);

impl Recorder {
    /// Takes the requests of methods that use something.
    fn take(&self) -> Vec<(String, Value)> {
        let mut all = std::mem::take(&mut *self.0.lock().unwrap());
        all.retain(|(method, _)| method != "server/discover" && method != "initialize");
        all
    }
}

impl Service for Recorder {
    async fn call(&self, request: Request) -> Reply {
        let params: Value = request.params.parse().unwrap();
        self.0.lock().unwrap().push((request.method.to_string(), params.clone()));
        let cached = json!({"resultType": "complete", "ttlMs": 60_000, "cacheScope": "public"});
        let with = |members: Value| {
            let mut result = cached.clone();
            result.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
            result
        };
        let tool = |name: &str, read_only: bool| json!({"name": name, "inputSchema": {"type": "object"}, "annotations": {"readOnlyHint": read_only}});
        let asks = params["name"] == "asks" && params.get("requestState").is_none();
        let result = match &*request.method {
            "server/discover" => with(json!({
                "supportedVersions": ["2026-07-28"], "serverInfo": {"name": "good", "version": "1"},
                "capabilities": {"tools": {}, "prompts": {}, "resources": {}, "completions": {}},
            })),
            "tools/list" => with(json!({"tools": [tool("read", true), tool("write", false)]})),
            "prompts/list" => with(json!({"prompts": [{"name": "p"}, {"name": "q"}]})),
            "resources/list" => with(
                json!({"resources": [{"uri": "a:/1", "name": "1"}, {"uri": "b:/2", "name": "2"}]}),
            ),
            "resources/templates/list" => {
                with(json!({"resourceTemplates": [{"uriTemplate": "b:/{x}", "name": "t"}]}))
            }
            "resources/read" => with(json!({"contents": []})),
            "tools/call" if asks => json!({"resultType": "input_required", "requestState": "s"}),
            "tools/call" => json!({"resultType": "complete", "content": []}),
            "prompts/get" => json!({"resultType": "complete", "messages": []}),
            "completion/complete" => {
                json!({"resultType": "complete", "completion": {"values": []}})
            }
            method => panic!("{method}"),
        };
        Ok(JsonBytes::new(&result).unwrap())
    }

    async fn notify(&self, _: Notification) {}
}

fn policy(text: &str) -> Policy {
    Policy::parse("policy.toml", text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

async fn connect(builder: ClientBuilder) -> (Client, Recorder) {
    let recorder = Recorder::default();
    let service = recorder.clone();
    let builder = builder.revision(Revision::V2026_07_28);
    let client = builder.connect_service(|_| service).await.unwrap();
    (client, recorder)
}

fn is_denied<T>(result: Result<T, Error>) -> bool {
    result.err().is_some_and(|error| error.kind() == ErrorKind::Denied)
}

#[tokio::test]
async fn what_is_denied_does_not_leave() {
    let text = "default = \"allow\"\n[[rule]]\nname = \"no\"\nverdict = \"deny\"\ntools = [\"x\"]\n\
                prompts = [\"x\"]\nresources = [\"x:/*\"]\n\
                [[rule]]\nverdict = \"deny\"\nmethods = [\"com.example/*\"]";
    let (client, recorder) =
        connect(Client::builder().policy(ClientPolicy::new(policy(text)))).await;
    recorder.take();
    let error = client.call_tool("x", &json!({"a": 1})).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(
        error.to_string().contains("the request was not sent: the policy denies it: rule \"no\""),
        "{error}"
    );
    assert!(is_denied(client.call_tool("x", &()).once().await));
    assert!(is_denied(client.get_prompt("x", &()).await));
    assert!(is_denied(client.read_resource("x:/1").await));
    let reference = CompletionReference::prompt("x");
    assert!(is_denied(client.complete(reference, "a", "").await));
    let filter = SubscriptionFilter::new().resource_subscriptions(["x:/1".to_owned()]);
    assert!(is_denied(client.subscribe(filter).await));
    assert_eq!(recorder.take(), []);
    client.call_tool("y", &()).await.unwrap();
    let _: GetPromptResult = client.get_prompt("y", &()).await.unwrap();
    assert_eq!(recorder.take().len(), 2);
}

#[tokio::test]
async fn the_user_decides_about_what_has_to_be_asked() {
    for (answer, passes) in [(Some(true), true), (Some(false), false), (None, false)] {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let mut policy = ClientPolicy::new(policy("default = \"ask\"")).principal("me");
        if let Some(answer) = answer {
            let asked = Arc::clone(&asked);
            policy = policy.on_ask(move |question| {
                asked.lock().unwrap().push(question);
                async move { answer }
            });
        }
        let (client, recorder) =
            connect(Client::builder().server_name("notes").policy(policy)).await;
        recorder.take();
        let result = client.call_tool("asks", &json!({"a": 1})).await;
        assert_eq!(result.is_ok(), passes, "{answer:?} {result:?}");
        assert_eq!(is_denied(result), !passes);
        // The second round is not asked about again.
        assert_eq!(recorder.take().len(), if passes { 2 } else { 0 });
        let asked = std::mem::take(&mut *asked.lock().unwrap());
        assert_eq!(asked.len(), usize::from(answer.is_some()));
        for question in asked {
            assert_eq!(question.server, "notes");
            assert_eq!(question.subject.as_deref(), Some("asks"));
            assert_eq!(question.arguments.as_deref(), Some(r#"{"a":1}"#));
            assert!(question.text.contains(r#"`asks` with the arguments {"a":1}?"#));
            assert_eq!(question.decision.verdict(), Verdict::Ask);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_question_without_an_answer_in_time_denies() {
    let policy = ClientPolicy::new(policy("default = \"ask\""))
        .on_ask(|_| std::future::pending())
        .ask_timeout(Duration::from_secs(7));
    let (client, recorder) = connect(Client::builder().policy(policy)).await;
    recorder.take();
    let began = tokio::time::Instant::now();
    let error = client.call_tool("t", &()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(
        error.to_string().contains("no answer within 7 s (ClientPolicy::ask_timeout)"),
        "{error}"
    );
    assert_eq!(began.elapsed(), Duration::from_secs(7));
    assert_eq!(recorder.take(), []);
}

#[tokio::test(start_paused = true)]
async fn the_time_of_a_question_is_no_time_of_the_call() {
    let policy = ClientPolicy::new(policy("default = \"ask\"")).on_ask(|_| async {
        tokio::time::advance(Duration::from_secs(100)).await;
        true
    });
    let builder = Client::builder().total_timeout(Duration::from_secs(10)).policy(policy);
    let (client, _) = connect(builder).await;
    client.call_tool("t", &()).await.unwrap();
    assert!(matches!(client.call_tool("t", &()).once().await.unwrap(), Outcome::Complete(_)));
}

#[tokio::test]
async fn a_restored_call_is_decided_again() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let policy = ClientPolicy::new(policy("default = \"ask\"")).on_ask(move |_| {
        let first = count.fetch_add(1, Ordering::SeqCst) == 0;
        async move { first }
    });
    let (client, recorder) = connect(Client::builder().policy(policy)).await;
    recorder.take();
    let outcome = client.call_tool("asks", &()).once().await.unwrap();
    let Outcome::InputRequired(pending) = outcome else { panic!("it asks") };
    let saved = pending.save();
    assert_eq!(recorder.take().len(), 1);
    let pending = client.restore::<ToolReply>(saved).unwrap();
    assert!(is_denied(pending.resume(mcp_client::types::InputResponses::new()).await));
    assert_eq!(recorder.take(), []);
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn what_is_cached_is_decided_too() {
    let allowed = Arc::new(AtomicUsize::new(1));
    struct Switch(Arc<AtomicUsize>);
    impl mcp_client::policy::PolicyEngine for Switch {
        fn decide(&self, _: &PolicyRequest<'_>) -> mcp_client::policy::Decision {
            let left =
                self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
            let verdict = if left.is_ok() { Verdict::Allow } else { Verdict::Deny };
            mcp_client::policy::Decision::new(verdict, "used up")
        }
    }
    let policy = ClientPolicy::new(Switch(Arc::clone(&allowed)));
    let (client, recorder) = connect(Client::builder().policy(policy)).await;
    recorder.take();
    client.read_resource("a:/1").await.unwrap();
    let error = client.read_resource("a:/1").await.unwrap_err();
    assert!(error.to_string().contains("used up"), "{error}");
    allowed.store(1, Ordering::SeqCst);
    client.read_resource("a:/1").await.unwrap();
    assert_eq!(recorder.take().len(), 1);
}

#[tokio::test]
async fn lists_have_what_may_be_used() {
    let text = "default = \"allow\"\n[[rule]]\nverdict = \"deny\"\ntools = [\"write\"]\n\
                prompts = [\"p\"]\nresources = [\"b:/*\"]";
    let (client, _) = connect(Client::builder().policy(ClientPolicy::new(policy(text)))).await;
    // The second time from the cache.
    for _ in 0..2 {
        let tools = client.list_tools().await.unwrap();
        assert_eq!(tools.iter().map(|it| &*it.name).collect::<Vec<_>>(), ["read"]);
        let page = client.list_tools().page(None).await.unwrap();
        assert_eq!(page.tools.len(), 1);
        let prompts = client.list_prompts().await.unwrap();
        assert_eq!(prompts.iter().map(|it| &*it.name).collect::<Vec<_>>(), ["q"]);
        let resources = client.list_resources().await.unwrap();
        assert_eq!(resources.iter().map(|it| &*it.uri).collect::<Vec<_>>(), ["a:/1"]);
        assert!(client.list_resource_templates().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn annotations_count_once_they_are_listed_and_only_of_trusted_servers() {
    let text = "trusted_servers = [\"good\"]";
    for (server, trusted) in [(Some("good"), true), (Some("other"), false), (None, false)] {
        let mut builder = Client::builder().policy(ClientPolicy::new(policy(text)));
        if let Some(server) = server {
            builder = builder.server_name(server);
        }
        let (client, _) = connect(builder).await;
        // The server calls itself `good`, which does not count.
        assert!(is_denied(client.call_tool("read", &()).await));
        client.list_tools().await.unwrap();
        assert_eq!(client.call_tool("read", &()).await.is_ok(), trusted, "{server:?}");
        assert!(is_denied(client.call_tool("write", &()).await));
    }
}

#[tokio::test]
async fn the_tools_that_are_remembered_are_bounded() {
    let policy = ClientPolicy::new(policy("trusted_servers = [\"good\"]")).max_tools(0);
    let (client, _) = connect(Client::builder().server_name("good").policy(policy)).await;
    client.list_tools().await.unwrap();
    assert!(is_denied(client.call_tool("read", &()).await));
}

/// Random policies and transcripts: the server gets what is allowed, or was approved, and nothing
/// else.
#[tokio::test]
async fn nothing_leaves_after_a_deny_in_random_transcripts() {
    const NAMES: [&str; 4] = ["read", "write", "asks", "x"];
    let mut random = Random::new(21);
    let (mut sent, mut denied) = (0, 0);
    for transcript in 0..10_000 {
        let mut text = format!("default = \"{}\"\n", random.pick(&["allow", "ask", "deny"]));
        for _ in 0..random.below(4) {
            text +=
                &format!("[[rule]]\nverdict = \"{}\"\n", random.pick(&["allow", "ask", "deny"]));
            let glob = *random.pick(&["read", "*", "*a*", "x", "w*"]);
            text += &match random.below(4) {
                0 => format!("prompts = [\"{glob}\"]\n"),
                1 => format!("resources = [\"{glob}\"]\n"),
                _ => format!("tools = [\"{glob}\"]\n"),
            };
            if random.below(2) == 0 {
                let not = random.below(2) == 0;
                text += &format!(
                    "arguments = [{{ pointer = \"/a\", min = {}, not = {not} }}]\n",
                    random.below(4)
                );
            }
        }
        let approves = random.below(2) == 0;
        let oracle = policy(&text);
        let of_host = ClientPolicy::new(policy(&text)).on_ask(move |_| async move { approves });
        let (client, recorder) = connect(Client::builder().policy(of_host)).await;
        recorder.take();
        for _ in 0..3 {
            let (name, a) = (*random.pick(&NAMES), random.below(5));
            let arguments = json!({"a": a}).to_string();
            let (request, result) = match random.below(4) {
                0 => (PolicyRequest::prompt(name), client.get_prompt(name, &()).await.map(drop)),
                1 => (PolicyRequest::resource(name), client.read_resource(name).await.map(drop)),
                2 => (
                    PolicyRequest::tool(name).arguments(&*arguments),
                    client.call_tool(name, &json!({"a": a})).once().await.map(drop),
                ),
                _ => (
                    PolicyRequest::tool(name).arguments(&*arguments),
                    client.call_tool(name, &json!({"a": a})).await.map(drop),
                ),
            };
            let passes = match oracle.decide(&request).verdict() {
                Verdict::Allow => true,
                Verdict::Ask => approves,
                Verdict::Deny => false,
            };
            let reached = recorder.take();
            let case = format!("transcript {transcript}: {request:?}\n{text}");
            if passes {
                result.unwrap_or_else(|error| panic!("{case}: {error}"));
                sent += reached.len();
            } else {
                assert!(is_denied(result), "{case}");
                assert_eq!(reached, [], "{case}");
                denied += 1;
            }
        }
    }
    assert!(sent > 5_000 && denied > 5_000, "{sent} sent, {denied} denied");
}
