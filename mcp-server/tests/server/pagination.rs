//! Lists page by page. Spec: server/utilities/pagination.

use mcp_server::prompt::PromptRoute;
use mcp_server::resource::ResourceRoute;
use mcp_server::tool::ToolRoute;
use mcp_server::{Context, Revision, ServerBuilder};
use serde_json::{Value, json};

use crate::harness::{Client, Way, built, everywhere, server};

fn tool(name: impl Into<String>) -> ToolRoute {
    ToolRoute::builder(name).handler(|_: Context| async { "" })
}

fn seven() -> ServerBuilder {
    let numbers = || 0..7;
    server()
        .page_size(3)
        .tools(numbers().map(|number| tool(format!("t{number}"))))
        .prompts(
            numbers()
                .map(|number| PromptRoute::builder(format!("p{number}")).handler(|| async { "" })),
        )
        .resources(numbers().map(|number| {
            ResourceRoute::builder(format!("r://{number}"), "r").handler(|| async { "" })
        }))
        .resources(numbers().map(|number| {
            ResourceRoute::builder(format!("s{number}://{{x}}"), "s").handler(|| async { "" })
        }))
}

/// The pages of a list, as sizes, and all keys in order.
async fn pages(client: &Client, method: &str, items: &str, key: &str) -> (Vec<usize>, Vec<String>) {
    let mut sizes = Vec::new();
    let mut keys = Vec::new();
    let mut params = json!({});
    loop {
        let page = client.ok(method, params).await;
        let entries = page[items].as_array().unwrap();
        sizes.push(entries.len());
        keys.extend(entries.iter().map(|entry| entry[key].as_str().unwrap().to_owned()));
        match page.get("nextCursor") {
            None => return (sizes, keys),
            Some(cursor) => params = json!({"cursor": cursor}),
        }
        assert!(sizes.len() < 10, "the list does not end");
    }
}

async fn names(client: &Client, params: Value) -> (Vec<String>, Option<Value>) {
    let page = client.ok("tools/list", params).await;
    let names = page["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| tool["name"].as_str().unwrap().to_owned());
    (names.collect(), page.get("nextCursor").cloned())
}

#[tokio::test(start_paused = true)]
async fn every_list_comes_whole_page_by_page() {
    everywhere(seven, async |client| {
        for (method, items, key, prefix) in [
            ("tools/list", "tools", "name", "t"),
            ("prompts/list", "prompts", "name", "p"),
            ("resources/list", "resources", "uri", "r://"),
        ] {
            let (sizes, keys) = pages(&client, method, items, key).await;
            assert_eq!(sizes, [3, 3, 1], "{method}");
            assert_eq!(keys, (0..7).map(|number| format!("{prefix}{number}")).collect::<Vec<_>>());
        }
        let (sizes, keys) =
            pages(&client, "resources/templates/list", "resourceTemplates", "uriTemplate").await;
        assert_eq!(sizes, [3, 3, 1]);
        assert_eq!(keys[6], "s6://{x}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_full_last_page_has_no_cursor() {
    for count in [0, 1, 3, 6] {
        let server =
            || server().page_size(3).tools((0..count).map(|number| tool(format!("t{number}"))));
        everywhere(server, async |client| {
            let (sizes, _) = pages(&client, "tools/list", "tools", "name").await;
            assert_eq!(sizes.iter().sum::<usize>(), count);
            assert_eq!(sizes.len(), count.div_ceil(3).max(1));
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_bad_cursor_is_refused() {
    everywhere(seven, async |client| {
        for method in ["tools/list", "prompts/list", "resources/list", "resources/templates/list"] {
            for cursor in
                [json!(""), json!("no such cursor"), json!(7), json!({}), json!("x".repeat(10_000))]
            {
                let error = client.err(method, json!({"cursor": cursor})).await;
                assert_eq!(error.code, -32602, "{method} {cursor}");
            }
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_cursor_of_one_list_is_none_of_another() {
    everywhere(seven, async |client| {
        let (_, cursor) = names(&client, json!({})).await;
        assert_eq!(client.err("prompts/list", json!({"cursor": cursor})).await.code, -32602);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_walk_through_the_pages_survives_a_change_of_the_list() {
    for &way in Way::ALL {
        for revision in Revision::ALL {
            let server = built(seven());
            let handle = server.handle();
            let client = Client::connect(&server, way, revision).await;
            let (first, cursor) = names(&client, json!({})).await;
            assert_eq!(first, ["t0", "t1", "t2"]);
            // One behind us goes and shifts the pages, one ahead of us goes, one comes at the end.
            assert!(handle.remove_tool("t0") && handle.remove_tool("t4"));
            handle.set_tool(tool("t7")).unwrap();
            let (second, cursor) = names(&client, json!({"cursor": cursor})).await;
            assert_eq!(second, ["t3", "t5", "t6"]);
            let (third, cursor) = names(&client, json!({"cursor": cursor})).await;
            assert_eq!((third, cursor), (vec!["t7".to_owned()], None));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_cursor_whose_place_is_gone_is_refused_and_says_what_to_do() {
    for &way in Way::ALL {
        let server = built(seven());
        let client = Client::connect(&server, way, Revision::ALL[4]).await;
        let (_, cursor) = names(&client, json!({})).await;
        assert!(server.handle().remove_tool("t2"));
        let error = client.err("tools/list", json!({"cursor": cursor})).await;
        assert_eq!(error.code, -32602);
        assert!(error.message.contains("start over"), "{}", error.message);
    }
}
