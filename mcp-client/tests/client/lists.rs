//! Pages, streams of items, and what is kept.

use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _};
use mcp_client::{Client, ErrorKind, Expired, Limits, SharedCache};
use mcp_test_support::with;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use crate::fake::{Fake, modern, modern_with};

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

/// Lists with a bound that the server exceeds, and returns the error.
async fn exceeded(change: fn(&mut Limits), pages: &[Value]) -> String {
    let mut limits = Limits::default();
    change(&mut limits);
    let (client, mut fake) = modern_with(Client::builder().limits(limits)).await;
    let error = with(client.list_tools(), async {
        for page in pages {
            let request = fake.expect("tools/list").await;
            fake.reply(&request, page.clone()).await;
        }
    });
    let error = timeout(Duration::from_secs(60), error).await.expect("an end").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
    error.to_string()
}

#[tokio::test]
async fn pages_bytes_items_and_cursors_of_a_list_are_bounded() {
    let empty = |next: &str| page(&[], Some(next), 0);
    let pages: Vec<Value> = (1..=5).map(|number| empty(&number.to_string())).collect();
    let error = exceeded(|limits| limits.list.max_pages = 5, &pages).await;
    assert!(error.contains("more than 5 pages (Limits::list.max_pages)"), "{error}");

    let mut large = page(&["a"], Some("1"), 0);
    large["tools"][0]["description"] = json!("x".repeat(40_000));
    let mut second = large.clone();
    second["nextCursor"] = json!("2");
    let mut third = large.clone();
    third["nextCursor"] = json!("3");
    let error =
        exceeded(|limits| limits.list.max_bytes = 100_000, &[large.clone(), second, third]).await;
    assert!(error.contains("more than 100000 bytes (Limits::list.max_bytes)"), "{error}");

    let mut definition = page(&["small", "huge"], None, 0);
    definition["tools"][1]["inputSchema"]["description"] = json!("x".repeat(256 << 10));
    let error = exceeded(|_| {}, &[definition]).await;
    assert!(error.contains("Limits::list.max_item_bytes"), "{error}");

    let error = exceeded(|_| {}, &[page(&[], Some(&"c".repeat(8_193)), 0)]).await;
    assert!(
        error.contains("8193 bytes, more than 8192 (Limits::list.max_cursor_bytes)"),
        "{error}"
    );

    let error =
        exceeded(|limits| limits.list.max_items = 2, &[page(&["a", "b", "c"], None, 0)]).await;
    assert!(error.contains("more than 2 items (Limits::list.max_items)"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn the_total_timeout_is_that_of_all_pages() {
    let (client, mut fake) = modern().await;
    let serve = tokio::spawn(async move {
        for number in 0.. {
            let Some(request) = fake.maybe_next().await else { return };
            if request["method"] == "tools/list" {
                tokio::time::sleep(Duration::from_secs(40)).await;
                fake.reply(&request, page(&["a"], Some(&number.to_string()), 0)).await;
            }
        }
    });
    let total = Duration::from_secs(100);
    let begun = Instant::now();
    let error = client.list_tools().total_timeout(total).await.unwrap_err();
    assert_eq!((error.expired(), begun.elapsed()), (Some(Expired::Total), total));

    // Of a stream it is the time of the server, and not that of the reader.
    tokio::time::sleep(Duration::from_secs(60)).await;
    let mut tools = client.list_tools().total_timeout(total).into_stream();
    for _ in 0..2 {
        tools.next().await.unwrap().unwrap();
        tokio::time::sleep(Duration::from_secs(1_000)).await;
    }
    let begun = Instant::now();
    let error = tools.next().await.unwrap().unwrap_err();
    assert_eq!(error.expired(), Some(Expired::Total));
    assert_eq!(begun.elapsed(), Duration::from_secs(20));
    assert!(tools.next().await.is_none());
    serve.abort();
}

#[tokio::test]
async fn a_result_that_cannot_be_read_is_not_cached() {
    let (client, mut fake) = modern().await;
    let bad = json!({"resultType": "complete", "tools": 7, "ttlMs": 86_400_000});
    let error = with(client.list_tools(), serve(&mut fake, None, bad)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    let good = serve(&mut fake, None, page(&["a"], None, 60_000));
    assert_eq!(with(client.list_tools(), good).await.unwrap().len(), 1);
    assert_eq!(client.list_tools().await.unwrap().len(), 1, "cached");
}

#[tokio::test]
async fn a_change_at_one_server_or_principal_stops_no_other_result_from_being_cached() {
    let cache = SharedCache::new();
    let connect = async |server: &str, principal: &str| {
        modern_with(Client::builder().shared_cache(&cache, server, principal)).await
    };
    let (noisy, mut of_noisy) = connect("https://a.example/mcp", "alice").await;
    let mut events = noisy.notifications();
    for (server, principal, scope) in
        [("https://b.example/mcp", "alice", "public"), ("https://a.example/mcp", "bob", "private")]
    {
        let (client, mut fake) = connect(server, principal).await;
        let mut answer = page(&["x"], None, 60_000);
        answer["cacheScope"] = json!(scope);
        with(client.list_tools(), async {
            let request = fake.expect("tools/list").await;
            of_noisy.tell("notifications/tools/list_changed", json!({})).await;
            events.next().await;
            fake.reply(&request, answer).await;
        })
        .await
        .unwrap();
        assert_eq!(client.list_tools().await.unwrap().len(), 1, "cached at {server}");
    }
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
    let all = timeout(Duration::from_secs(60), client.list_tools()).await.expect("an end");
    assert_eq!(all.unwrap_err().kind(), ErrorKind::Limit);
    let streamed = timeout(Duration::from_secs(60), client.tools().collect::<Vec<_>>());
    let streamed = streamed.await.expect("an end");
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
async fn a_kept_cursor_that_the_server_forgot_restarts_the_list() {
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
    assert_eq!(bob.list_tools().await.unwrap()[0].name, "e", "for every principal");
}
