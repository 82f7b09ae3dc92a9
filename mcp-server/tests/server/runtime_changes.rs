//! Changes to a running server, and their notifications in the legacy era. Spec: server/tools, list
//! changed notification.

use mcp_server::layer::Layer;
use mcp_server::prompt::PromptRoute;
use mcp_server::resource::ResourceRoute;
use mcp_server::service::{Notification, Reply, Request, Service};
use mcp_server::tool::ToolRoute;
use mcp_server::types::Schema;
use mcp_server::{BuildError, Context, Revision, ServerBuilder, ServerHandle};
use mcp_test_support::Gate;
use serde_json::json;

use crate::harness::{Client, LEGACY, Transport, built, everywhere, named, server, waiting_tool};

fn tool(name: &str) -> ToolRoute {
    returning(name, "hello")
}

fn returning(name: &str, text: &'static str) -> ToolRoute {
    ToolRoute::builder(name).handler(move |_: Context| std::future::ready(text))
}

fn prompt(name: &str) -> PromptRoute {
    PromptRoute::builder(name).handler(|| async { "" })
}

fn resource(uri: &str) -> ResourceRoute {
    ResourceRoute::builder(uri, "r").handler(|| async { "" })
}

fn full() -> ServerBuilder {
    server().tool(tool("t")).prompt(prompt("p")).resource(resource("r://1"))
}

/// Runs a body with a handle, on every transport and legacy revision.
async fn sessions(server: impl Fn() -> ServerBuilder, body: impl AsyncFn(Client, ServerHandle)) {
    for &transport in Transport::ALL {
        for revision in LEGACY {
            let server = built(server());
            let client = Client::connect(&server, transport, revision).await;
            named(&format!("{transport:?} {revision}"), body(client, server.handle())).await;
        }
    }
}

async fn received(client: &Client) -> Vec<String> {
    let all = client.receive_all().await.into_iter();
    all.map(|received| {
        assert_eq!(received.params, json!({}), "{}", received.method);
        received.method
    })
    .collect()
}

#[tokio::test(start_paused = true)]
async fn every_change_is_one_notification() {
    const TOOLS: &str = "notifications/tools/list_changed";
    const PROMPTS: &str = "notifications/prompts/list_changed";
    const RESOURCES: &str = "notifications/resources/list_changed";
    sessions(full, async |client, handle| {
        assert_eq!(received(&client).await, Vec::<String>::new(), "nothing has changed");
        handle.set_tool(tool("t2")).unwrap();
        assert_eq!(received(&client).await, [TOOLS]);
        handle.set_tool(returning("t2", "replaced")).unwrap();
        assert_eq!(received(&client).await, [TOOLS]);
        assert_eq!(client.tool_text("t2", json!({})).await, "replaced");
        assert!(handle.remove_tool("t2"));
        assert_eq!(received(&client).await, [TOOLS]);
        handle.replace_tools([tool("a"), tool("b")]).unwrap();
        assert_eq!(received(&client).await, [TOOLS]);
        assert_eq!(client.ok("tools/list", json!({})).await["tools"].as_array().unwrap().len(), 2);
        handle.set_prompt(prompt("p2")).unwrap();
        assert_eq!(received(&client).await, [PROMPTS]);
        assert!(handle.remove_prompt("p2"));
        assert_eq!(received(&client).await, [PROMPTS]);
        handle.set_resource(resource("r://{x}")).unwrap();
        assert_eq!(received(&client).await, [RESOURCES]);
        assert!(handle.remove_resource("r://{x}") && handle.remove_resource("r://1"));
        assert_eq!(
            received(&client).await,
            [RESOURCES],
            "two quick changes may be one notification"
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_failed_change_sends_no_notification() {
    sessions(full, async |client, handle| {
        assert!(
            !handle.remove_tool("none")
                && !handle.remove_prompt("none")
                && !handle.remove_resource("r://0")
        );
        handle.set_tool(tool("bad name")).unwrap_err();
        let wrong = ToolRoute::builder("ok")
            .input_schema(Schema::try_from(json!({"type": "string"})).unwrap());
        handle.set_tool(wrong.handler(|_: Context| async { "" })).unwrap_err();
        handle.set_resource(resource("r://{a}{b}")).unwrap_err();
        let twice = handle.replace_tools([tool("a"), tool("a")]).unwrap_err();
        assert!(matches!(twice, BuildError::Duplicate { kind: "tool", name, .. } if name == "a"));
        let stateful =
            || ToolRoute::builder("s").handler(|_: mcp_server::extract::State<u8>| async { "" });
        let missing = handle.set_tool(stateful()).unwrap_err();
        assert!(matches!(missing, BuildError::MissingState { state: "u8", .. }), "{missing}");
        handle.replace_tools([tool("a"), stateful()]).unwrap_err();
        assert_eq!(received(&client).await, Vec::<String>::new());
        assert_eq!(
            client.ok("tools/list", json!({})).await["tools"][0]["name"],
            "t",
            "nothing was removed"
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_burst_of_changes_is_one_notification() {
    sessions(full, async |client, handle| {
        for number in 0..1_000 {
            handle.set_tool(tool(&format!("t{number}"))).unwrap();
        }
        assert_eq!(received(&client).await, ["notifications/tools/list_changed"]);
    })
    .await;
}

/// A session that did not negotiate `tools` receives no notifications about them (LG-4).
#[tokio::test(start_paused = true)]
async fn a_session_is_notified_of_what_it_negotiated() {
    sessions(server, async |client, handle| {
        handle.set_tool(tool("t")).unwrap();
        handle.set_prompt(prompt("p")).unwrap();
        handle.set_resource(resource("r://1")).unwrap();
        assert_eq!(received(&client).await, Vec::<String>::new());
    })
    .await;
    sessions(
        || server().tools([]),
        async |client, handle| {
            handle.set_prompt(prompt("p")).unwrap();
            handle.set_tool(tool("t")).unwrap();
            assert_eq!(received(&client).await, ["notifications/tools/list_changed"]);
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_client_without_a_session_receives_no_notifications() {
    for &transport in Transport::ALL {
        let server = built(full());
        let client = Client::connect(&server, transport, Revision::V2026_07_28).await;
        client.ok("tools/list", json!({})).await;
        server.handle().set_tool(tool("t2")).unwrap();
        assert_eq!(received(&client).await, Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn a_running_call_keeps_its_tool() {
    for &transport in Transport::ALL {
        let gate = Gate::new();
        let server = built(server().tool(waiting_tool("t", &gate)));
        let client = Client::connect(&server, transport, Revision::V2025_11_25).await;
        let call = client.start_tool("t");
        gate.arrived(1).await;
        assert!(server.handle().remove_tool("t"));
        assert_eq!(client.err("tools/call", json!({"name": "t"})).await.code, -32602);
        gate.open(1);
        assert_eq!(call.answer().await.unwrap()["content"][0]["text"], "through");
    }
}

/// Removes the tool `t` before it forwards a call of it.
struct RemoveFirst;

struct RemoveFirstService<S>(S);

impl<S> Layer<S> for RemoveFirst {
    type Service = RemoveFirstService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        RemoveFirstService(inner)
    }
}

impl<S: Service> Service for RemoveFirstService<S> {
    async fn call(&self, request: Request) -> Reply {
        if request.method == "tools/call" {
            let context = Context::of(&request).expect("a context");
            context.server().remove_tool("t");
        }
        self.0.call(request).await
    }

    async fn notify(&self, notification: Notification) {
        self.0.notify(notification).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_sees_one_state_of_the_server() {
    everywhere(
        || server().tool(tool("t")).tool(tool("other")).layer(RemoveFirst),
        async |client| {
            // The tool was there when the call arrived.
            assert_eq!(client.tool_text("t", json!({})).await, "hello");
            assert_eq!(client.err("tools/call", json!({"name": "t"})).await.code, -32602);
        },
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_tool_can_change_its_server() {
    let server = || {
        server().tool(ToolRoute::builder("grow").handler(|context: Context| async move {
            context
                .server()
                .set_tool(returning("grown", "new here"))
                .map_err(|error| error.to_string())?;
            Ok::<_, String>("grew")
        }))
    };
    sessions(server, async |client, _| {
        client.tool("grow", json!({})).await;
        assert_eq!(client.tool_text("grown", json!({})).await, "new here");
        assert_eq!(received(&client).await, ["notifications/tools/list_changed"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn every_session_of_a_server_is_notified() {
    let server = built(full());
    let one = Client::connect(&server, Transport::Stream, Revision::V2025_11_25).await;
    let two = Client::connect(&server, Transport::Memory, Revision::V2024_11_05).await;
    server.handle().set_tool(tool("t2")).unwrap();
    for client in [&one, &two] {
        assert_eq!(received(client).await, ["notifications/tools/list_changed"]);
    }
}

/// Calls the handle when it is dropped, as a value that a handler captured may do.
struct CallsBack(ServerHandle);

impl Drop for CallsBack {
    fn drop(&mut self) {
        self.0.remove_tool("another");
        self.0.remove_prompt("another");
        self.0.remove_resource("r://another");
    }
}

/// A dropped route, or an iterator of routes, may use the handle. It would deadlock if a lock were
/// held.
#[test]
fn a_dropped_route_may_change_the_server() {
    fn calling(name: &str, handle: &ServerHandle) -> ToolRoute {
        let captured = CallsBack(handle.clone());
        ToolRoute::builder(name).handler(move |_: Context| {
            let _ = &captured;
            async { "" }
        })
    }
    let (done, finished) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let builder = server();
        let handle = builder.handle();
        let twice = || [calling("t", &handle), calling("t", &handle)];
        assert!(builder.tools(twice()).build().is_err(), "registered twice");
        let server = built(server());
        let handle = server.handle();
        handle.set_tool(calling("t", &handle)).unwrap();
        handle.set_tool(calling("t", &handle)).unwrap();
        handle.set_tool(calling("not a name", &handle)).unwrap_err();
        handle.replace_tools([calling("t", &handle)]).unwrap();
        handle.replace_tools(["a", "a"].map(|name| calling(name, &handle))).unwrap_err();
        let asking = std::iter::once_with(|| {
            handle.remove_tool("another");
            calling("t", &handle)
        });
        handle.replace_tools(asking).unwrap();
        assert!(handle.remove_tool("t"));
        let captured = CallsBack(handle.clone());
        let prompt = PromptRoute::builder("p").handler(move || {
            let _ = &captured;
            async { "" }
        });
        handle.set_prompt(prompt).unwrap();
        assert!(handle.remove_prompt("p"));
        let captured = CallsBack(handle.clone());
        let resource = ResourceRoute::builder("r://1", "r").handler(move || {
            let _ = &captured;
            async { "" }
        });
        handle.set_resource(resource).unwrap();
        assert!(handle.remove_resource("r://1"));
        done.send(()).unwrap();
    });
    finished.recv_timeout(std::time::Duration::from_secs(60)).expect("no change deadlocks");
}
