//! Methods of the user's own.

use mcp_server::jsonrpc::ErrorObject;
use mcp_server::method::Method;
use mcp_server::{Context, ServerBuilder};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::harness::{Failure, Setup, Way, built, everywhere, server};

macro_rules! methods {
    ($($name:ident $wire:literal $params:ty => $result:ty;)+) => { $(
        struct $name;
        impl Method for $name {
            const NAME: &'static str = $wire;
            type Params = $params;
            type Result = $result;
        }
    )+ };
}

#[derive(Serialize, Deserialize)]
struct Pair {
    a: i64,
    #[serde(default)]
    b: i64,
}

#[derive(Serialize, Deserialize)]
struct Sum {
    sum: i64,
    revision: String,
}

methods! {
    Add "math/add" Pair => Sum;
    Text "odd/text" Value => String;
    Nothing "odd/nothing" Value => ();
    Rich "odd/rich" Value => Value;
    Refuse "odd/refuse" Value => Value;
    Panic "odd/panic" Value => Value;
}

fn custom() -> ServerBuilder {
    server()
        .method::<Add, _, _>(|Pair { a, b }, context: Context| async move {
            Ok(Sum { sum: a + b, revision: context.revision().to_string() })
        })
        .method::<Text, _, _>(|_, _| async { Ok("no object".to_owned()) })
        .method::<Nothing, _, _>(|_, _| async { Ok(()) })
        .method::<Rich, _, _>(|_, _| async {
            Ok(json!({"_meta": {"com.example/a": 1}, "resultType": "special", "x": null}))
        })
        .method::<Refuse, _, _>(|_, _| async { Err(ErrorObject::new(-31001, "refused")) })
        .method::<Panic, _, _>(|_, _| async { panic!("custom") })
}

#[tokio::test(start_paused = true)]
async fn a_typed_method_is_answered_in_both_eras() {
    everywhere(custom, async |client| {
        let result = client.ok("math/add", json!({"a": 1, "b": 2})).await;
        let mut expected = json!({"sum": 3, "revision": client.revision.as_str()});
        if !client.is_legacy() {
            expected["resultType"] = json!("complete");
            let info = json!({"name": "test-server", "version": "1.2.3"});
            expected["_meta"] = json!({"io.modelcontextprotocol/serverInfo": info});
        }
        assert_eq!(result, expected);
        assert_eq!(client.ok("math/add", json!({"a": 1})).await["sum"], 1);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn parameters_that_do_not_fit_are_refused() {
    everywhere(custom, async |client| {
        for params in [json!({}), json!({"a": "one"}), json!({"a": 1.5})] {
            assert_eq!(client.err("math/add", params.clone()).await.code, -32602, "{params}");
        }
        assert_eq!(client.err("math/subtract", json!({})).await.code, -32601);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn errors_and_panics_are_those_of_any_handler() {
    everywhere(custom, async |client| {
        let refused = Failure { code: -31001, message: "refused".into(), data: None };
        assert_eq!(client.err("odd/refuse", json!({})).await, refused);
        assert_eq!(client.err("odd/panic", json!({})).await.code, -32603);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_result_is_an_object_on_the_wire() {
    everywhere(custom, async |client| {
        let error = client.err("odd/text", json!({})).await;
        error.expect_internal();
        let nothing = client.ok("odd/nothing", json!({})).await;
        assert_eq!(nothing.get("resultType").is_some(), !client.is_legacy(), "{nothing}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_result_keeps_the_members_that_it_brings() {
    everywhere(custom, async |client| {
        let result = client.ok("odd/rich", json!({})).await;
        assert_eq!((&result["resultType"], &result["x"]), (&json!("special"), &Value::Null));
        assert_eq!(result["_meta"]["com.example/a"], 1);
        let identity = result["_meta"].get("io.modelcontextprotocol/serverInfo");
        assert_eq!(identity.is_some(), !client.is_legacy());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_method_of_ones_own_needs_a_session_or_a_version_like_any_other() {
    for &way in Way::CONNECTIONS {
        let client =
            Setup::default().open(&built(custom()), way, mcp_server::Revision::V2025_11_25);
        assert_eq!(client.raw("math/add", json!({"a": 1})).await.unwrap_err().code, -32602);
    }
}
