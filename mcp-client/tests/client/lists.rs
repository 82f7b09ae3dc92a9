//! Pages, streams of items, and what is kept.

use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _};
use mcp_client::{Client, ErrorKind, SharedCache};
use serde_json::{Value, json};

use crate::fake::{Fake, modern, modern_with, with};

fn page(names: &[&str], next: Option<&str>, ttl: i64) -> Value {
    let tools: Vec<Value> =
        names.iter().map(|name| json!({"name": name, "inputSchema": {"type": "object"}})).collect();
    let mut page =
        json!({"resultType": "complete", "tools": tools, "ttlMs": ttl, "cacheScope": "private"});
    if let Some(next) = next {
        page["nextCursor"] = json!(next);
    }
    page
}

async fn serve(fake: &mut Fake, cursor: Option<&str>, page: Value) {
    let request = fake.expect("tools/list").await;
    assert_eq!(request["params"].get("cursor"), cursor.map(|cursor| json!(cursor)).as_ref());
    fake.reply(&request, page).await;
}

#[tokio::test]
async fn a_list_is_all_its_pages_and_an_empty_cursor_is_one() {
    let (client, mut fake) = modern().await;
    let tools = with(client.list_tools(), async {
        serve(&mut fake, None, page(&["a"], Some(""), 0)).await;
        serve(&mut fake, Some(""), page(&["b", "c"], Some("x"), 0)).await;
        serve(&mut fake, Some("x"), page(&[], None, 0)).await;
    })
    .await
    .unwrap();
    let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c"]);
}

#[tokio::test]
async fn a_stream_asks_for_a_page_when_it_gets_there() {
    let (client, mut fake) = modern().await;
    let mut tools = client.tools();
    let (first, ()) =
        tokio::join!(tools.next(), serve(&mut fake, None, page(&["a", "b"], Some("2"), 0)));
    assert_eq!(first.unwrap().unwrap().name, "a");
    assert_eq!(tools.next().await.unwrap().unwrap().name, "b");
    let (rest, ()) = tokio::join!(
        tools.try_collect::<Vec<_>>(),
        serve(&mut fake, Some("2"), page(&["c"], None, 0))
    );
    assert_eq!(rest.unwrap().len(), 1);
    let single = client.list_tools();
    let (single, ()) =
        tokio::join!(single.page(Some("9")), serve(&mut fake, Some("9"), page(&["z"], None, 0)));
    assert_eq!(single.unwrap().tools[0].name, "z");
}

#[tokio::test]
async fn lists_without_end_are_errors() {
    // A cursor that comes again.
    let (client, mut fake) = modern().await;
    let circle = with(client.list_tools(), async {
        serve(&mut fake, None, page(&["a"], Some("1"), 0)).await;
        serve(&mut fake, Some("1"), page(&["a"], Some("1"), 0)).await;
    });
    assert_eq!(circle.await.unwrap_err().kind(), ErrorKind::Limit);

    // Ever new cursors.
    let (client, mut fake) = modern().await;
    let server = tokio::spawn(async move {
        let mut pages = 0;
        while let Some(request) = fake.maybe_next().await {
            pages += 1;
            fake.reply(&request, page(&[], Some(&pages.to_string()), 0)).await;
        }
        pages
    });
    assert_eq!(client.list_tools().await.unwrap_err().kind(), ErrorKind::Limit);
    let streamed = client.tools().collect::<Vec<_>>().await;
    assert_eq!(streamed.len(), 1, "the error, and then the end");
    drop(client);
    assert_eq!(server.await.unwrap(), 2_000);

    // Too many items.
    let (client, mut fake) = modern().await;
    let names = vec!["t"; 40_000];
    let flood = with(client.list_tools(), async {
        serve(&mut fake, None, page(&names, Some("1"), 0)).await;
        serve(&mut fake, Some("1"), page(&names, Some("2"), 0)).await;
        serve(&mut fake, Some("2"), page(&names, None, 0)).await;
    });
    assert_eq!(flood.await.unwrap_err().kind(), ErrorKind::Limit);
}

#[tokio::test(start_paused = true)]
async fn a_list_is_kept_until_it_is_old_or_changed_or_not_wanted() {
    let (client, mut fake) = modern().await;
    let names =
        |tools: Vec<mcp_client::types::Tool>| tools.into_iter().map(|t| t.name).collect::<Vec<_>>();
    let asked = async |fake: &mut Fake, name: &str| {
        with(client.list_tools(), serve(fake, None, page(&[name], None, 5_000))).await.unwrap()
    };
    assert_eq!(names(asked(&mut fake, "one").await), ["one"]);
    assert_eq!(names(client.list_tools().await.unwrap()), ["one"], "kept");

    tokio::time::advance(Duration::from_secs(5)).await;
    assert_eq!(names(asked(&mut fake, "two").await), ["two"], "old");

    fake.tell("notifications/tools/list_changed", json!({})).await;
    fake.tell("notifications/prompts/list_changed", json!({})).await;
    let mut events = client.notifications();
    fake.tell("notifications/resources/list_changed", json!({})).await;
    events.next().await;
    assert_eq!(names(asked(&mut fake, "three").await), ["three"], "changed");

    let fresh = client.list_tools().fresh();
    let fresh = with(fresh, serve(&mut fake, None, page(&["four"], None, 5_000))).await.unwrap();
    assert_eq!(names(fresh), ["four"]);
    assert_eq!(names(client.list_tools().await.unwrap()), ["four"], "kept again");
}

#[tokio::test]
async fn a_kept_cursor_that_the_server_forgot_begins_the_list_anew() {
    let (client, mut fake) = modern().await;
    with(client.list_tools(), async {
        serve(&mut fake, None, page(&["a"], Some("old"), 60_000)).await;
        serve(&mut fake, Some("old"), page(&["b"], None, 0)).await;
    })
    .await
    .unwrap();
    let again = with(client.list_tools(), async {
        let request = fake.expect("tools/list").await;
        assert_eq!(request["params"]["cursor"], "old");
        fake.refuse(&request, -32602, Value::Null).await;
        serve(&mut fake, None, page(&["c"], None, 0)).await;
    });
    assert_eq!(again.await.unwrap().len(), 1);
}

#[tokio::test]
async fn resources_are_kept_by_uri_and_dropped_with_those_below() {
    let (client, mut fake) = modern().await;
    let read = async |fake: &mut Fake, uri: &str| {
        with(client.read_resource(uri), async {
            let request = fake.expect("resources/read").await;
            let contents = json!([{"uri": request["params"]["uri"], "text": "t"}]);
            fake.reply(
                &request,
                json!({"contents": contents, "ttlMs": 60_000, "cacheScope": "private"}),
            )
            .await;
        })
        .await
        .unwrap()
    };
    read(&mut fake, "note://1").await;
    read(&mut fake, "note://2").await;
    client.read_resource("note://1").await.unwrap();
    let mut events = client.notifications();
    fake.tell("notifications/resources/updated", json!({"uri": "note://1/part"})).await;
    events.next().await;
    read(&mut fake, "note://1").await;
    client.read_resource("note://2").await.unwrap();
}

#[tokio::test]
async fn a_shared_cache_gives_public_lists_to_all_and_private_ones_to_their_principal() {
    let cache = SharedCache::new();
    let connect = async |server: &str, principal: &str| {
        modern_with(Client::builder().shared_cache(&cache, server, principal)).await
    };
    let (alice, mut of_alice) = connect("https://a.example/mcp", "alice").await;
    let (bob, mut of_bob) = connect("https://a.example/mcp", "bob").await;
    let (other, mut of_other) = connect("https://b.example/mcp", "alice").await;
    let list = async |client: &Client, fake: &mut Fake, name: &str, scope: &str| {
        let mut page = page(&[name], None, 60_000);
        page["cacheScope"] = json!(scope);
        with(client.list_tools(), serve(fake, None, page)).await.unwrap()
    };
    list(&alice, &mut of_alice, "a", "private").await;
    list(&bob, &mut of_bob, "b", "private").await;
    assert_eq!(alice.list_tools().await.unwrap()[0].name, "a");
    assert_eq!(bob.list_tools().await.unwrap()[0].name, "b");
    list(&other, &mut of_other, "c", "public").await;

    let mut told = bob.notifications();
    of_bob.tell("notifications/tools/list_changed", json!({})).await;
    told.next().await;
    list(&bob, &mut of_bob, "d", "public").await;
    assert_eq!(alice.list_tools().await.unwrap()[0].name, "a", "her own");
    let mut told = alice.notifications();
    of_alice.tell("notifications/tools/list_changed", json!({})).await;
    told.next().await;
    list(&alice, &mut of_alice, "e", "public").await;
    assert_eq!(bob.list_tools().await.unwrap()[0].name, "e", "nobody's alone");
}
