//! Invalid registrations are reported when the server is built.

use mcp_server::extension::ServerExtension;
use mcp_server::method::Method;
use mcp_server::prompt::PromptRoute;
use mcp_server::resource::ResourceRoute;
use mcp_server::tool::ToolRoute;
use mcp_server::types::Schema;
use mcp_server::{BuildError, ServerBuilder};
use serde_json::{Value, json};

use crate::harness::server;

fn tool(name: &str) -> ToolRoute {
    ToolRoute::builder(name).handler(|| async { "" })
}

fn prompt(name: &str) -> PromptRoute {
    PromptRoute::builder(name).handler(|| async { "" })
}

fn resource(uri: &str) -> ResourceRoute {
    ResourceRoute::builder(uri, "r").handler(|| async { "" })
}

fn build_error(server: ServerBuilder) -> BuildError {
    server.build().expect_err("the server is invalid")
}

#[track_caller]
fn assert_duplicate(error: &BuildError, of: &str, name: &str) {
    match error {
        BuildError::Duplicate { kind, name: found, .. } => {
            assert_eq!((*kind, &**found), (of, name));
        }
        other => panic!("{other}"),
    }
}

#[track_caller]
fn invalid(server: ServerBuilder, kind: &str, name: &str, says: &str) {
    match build_error(server) {
        BuildError::Invalid { kind: found, name: of, reason } => {
            assert_eq!((found, &*of), (kind, name));
            assert!(reason.contains(says), "{reason}");
        }
        other => panic!("{other}"),
    }
}

#[test]
fn duplicates_are_reported_by_name() {
    assert_duplicate(&build_error(server().tool(tool("a")).tool(tool("a"))), "tool", "a");
    let prompts = server().prompts([prompt("a"), prompt("a")]);
    assert_duplicate(&build_error(prompts), "prompt", "a");
    let resources = server().resources([resource("a://b"), resource("a://b")]);
    assert_duplicate(&build_error(resources), "resource", "a://b");
    let templates = server().resources([resource("a://{b}"), resource("a://{b}")]);
    assert_duplicate(&build_error(templates), "resource", "a://{b}");
}

#[test]
fn a_duplicate_names_both_places() {
    let here = line!();
    let one = ToolRoute::builder("a").handler(|| async { "" });
    let two = ToolRoute::builder("a").handler(|| async { "" });
    let (first, second) = (here + 1, here + 2);
    let text = build_error(server().tool(one).tool(two)).to_string();
    let at = |line| format!("mcp-server/tests/server/build.rs:{line}:15");
    assert_eq!(
        text.replace('\\', "/"),
        format!(
            "the tool \"a\" is registered twice: at {} and at {}; rename one of them",
            at(first),
            at(second)
        )
    );
    // One definition in two lists.
    let text = build_error(server().tool(tool("a")).tool(tool("a"))).to_string();
    assert!(text.contains("twice: both times by the definition at "), "{text}");
}

#[test]
fn the_debug_of_an_error_is_its_text() {
    let error = build_error(server().tool(tool("a b")));
    assert_eq!(format!("{error:?}"), error.to_string());
    let error = build_error(server().tool(tool("a")).tool(tool("a")));
    assert_eq!(format!("{error:?}"), error.to_string());
}

#[test]
fn names_are_unique_by_kind_and_case() {
    server()
        .tools([tool("a"), tool("A")])
        .prompt(prompt("a"))
        .resources([resource("a://a"), resource("a://{a}")])
        .build()
        .unwrap();
}

#[test]
fn names_of_tools_follow_the_rules() {
    let long = "x".repeat(129);
    for name in ["", "a b", "a/b", "ü", "a\n", "a,b", &long] {
        invalid(server().tool(tool(name)), "tool", name, "1 to 128 of the characters");
    }
    for name in ["a", "A.b-c_1", "0", &"x".repeat(128)] {
        server().tool(tool(name)).build().unwrap();
    }
    invalid(server().prompt(prompt("")), "prompt", "", "empty");
}

#[test]
fn the_root_of_an_input_schema_must_be_an_object() {
    for schema in
        [json!({"type": "array"}), json!({"type": ["object", "null"]}), json!({}), json!(true)]
    {
        let route = ToolRoute::builder("t")
            .input_schema(Schema::try_from(schema).unwrap())
            .handler(|| async { "" });
        invalid(server().tool(route), "tool", "t", "\"type\": \"object\"");
    }
    let number = ToolRoute::builder("t").handler(|_: mcp_server::extract::Args<i64>| async { "" });
    invalid(server().tool(number), "tool", "t", "use a struct or a map");
}

#[test]
fn uris_and_templates_follow_the_rules() {
    for uri in ["", "note", "1a://b", "://b", "a b://c"] {
        invalid(server().resource(resource(uri)), "resource", uri, "scheme");
    }
    for (template, says) in [
        ("a://{b", "brace"),
        ("a://{b}}", "brace"),
        ("a://{}", "not supported"),
        ("a://{?q*}", "not supported"),
        ("a://{?q}/b", "the end of a URI template"),
        ("a://b{&q}", "write {?q}"),
        ("a://{b,c}", "not supported"),
        ("a://{b}{c}", "literal between"),
        ("a://{b}/{b}", "twice"),
    ] {
        invalid(server().resource(resource(template)), "resource", template, says);
    }
}

#[test]
fn a_method_must_not_have_the_name_of_another_one() {
    macro_rules! method {
        ($name:ident $wire:literal) => {
            struct $name;
            impl Method for $name {
                const NAME: &'static str = $wire;
                type Params = Value;
                type Result = Value;
            }
        };
    }
    method!(List "tools/list");
    method!(Progress "notifications/progress");
    method!(Own "own/method");
    fn with<M: Method<Params = Value, Result = Value>>(server: ServerBuilder) -> ServerBuilder {
        server.method::<M, _, _>(|params, _| async { Ok(params) })
    }
    invalid(
        with::<List>(server()),
        "method",
        "tools/list",
        "the protocol defines a method with this name",
    );
    invalid(with::<Progress>(server()), "method", "notifications/progress", "the protocol");
    let twice = build_error(with::<Own>(with::<Own>(server())));
    assert_duplicate(&twice, "method", "own/method");
    with::<Own>(server()).build().unwrap();
}

/// EXT-1.
#[test]
fn an_extension_needs_an_id_with_a_prefix_and_an_object_of_settings() {
    for id in ["", "search", "/search", "com.example/", "1com/search", "com.example/a b", "a/b/c"] {
        let server = server().extension(ServerExtension::declared(id, json!({})));
        match id {
            // The specification allows an empty name.
            "com.example/" => drop(server.build().unwrap()),
            _ => invalid(server, "extension", id, "com.example/search"),
        }
    }
    for settings in [json!(null), json!([]), json!(true)] {
        let server = server().extension(ServerExtension::declared("com.example/search", settings));
        invalid(server, "extension", "com.example/search", "must be an object");
    }
    let one = || ServerExtension::declared("com.example/x", json!({}));
    let twice = build_error(server().extension(one()).extension(one()));
    assert_duplicate(&twice, "extension", "com.example/x");
}

#[test]
fn a_server_must_support_a_revision() {
    invalid(server().revisions([]), "server", "test-server", "revision");
}

#[test]
fn all_mistakes_are_reported_at_once() {
    let server = server().tool(tool("bad name")).tool(tool("a")).tool(tool("a")).revisions([]);
    let error = build_error(server);
    let BuildError::Several(mistakes) = &error else { panic!("{error}") };
    assert_eq!(mistakes.len(), 3);
    let text = error.to_string();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], "the server has 3 mistakes:");
    for (line, says) in
        lines[1..].iter().zip(["\"bad name\"", "\"a\" is registered twice", "revision"])
    {
        assert!(line.starts_with("- the ") && line.contains(says), "{text}");
    }
}

#[tokio::test]
async fn serving_an_invalid_server_fails_with_a_build_error() {
    let error =
        server().tool(tool("a b")).serve(tokio::io::empty(), tokio::io::sink()).await.unwrap_err();
    assert!(error.is_build());
    let source = std::error::Error::source(&error).unwrap();
    assert!(source.to_string().contains("\"a b\""), "{source}");
    // What a program prints whose `main` returns it.
    assert_eq!(format!("{error:?}"), format!("the server cannot be built: {source}"));
}
