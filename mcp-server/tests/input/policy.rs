//! The layer of policies: denials, lists, and questions to the user.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mcp_server::dialect::SchemaDialect;
use mcp_server::extract::State;
use mcp_server::input::AskError;
use mcp_server::layer::PolicyLayer;
use mcp_server::policy::{Decision, Policy, PolicyEngine, PolicyRequest, Verdict};
use mcp_server::types::{CacheScope, ElicitParams, ElicitSchema, PromptMessage};
use mcp_server::{Context, ErrorObject, Server, ServerBuilder, prompt, resource, routes, tool};
use serde_json::{Value, json};

use crate::client::{Client, Link, REVISIONS, accept, all_capabilities, everywhere};

#[derive(Default)]
struct Runs(AtomicUsize);

type Counter = Arc<Runs>;

/// Deletes something.
#[tool(destructive)]
async fn delete(runs: State<Counter>, id: String) -> String {
    runs.0.fetch_add(1, Ordering::SeqCst);
    format!("deleted {id}")
}

/// Reads something.
#[tool(read_only)]
async fn read(id: String) -> String {
    format!("read {id}")
}

/// Asks a question of its own.
#[tool]
async fn asks(ctx: &Context) -> Result<String, AskError> {
    let form = ElicitParams::form("own question", ElicitSchema::new());
    Ok(format!("{:?}", ctx.elicit_with(form).await?.action))
}

/// A prompt.
#[prompt]
async fn greet() -> PromptMessage {
    PromptMessage::user("hello")
}

/// A secret.
#[resource("text://secret")]
async fn secret() -> &'static str {
    "secret"
}

/// A note.
#[resource("note://{id}")]
async fn note(id: String) -> String {
    id
}

fn server(policy: &str) -> (ServerBuilder, Counter) {
    let policy = Policy::parse("policy.toml", policy).unwrap_or_else(|error| panic!("{error}"));
    let runs = Counter::default();
    let server = Server::builder("notes", "1")
        .routes(routes![delete, read, asks, greet, secret, note])
        .state(Arc::clone(&runs))
        .layer(PolicyLayer::new(policy));
    (server, runs)
}

fn refused(result: Result<Value, ErrorObject>) -> String {
    result.expect_err("a refusal").message().to_owned()
}

/// What a user does with a question, and what becomes of the call.
const ANSWERS: [(&str, Option<&str>); 3] = [
    (r#"{"action":"accept","content":{}}"#, None),
    (r#"{"action":"decline"}"#, Some("was declined by the user")),
    (r#"{"action":"cancel"}"#, Some("was cancelled by the user")),
];

const ASK: &str = "[[rule]]\nname = \"careful\"\nverdict = \"ask\"\ntools = [\"delete\", \"asks\"]\n\
                   prompts = [\"*\"]\nresources = [\"*\"]";

#[tokio::test]
async fn only_a_user_who_accepts_lets_a_call_pass() {
    everywhere(async |link, revision| {
        for (answer, refusal) in ANSWERS {
            let (server, runs) = server(ASK);
            let answer: Value = serde_json::from_str(answer).unwrap();
            let client = Client::open(server, link, revision, move |_, _| answer.clone()).await;
            let result = client.tool("delete", json!({ "id": "a\u{202e}b" })).await;
            let case = format!("{link:?} {revision} {refusal:?}");
            match refusal {
                None => assert!(result.is_ok(), "{case}: {result:?}"),
                Some(refusal) => {
                    let message = refused(result);
                    assert!(message.contains(refusal), "{case}: {message}");
                    assert!(message.contains("rule \"careful\""), "{case}: {message}");
                }
            }
            assert_eq!(runs.0.load(Ordering::SeqCst), usize::from(refusal.is_none()), "{case}");
            let asked = client.asked.lock().unwrap().clone();
            assert_eq!(asked.len(), 1, "{case}");
            assert_eq!(
                asked[0].1["message"],
                r#"Allow a call of the tool `delete` with the arguments {"id":"a\u{202e}b"}? (rule "careful")"#,
                "{case}"
            );
            for (method, params) in [
                ("prompts/get", json!({ "name": "greet" })),
                ("resources/read", json!({ "uri": "note://1" })),
            ] {
                let result = client.request(method, params).await;
                assert_eq!(result.is_ok(), refusal.is_none(), "{case} {method}: {result:?}");
            }
            assert_eq!(client.questions(), 3, "{case}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_client_that_cannot_ask_is_refused() {
    everywhere(async |link, revision| {
        let (server, runs) = server(ASK);
        let client = Client::open_with(
            &server.build().unwrap(),
            link,
            revision,
            json!({}),
            Arc::new(|_, _| panic!("nothing is asked")),
        )
        .await;
        let message = refused(client.tool("delete", json!({ "id": "1" })).await);
        assert!(message.contains("needs the approval of the user"), "{message}");
        assert!(message.contains("does not support"), "{message}");
        assert_eq!(runs.0.load(Ordering::SeqCst), 0);
    })
    .await;
}

#[tokio::test]
async fn the_handler_may_ask_after_the_policy_did() {
    everywhere(async |link, revision| {
        let (server, _) = server(ASK);
        let client = Client::open(server, link, revision, |_, _| accept(json!({}))).await;
        assert_eq!(client.text("asks", json!({})).await, "Accept");
        let asked = client.asked.lock().unwrap().clone();
        assert_eq!(asked.len(), 2);
        assert_eq!(asked[1].1["message"], "own question");
    })
    .await;
}

#[tokio::test]
async fn two_policies_ask_one_after_the_other() {
    everywhere(async |link, revision| {
        let (server, _) = server(ASK);
        let other = ASK.replace("careful", "more careful");
        let other = PolicyLayer::new(Policy::parse("other", &other).unwrap());
        let answers = |_: &str, _: &Value| accept(json!({}));
        let client = Client::open(server.layer(other), link, revision, answers).await;
        assert_eq!(client.text("delete", json!({ "id": "1" })).await, "deleted 1");
        let asked = client.asked.lock().unwrap().clone();
        let rules: Vec<bool> = asked
            .iter()
            .map(|(_, params)| params["message"].as_str().unwrap().contains("more careful"))
            .collect();
        assert_eq!(rules, [true, false]);
    })
    .await;
}

/// The modern era: the answer belongs to the arguments that were shown.
#[tokio::test]
async fn an_approval_is_for_the_arguments_that_the_user_saw() {
    let (server, runs) = server(ASK);
    let server = server.build().unwrap();
    let open = |principal: &'static str| {
        let answers = Arc::new(|_: &str, _: &Value| accept(json!({})));
        let revision = REVISIONS[2];
        let (server, capabilities) = (server.clone(), all_capabilities());
        async move {
            let client =
                Client::open_with(&server, Link::Memory, revision, capabilities, answers).await;
            client.principal(principal)
        }
    };
    let client = open("me").await;
    let params = |id: &str| json!({ "name": "delete", "arguments": { "id": id } });
    let asked = client.once("tools/call", params("1")).await.unwrap();
    let approval = |mut params: Value, state: Option<&Value>| {
        params["inputResponses"] = client.answer(&asked);
        if let Some(state) = state {
            params["requestState"] = state.clone();
        }
        params
    };
    let state = Some(&asked["requestState"]);
    // Other arguments, another tool, another principal.
    let other = open("other").await;
    for (client, params) in [
        (&client, params("2")),
        (&client, json!({ "name": "asks", "arguments": { "id": "1" } })),
        (&other, params("1")),
    ] {
        let error = client.once("tools/call", approval(params, state)).await.unwrap_err();
        assert!(error.message().starts_with("/requestState: "), "{error}");
    }
    // An answer without a question.
    let result = client.once("tools/call", approval(params("1"), None)).await.unwrap();
    assert_eq!(result["resultType"], "input_required");
    assert_eq!(runs.0.load(Ordering::SeqCst), 0);
    // No answer with the state: the user is asked again.
    let mut unanswered = params("1");
    unanswered["requestState"] = asked["requestState"].clone();
    let result = client.once("tools/call", unanswered).await.unwrap();
    assert_eq!(result["resultType"], "input_required");
    let result = client.once("tools/call", approval(params("1"), state)).await.unwrap();
    assert_eq!(result["resultType"], "complete");
    assert_eq!(runs.0.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn with_single_use_an_approval_is_for_one_call() {
    let (server, runs) = server(ASK);
    let answers = |_: &str, _: &Value| accept(json!({}));
    let client =
        Client::open(server.state_single_use(true), Link::Memory, REVISIONS[2], answers).await;
    let params = json!({ "name": "delete", "arguments": { "id": "1" } });
    let asked = client.once("tools/call", params.clone()).await.unwrap();
    let mut approved = params;
    approved["inputResponses"] = client.answer(&asked);
    approved["requestState"] = asked["requestState"].clone();
    client.once("tools/call", approved.clone()).await.unwrap();
    client.once("tools/call", approved).await.unwrap_err();
    assert_eq!(runs.0.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_answer_that_is_none_is_a_refusal() {
    everywhere(async |link, revision| {
        let (server, runs) = server(ASK);
        let client = Client::open(server, link, revision, |_, _| json!({ "action": 1 })).await;
        client.tool("delete", json!({ "id": "1" })).await.unwrap_err();
        assert_eq!(runs.0.load(Ordering::SeqCst), 0);
    })
    .await;
}

#[tokio::test]
async fn a_denied_call_names_the_rule_and_does_not_run() {
    everywhere(async |link, revision| {
        let (server, runs) = server(
            "default = \"allow\"\n[[rule]]\nname = \"keep\"\nreason = \"we keep\"\nverdict = \"deny\"\ntools = [\"delete\"]\n\
             arguments = [{ pointer = \"/id\", prefix = \"x\" }]\n\
             [[rule]]\nverdict = \"deny\"\nprompts = [\"greet\"]\nresources = [\"text://*\"]",
        );
        let client = Client::open(server, link, revision, |_, _| panic!("nothing is asked")).await;
        let error = client.tool("delete", json!({ "id": "x1" })).await.unwrap_err();
        assert_eq!(
            error.message(),
            "tools/call of delete is denied by the policy: rule \"keep\": we keep"
        );
        assert_eq!(error.code(), -32600);
        let data: Value = serde_json::from_str(error.data().unwrap().get()).unwrap();
        assert_eq!(data, json!({ "reason": "denied_by_policy", "rule": "rule \"keep\"" }));
        assert_eq!(client.text("delete", json!({ "id": "1" })).await, "deleted 1");
        assert_eq!(runs.0.load(Ordering::SeqCst), 1);
        for (method, params) in [
            ("prompts/get", json!({ "name": "greet" })),
            ("resources/read", json!({ "uri": "text://secret" })),
            (
                "completion/complete",
                json!({ "ref": { "type": "ref/prompt", "name": "greet" }, "argument": { "name": "x", "value": "" } }),
            ),
        ] {
            let message = refused(client.request(method, params).await);
            assert!(message.contains("denied by the policy: rule 2"), "{method}: {message}");
        }
        client.request("resources/read", json!({ "uri": "note://1" })).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn lists_have_what_is_not_denied_whatever_the_arguments() {
    const LISTS: [(&str, &str); 4] = [
        ("tools/list", "tools"),
        ("prompts/list", "prompts"),
        ("resources/list", "resources"),
        ("resources/templates/list", "resourceTemplates"),
    ];
    everywhere(async |link, revision| {
        for (policy, expected) in [
            ("", [&["delete", "read", "asks"][..], &["greet"], &["secret"], &["note"]]),
            ("default = \"deny\"", [&[], &[], &[], &[]]),
            (
                "default = \"deny\"\n[[rule]]\nverdict = \"allow\"\nannotations = { read_only = true }",
                [&["read"], &[], &[], &[]],
            ),
            (
                "[[rule]]\nverdict = \"deny\"\ntools = [\"delete\"]\narguments = [{ pointer = \"/id\", exists = true }]\n\
                 [[rule]]\nverdict = \"deny\"\ntools = [\"asks\"]\nprompts = [\"*\"]\nresources = [\"note://*\"]",
                [&["delete", "read"], &[], &["secret"], &[]],
            ),
        ] {
            let (server, _) = server(policy);
            let server = server
                .cache(std::time::Duration::from_secs(60), CacheScope::Public)
                .page_size(2);
            let client = Client::open(server, link, revision, |_, _| json!({})).await;
            for ((method, member), expected) in LISTS.into_iter().zip(expected) {
                let mut names = Vec::new();
                let mut params = json!({});
                loop {
                    let result = client.once(method, params).await.unwrap();
                    if client.is_modern() {
                        assert_eq!(result["cacheScope"], "private", "{method}");
                    }
                    let items = result[member].as_array().unwrap();
                    names.extend(items.iter().map(|item| item["name"].as_str().unwrap().to_owned()));
                    let Some(cursor) = result["nextCursor"].as_str() else { break };
                    params = json!({ "cursor": cursor });
                }
                assert_eq!(names, expected, "{revision} {method} {policy}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn lists_have_what_all_layers_list() {
    let (server, _) = server("[[rule]]\nverdict = \"deny\"\ntools = [\"delete\"]");
    let other = Policy::parse("other", "[[rule]]\nverdict = \"deny\"\ntools = [\"asks\"]").unwrap();
    let client = crate::client::modern(server.layer(PolicyLayer::new(other))).await;
    let listed = client.once("tools/list", json!({})).await.unwrap();
    assert_eq!(listed["tools"].as_array().unwrap().len(), 1);
    assert_eq!(listed["tools"][0]["name"], "read");
}

/// An engine that is not ours.
struct OnlyFor(&'static str);

impl PolicyEngine for OnlyFor {
    fn decide(&self, request: &PolicyRequest<'_>) -> Decision {
        assert_eq!(request.server_name(), "notes");
        let verdict =
            if request.principal_id() == Some(self.0) { Verdict::Allow } else { Verdict::Deny };
        Decision::new(verdict, "not the owner")
    }
}

#[tokio::test]
async fn another_engine_decides_by_principal() {
    let server = Server::builder("notes", "1")
        .routes(routes![read])
        .layer(PolicyLayer::new(OnlyFor("owner")))
        .build()
        .unwrap();
    for (principal, is_allowed) in [("owner", true), ("other", false)] {
        let answers = Arc::new(|_: &str, _: &Value| json!({}));
        let client =
            Client::open_with(&server, Link::Memory, REVISIONS[2], all_capabilities(), answers)
                .await
                .principal(principal);
        let result = client.tool("read", json!({ "id": "1" })).await;
        assert_eq!(result.is_ok(), is_allowed, "{result:?}");
        if let Err(error) = result {
            assert!(error.message().ends_with("denied by the policy: not the owner"), "{error}");
        }
    }
}

#[tokio::test]
async fn without_trust_annotations_do_not_count() {
    for (trust, expected) in [(true, 1), (false, 0)] {
        let policy =
            "default = \"deny\"\n[[rule]]\nverdict = \"allow\"\nannotations = { read_only = true }";
        let layer = PolicyLayer::new(Policy::parse("p", policy).unwrap()).trust_annotations(trust);
        let server = Server::builder("notes", "1").routes(routes![read]).layer(layer);
        let client = crate::client::modern(server).await;
        let listed = client.once("tools/list", json!({})).await.unwrap();
        assert_eq!(listed["tools"].as_array().unwrap().len(), expected, "{trust}");
    }
}

/// Removes a folder.
#[tool(destructive)]
async fn remove(
    runs: State<Counter>,
    options: BTreeMap<String, bool>,
    more: Option<Value>,
) -> String {
    runs.0.fetch_add(1, Ordering::SeqCst);
    format!("{options:?} {}", more.unwrap_or_default())
}

const NO_FORCE: &str = "default = \"allow\"\n[[rule]]\nname = \"no force\"\nverdict = \"deny\"\n\
                        tools = [\"remove\"]\narguments = [{ pointer = \"/options/force\", \
                        equals = true }]\n[[rule]]\nname = \"no more\"\nverdict = \"deny\"\n\
                        tools = [\"remove\"]\narguments = [{ pointer = \"/more/path\", \
                        prefix = \"/etc\" }]";

/// THREAT-118.
#[tokio::test]
async fn a_rule_reads_the_arguments_that_the_handler_sees_in_every_dialect() {
    for dialect in [SchemaDialect::AsWritten, SchemaDialect::Strict, SchemaDialect::Flat] {
        everywhere(move |link, revision| async move {
            let runs = Counter::default();
            let server = Server::builder("files", "1")
                .routes(routes![remove])
                .schema_dialect(dialect)
                .state(Arc::clone(&runs))
                .layer(PolicyLayer::new(Policy::parse("policy.toml", NO_FORCE).unwrap()));
            let client = Client::open(server, link, revision, |_, _| accept(json!({}))).await;
            let written = [
                (json!({ "options": { "force": true } }), "no force"),
                (json!({ "options": {}, "more": { "path": "/etc/a" } }), "no more"),
            ];
            let in_dialect = [
                (
                    json!({ "options": [{ "key": "force", "value": true }], "more": null }),
                    "no force",
                ),
                (json!({ "options": [], "more": "{\"path\":\"/etc/a\"}" }), "no more"),
            ];
            let is_understood = dialect != SchemaDialect::AsWritten;
            let calls = written.into_iter().chain(in_dialect.into_iter().filter(|_| is_understood));
            for (arguments, rule) in calls {
                let refusal = refused(client.tool("remove", arguments.clone()).await);
                assert!(refusal.contains(rule), "{dialect} {arguments}: {refusal}");
            }
            assert_eq!(runs.0.load(Ordering::SeqCst), 0, "{dialect}");
            let harmless = json!({ "options": { "force": false } });
            assert_eq!(client.text("remove", harmless).await, "{\"force\": false} null");
            if is_understood {
                let harmless = json!({ "options": [{ "key": "force", "value": false }] });
                assert_eq!(client.text("remove", harmless).await, "{\"force\": false} null");
            }
        })
        .await;
    }
}

/// Asks before it removes a folder.
#[tool]
async fn confirm(ctx: &Context, options: BTreeMap<String, bool>, note: Value) -> String {
    let form = ElicitParams::form("sure?", ElicitSchema::new());
    let answer = ctx.elicit_with(form).await.map(|answer| answer.action);
    format!("{options:?} {note} {answer:?}")
}

#[tokio::test]
async fn a_retry_with_answers_has_the_arguments_of_the_dialect() {
    for dialect in [SchemaDialect::Strict, SchemaDialect::Flat] {
        everywhere(move |link, revision| async move {
            let ask = "default = \"allow\"\n[[rule]]\nname = \"careful\"\nverdict = \"ask\"\n\
                       tools = [\"confirm\"]\narguments = [{ pointer = \"/options/force\", \
                       equals = true }]";
            let server = Server::builder("files", "1")
                .routes(routes![confirm])
                .schema_dialect(dialect)
                .layer(PolicyLayer::new(Policy::parse("policy.toml", ask).unwrap()));
            let client = Client::open(server, link, revision, |_, _| accept(json!({}))).await;
            let force = json!([{ "key": "force", "value": true }]);
            let text = client.text("confirm", json!({ "options": force, "note": "\"7\"" })).await;
            assert_eq!(text, "{\"force\": true} \"7\" Ok(Accept)", "{dialect} {link:?} {revision}");
            assert_eq!(client.questions(), 2, "{dialect} {link:?} {revision}");
        })
        .await;
    }
}
