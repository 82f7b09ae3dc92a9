//! Headers against body: every disagreement is refused, and no handler runs (THREAT-4).

use std::sync::atomic::Ordering;

use mcp_server::Server;
use mcp_server::extension::{NoSettings, ProtocolExtension, ServerExtension};
use mcp_server::method::{Direction, Kind, Method, Row};
use mcp_test_support::http::Call;
use serde_json::{Value, json};

use crate::fixture;

/// Values of a name, and the headers that say the same.
const NAMES: [(&str, &[&str]); 8] = [
    ("echo", &["echo", " echo ", "\techo", "=?base64?ZWNobw==?="]),
    ("a b", &["a b", "=?base64?YSBi?="]),
    (" a", &["=?base64?IGE=?="]),
    ("Köln", &["=?base64?S8O2bG4=?="]),
    ("日本", &["=?base64?5pel5pys?="]),
    ("=?base64?YQ==?=", &["=?base64?PT9iYXNlNjQ/WVE9PT89?="]),
    ("=?base64?YQ==", &["=?base64?YQ=="]),
    ("a\nb", &["=?base64?YQpi?="]),
];

/// Headers that say the same as no name of above.
const STRANGERS: [&[u8]; 16] = [
    b"",
    b"ECHO",
    b"echo2",
    b"ech",
    b"echo,echo",
    b"\"echo\"",
    b"=?base64?ZWNobw=?=",
    b"=?base64?ZWNobw?=",
    b"=?base64?ZWNobx==?=",
    b"=?Base64?ZWNobw==?=",
    b"=?base64?ZWNobw==",
    b"ZWNobw==",
    b"=?base64?/w==?=",
    b"=?base64?Z WNobw==?=",
    b"K\xc3\xb6ln",
    b"=?base64?????=?=",
];

#[tokio::test]
async fn names_say_the_same_or_are_refused() {
    let (server, seen) = fixture::server();
    let service = server.into_service().unwrap();
    let mut rows = 0;
    for (method, key) in
        [("tools/call", "name"), ("prompts/get", "name"), ("resources/read", "uri")]
    {
        for (name, same) in NAMES {
            let call = Call::new(method, json!({ key: name, "arguments": {} }));
            for header in same {
                let answer = call.clone().header("mcp-name", header).send(&service).await;
                assert_ne!(answer.code(), -32020, "{method} {name:?} {header:?}: {answer:?}");
                rows += 1;
            }
            let others = NAMES
                .iter()
                .filter(|(other, _)| *other != name)
                .flat_map(|(_, headers)| headers.iter());
            let others = others.map(|header| header.as_bytes()).chain(STRANGERS);
            for header in others.filter(|header| *header != name.as_bytes()) {
                let answer = call.clone().header("mcp-name", header).send(&service).await;
                assert_eq!(
                    (answer.status.as_u16(), answer.code()),
                    (400, -32020),
                    "{method} {name:?} {header:?}"
                );
                rows += 1;
            }
            for broken in [
                call.clone().without("mcp-name"),
                call.clone().header("mcp-name", same[0]).and("mcp-name", same[0]),
            ] {
                let answer = broken.send(&service).await;
                assert_eq!(
                    (answer.status.as_u16(), answer.code()),
                    (400, -32020),
                    "{method} {name:?}"
                );
                rows += 1;
            }
        }
    }
    assert!(rows >= 300, "{rows}");
    assert_eq!(seen.started.load(Ordering::SeqCst), 0, "only calls without their argument passed");
}

#[tokio::test]
async fn methods_and_versions_say_the_same_or_are_refused() {
    let service = fixture::server().0.into_service().unwrap();
    for method in ["tools/list", "server/discover", "tools/call"] {
        let call = Call::new(method, json!({ "name": "echo", "arguments": { "text": "a" } }));
        assert_eq!(call.send(&service).await.status, 200);
        let upper = method.to_uppercase();
        for header in
            ["", "ping", upper.as_str(), "=?base64?dG9vbHMvbGlzdA==?=", "tools/list,tools/call"]
        {
            let answer = call.clone().header("mcp-method", header).send(&service).await;
            assert_eq!(
                (answer.status.as_u16(), answer.code()),
                (400, -32020),
                "{method} {header:?}"
            );
        }
        for header in ["", "2025-11-25", "2026-07-29", "2026-07-28, 2026-07-28", "v9"] {
            let answer = call.clone().header("mcp-protocol-version", header).send(&service).await;
            assert_eq!(
                (answer.status.as_u16(), answer.code()),
                (400, -32020),
                "{method} {header:?}"
            );
        }
        for name in ["mcp-method", "mcp-protocol-version"] {
            let answer = call.clone().without(name).send(&service).await;
            assert_eq!(
                (answer.status.as_u16(), answer.code()),
                (400, -32020),
                "{method} without {name}"
            );
            let value = if name == "mcp-method" { method } else { "2026-07-28" };
            let answer = call.clone().and(name, value).send(&service).await;
            assert_eq!(
                (answer.status.as_u16(), answer.code()),
                (400, -32020),
                "{method} {name} twice"
            );
        }
    }
}

#[tokio::test]
async fn mirrored_arguments_cannot_be_hidden_in_something_else() {
    let schema = json!({"type": "object", "properties": {"deep": {"type": "object", "properties":
        {"region": {"type": "string", "x-mcp-header": "Region"}}}}});
    let ran = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counter = std::sync::Arc::clone(&ran);
    let tool = mcp_server::tool::ToolRoute::builder("deep")
        .input_schema(serde_json::from_value(schema).unwrap())
        .handler(move || {
            counter.fetch_add(1, Ordering::SeqCst);
            async { "ran" }
        });
    let service = Server::builder("deep", "1").tool(tool).into_service().unwrap();
    for arguments in [
        json!({"deep": ["eu"]}),
        json!({"deep": "eu"}),
        json!({"deep": 1}),
        json!({"deep": {"region": "eu"}}),
    ] {
        let answer = Call::tool("deep", arguments.clone()).send(&service).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (400, -32020), "{arguments}");
    }
    assert_eq!(ran.load(Ordering::SeqCst), 0);
    let call = Call::tool("deep", json!({"deep": {"region": "eu"}}));
    assert_eq!(call.header("mcp-param-region", "eu").send(&service).await.status, 200);
}

#[tokio::test]
async fn mirrored_arguments_say_the_same_or_are_refused() {
    let service = fixture::server().0.into_service().unwrap();
    let region = "mcp-param-region";
    let (count, dry) = ("mcp-param-count", "mcp-param-dry");
    let call = |arguments: Value| Call::tool("mirrored", arguments);
    let good = call(json!({ "region": "eu", "count": 42, "dry": true }))
        .header(region, "eu")
        .header(count, "42")
        .header(dry, "true");
    let bare =
        call(json!({ "region": "eu", "count": 42 })).header(region, "eu").header(count, "42");
    let null = call(json!({ "region": "eu", "count": 42, "dry": null }))
        .header(region, "eu")
        .header(count, "42");
    for (what, call, fits) in [
        ("all", good.clone(), true),
        ("none where there is none", bare.clone(), true),
        ("none where it is null", null.clone(), true),
        ("encoded", good.clone().header(region, "=?base64?ZXU=?="), true),
        ("a fraction of nothing", good.clone().header(count, "42.0"), true),
        ("an exponent", good.clone().header(count, "4.2e1"), true),
        ("others mean nothing", good.clone().header("mcp-param-other", "x"), true),
        ("another text", good.clone().header(region, "EU"), false),
        ("not padded", good.clone().header(region, "=?base64?ZXU?="), false),
        ("another number", good.clone().header(count, "43"), false),
        ("hexadecimal", good.clone().header(count, "0x2a"), false),
        ("not a number", good.clone().header(count, "forty-two"), false),
        ("another truth", good.clone().header(dry, "false"), false),
        ("another case", good.clone().header(dry, "True"), false),
        ("missing text", good.clone().without(region), false),
        ("missing number", good.clone().without(count), false),
        ("missing truth", good.clone().without(dry), false),
        ("twice", good.clone().and(region, "eu"), false),
        ("one too many", bare.header(dry, "true"), false),
        ("one for null", null.header(dry, "true"), false),
    ] {
        let answer = call.send(&service).await;
        let expected = if fits { (200, 0) } else { (400, -32020) };
        assert_eq!((answer.status.as_u16(), answer.code()), expected, "{what}: {answer:?}");
    }
}

#[tokio::test]
async fn a_header_repeats_the_name_in_a_request_of_an_extension() {
    enum Search {}
    impl ProtocolExtension for Search {
        const ID: &'static str = "com.example/search";
        type ServerSettings = NoSettings;
        type ClientSettings = NoSettings;
        const METHODS: &'static [Row] =
            &[Row::of_extension(Self::ID, Find::NAME, Kind::Request, Direction::ClientToServer)
                .name_param("index")];
    }
    enum Find {}
    impl Method for Find {
        const NAME: &'static str = "search/find";
        type Params = Value;
        type Result = Value;
    }
    let search = ServerExtension::new::<Search>(&NoSettings::new())
        .method::<Find, _, _>(|_, _| async { Ok(json!({})) });
    let service = Server::builder("s", "1").extension(search).into_service().unwrap();
    let call = Call::new(Find::NAME, json!({ "index": "notes" }));
    for broken in [call.clone().without("mcp-name"), call.clone().header("mcp-name", "mail")] {
        assert_eq!(broken.send(&service).await.code(), -32020);
    }
    // The client did not declare the extension.
    let answer = call.header("mcp-name", "notes").send(&service).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (400, -32021), "{answer:?}");
}
