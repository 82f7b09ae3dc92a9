//! Subscriptions of both eras.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use futures::StreamExt as _;
use mcp_client::json::JsonBytes;
use mcp_client::service::{BoxService, CallError, Notification, Reply, Request, Service};
use mcp_client::transport::{TransportError, TransportErrorKind};
use mcp_client::types::SubscriptionFilter;
use mcp_client::{Client, ErrorKind, ErrorObject, Event, Limits};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Duration, Instant};

use crate::fake::{Fake, discovered, legacy_with, modern};

fn filter(uris: &[&str]) -> SubscriptionFilter {
    SubscriptionFilter::new()
        .tools_list_changed(true)
        .resource_subscriptions(uris.iter().map(|uri| (*uri).to_owned()).collect::<Vec<_>>())
}

/// Answers a listen request with an acknowledgement; gives the request.
async fn acknowledge(fake: &mut Fake) -> Value {
    let request = fake.expect("subscriptions/listen").await;
    let params = json!({
        "notifications": {"toolsListChanged": true},
        "_meta": {"io.modelcontextprotocol/subscriptionId": request["id"]},
    });
    fake.tell("notifications/subscriptions/acknowledged", params).await;
    request
}

async fn tell(fake: &mut Fake, id: &Value, method: &str, uri: Option<&str>) {
    let mut params = json!({"_meta": {"io.modelcontextprotocol/subscriptionId": id}});
    if let Some(uri) = uri {
        params["uri"] = json!(uri);
    }
    fake.tell(method, params).await;
}

#[tokio::test]
async fn a_subscription_gets_its_own_events_until_the_server_ends_it() {
    let (client, mut fake) = modern().await;
    let (first, request) =
        tokio::join!(client.subscribe(filter(&["a://1"])), acknowledge(&mut fake));
    let (second, other) = tokio::join!(client.subscribe(filter(&[])), acknowledge(&mut fake));
    let (mut first, mut second) = (first.unwrap(), second.unwrap());
    assert_eq!(request["params"]["notifications"]["resourceSubscriptions"], json!(["a://1"]));
    assert_eq!(first.acknowledged().tools_list_changed, Some(true));
    assert_eq!(first.acknowledged().resource_subscriptions, None);

    tell(&mut fake, &other["id"], "notifications/tools/list_changed", None).await;
    tell(&mut fake, &request["id"], "notifications/resources/updated", Some("a://1")).await;
    fake.reply(&request, json!({"resultType": "complete", "_meta": {}})).await;
    let Some(Event::ResourceUpdated(updated)) = first.next().await else { panic!("its own event") };
    assert_eq!(updated.uri, "a://1");
    assert_eq!(first.next().await, None);
    assert!(first.error().is_none());
    assert_eq!(second.next().await, Some(Event::ToolsListChanged));

    // The other way to end one (TRAP-5).
    fake.tell("notifications/cancelled", json!({"requestId": other["id"]})).await;
    assert_eq!(second.next().await, None);
}

#[tokio::test]
async fn the_acknowledgement_is_compared_with_the_request() {
    let (client, mut fake) = modern().await;
    let acknowledge = async {
        let request = fake.expect("subscriptions/listen").await;
        let params = json!({
            "notifications": {
                "toolsListChanged": true,
                "promptsListChanged": true,
                "resourceSubscriptions": ["a://1", "z://not-asked"],
            },
            "_meta": {"io.modelcontextprotocol/subscriptionId": request["id"]},
        });
        fake.tell("notifications/subscriptions/acknowledged", params).await;
    };
    let requested = filter(&["a://1", "a://2"]).resources_list_changed(true);
    let (subscription, ()) = tokio::join!(client.subscribe(requested), acknowledge);
    let subscription = subscription.unwrap();
    assert_eq!(*subscription.acknowledged(), filter(&["a://1"]), "no more than was requested");
    let missing = SubscriptionFilter::new()
        .resources_list_changed(true)
        .resource_subscriptions(vec!["a://2".to_owned()]);
    assert_eq!(subscription.not_acknowledged(), missing);

    // In the legacy era the capabilities say what is reported.
    let (client, mut fake, _) = legacy_with(Client::builder(), "2025-06-18").await;
    let requested = SubscriptionFilter::new().tools_list_changed(true).prompts_list_changed(true);
    let subscription = client.subscribe(requested).await.unwrap();
    let missing = SubscriptionFilter::new().prompts_list_changed(true);
    assert_eq!(subscription.not_acknowledged(), missing);
    drop((subscription, client));
    assert!(fake.maybe_next().await.is_none());
}

#[tokio::test]
async fn dropping_a_subscription_cancels_it() {
    let (client, mut fake) = modern().await;
    let (subscription, request) =
        tokio::join!(client.subscribe(filter(&[])), acknowledge(&mut fake));
    drop(subscription);
    let cancelled = fake.expect("notifications/cancelled").await;
    assert_eq!(cancelled["params"]["requestId"], request["id"]);
}

#[tokio::test]
async fn a_lost_connection_ends_a_subscription_with_an_error() {
    let (client, mut fake) = modern().await;
    let (subscription, _) = tokio::join!(client.subscribe(filter(&[])), acknowledge(&mut fake));
    let mut subscription = subscription.unwrap();
    drop(fake);
    assert_eq!(subscription.next().await, None);
    assert_eq!(subscription.error().unwrap().kind(), ErrorKind::Transport);
}

#[tokio::test]
async fn streams_of_a_connection_that_has_ended_end() {
    let (client, fake, _) = legacy_with(Client::builder(), "2025-11-25").await;
    let lists = || SubscriptionFilter::new().tools_list_changed(true);
    let mut before = client.subscribe(lists()).await.unwrap();
    let mut all = client.notifications();
    drop(fake);
    assert_eq!(before.next().await, None);
    assert_eq!(all.next().await, None);
    let mut after = client.subscribe(lists()).await.unwrap();
    assert_eq!(after.next().await, None);
    for subscription in [before, after] {
        assert_eq!(subscription.error().unwrap().kind(), ErrorKind::Transport);
    }
    assert_eq!(client.notifications().next().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_refuses_or_is_silent_gives_no_subscription() {
    let (client, mut fake) = modern().await;
    let refuse = async {
        let request = fake.expect("subscriptions/listen").await;
        fake.refuse(&request, -32601, Value::Null).await;
    };
    let (refused, ()) = tokio::join!(client.subscribe(filter(&[])), refuse);
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Peer);
    assert_eq!(client.subscribe(filter(&[])).await.unwrap_err().kind(), ErrorKind::Timeout);
}

#[tokio::test]
async fn the_number_of_subscriptions_is_bounded() {
    let (client, mut fake) = modern().await;
    let mut open = Vec::new();
    for _ in 0..32 {
        let (subscription, _) = tokio::join!(client.subscribe(filter(&[])), acknowledge(&mut fake));
        open.push(subscription.unwrap());
    }
    assert_eq!(client.subscribe(filter(&[])).await.unwrap_err().kind(), ErrorKind::Limit);
    open.pop();
    fake.expect("notifications/cancelled").await;
    let (subscription, _) = tokio::join!(client.subscribe(filter(&[])), acknowledge(&mut fake));
    subscription.unwrap();
}

#[tokio::test]
async fn a_legacy_server_is_asked_for_each_resource_and_the_rest_is_filtered() {
    let (client, mut fake, _) = legacy_with(Client::builder(), "2025-06-18").await;
    let grant = async |fake: &mut Fake, method: &str| {
        let request = fake.expect(method).await;
        assert_eq!(request["params"], json!({"uri": "a://1"}));
        fake.reply(&request, json!({})).await;
    };
    let (first, ()) =
        tokio::join!(client.subscribe(filter(&["a://1"])), grant(&mut fake, "resources/subscribe"));
    let (second, ()) =
        tokio::join!(client.subscribe(filter(&["a://1"])), grant(&mut fake, "resources/subscribe"));
    let mut first = first.unwrap();
    assert_eq!(first.acknowledged(), &filter(&["a://1"]));

    fake.tell("notifications/prompts/list_changed", json!({})).await;
    fake.tell("notifications/resources/updated", json!({"uri": "b://2"})).await;
    fake.tell("notifications/resources/updated", json!({"uri": "a://1/below"})).await;
    fake.tell("notifications/tools/list_changed", json!({})).await;
    let Some(Event::ResourceUpdated(updated)) = first.next().await else { panic!("the update") };
    assert_eq!(updated.uri, "a://1/below");
    assert_eq!(first.next().await, Some(Event::ToolsListChanged));

    // Two watch it; the last one lets go of it.
    drop(first);
    drop(second);
    grant(&mut fake, "resources/unsubscribe").await;
}

/// What the test does with one attempt to listen.
enum Attempt {
    /// It is answered at once.
    Answer(Reply),
    /// It is acknowledged and goes on until the test cuts it off.
    Open(oneshot::Receiver<CallError>),
    /// Nothing comes.
    Silence,
}

/// A server over a way that can be cut and comes back, as HTTP is.
struct Cuttable {
    client: BoxService,
    attempts: Mutex<VecDeque<Attempt>>,
    /// The id of each attempt, and when it came.
    came: mpsc::UnboundedSender<(Value, Instant)>,
    reads: Mutex<u32>,
}

impl Service for Cuttable {
    async fn call(&self, request: Request) -> Reply {
        match &*request.method {
            "server/discover" => Ok(JsonBytes::new(&discovered()).unwrap()),
            "tools/list" => {
                *self.reads.lock().unwrap() += 1;
                let page = json!({"resultType": "complete", "tools": [], "ttlMs": 3_600_000});
                Ok(JsonBytes::new(&page).unwrap())
            }
            "subscriptions/listen" => {
                let id = serde_json::to_value(&request.id).unwrap();
                self.came.send((id.clone(), Instant::now())).unwrap();
                let attempt =
                    self.attempts.lock().unwrap().pop_front().expect("no further attempt");
                match attempt {
                    Attempt::Answer(reply) => reply,
                    Attempt::Silence => std::future::pending().await,
                    Attempt::Open(cut) => {
                        let params = json!({
                            "notifications": {"toolsListChanged": true},
                            "_meta": {"io.modelcontextprotocol/subscriptionId": id},
                        });
                        let params = JsonBytes::new(&params).unwrap();
                        let agreed =
                            Notification::new("notifications/subscriptions/acknowledged", params);
                        self.client.notify(agreed).await;
                        Err(cut.await.unwrap())
                    }
                }
            }
            other => Err(ErrorObject::method_not_found(other).into()),
        }
    }

    async fn notify(&self, _: Notification) {}
}

fn cut() -> CallError {
    TransportError::new(TransportErrorKind::Io, "the stream was cut off").into()
}

type Came = mpsc::UnboundedReceiver<(Value, Instant)>;

async fn cuttable(attempts: Vec<Attempt>) -> (Client, Came, Arc<Cuttable>) {
    let mut limits = Limits::new();
    limits.max_reconnects = 3;
    let (came, coming) = mpsc::unbounded_channel();
    let mut server = None;
    let client = Client::builder()
        .limits(limits)
        .connect_service(|client| {
            let reads = Mutex::default();
            let made =
                Arc::new(Cuttable { client, attempts: Mutex::new(attempts.into()), came, reads });
            Arc::clone(server.insert(made))
        })
        .await
        .unwrap();
    (client, coming, server.unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_is_cut_off_comes_back_and_tells_of_the_gap() {
    let (first_cut, first) = oneshot::channel();
    let (_second_cut, second) = oneshot::channel();
    let attempts = vec![
        Attempt::Open(first),
        Attempt::Answer(Err(cut())),
        Attempt::Silence,
        Attempt::Open(second),
    ];
    let (client, mut came, server) = cuttable(attempts).await;
    let mut subscription = client.subscribe(filter(&["a://1"])).await.unwrap();
    let mut all = client.notifications();
    let (first_id, _) = came.recv().await.unwrap();
    client.list_tools().await.unwrap();
    client.list_tools().await.unwrap();
    assert_eq!(*server.reads.lock().unwrap(), 1, "kept");

    first_cut.send(cut()).unwrap();
    // Refused, then silent for 60 s, then there: the pauses lie between the attempts, never two at
    // a time.
    assert_eq!(subscription.next().await, Some(Event::Gap));
    assert!(subscription.error().is_none());
    assert_eq!(all.next().await, Some(Event::Gap));
    let mut times = Vec::new();
    let mut ids = vec![first_id];
    while let Ok((id, time)) = came.try_recv() {
        times.push(time);
        ids.push(id);
    }
    assert_eq!(times.len(), 3);
    assert!(
        times[2] - times[1] >= Duration::from_secs(60),
        "the silent attempt was given its time"
    );
    assert!(ids.iter().all(|id| ids.iter().filter(|other| *other == id).count() == 1), "fresh ids");

    client.list_tools().await.unwrap();
    assert_eq!(*server.reads.lock().unwrap(), 2, "what was kept may be stale");
    let id = ids.last().unwrap();
    let changed = json!({"_meta": {"io.modelcontextprotocol/subscriptionId": id}});
    let changed =
        Notification::new("notifications/tools/list_changed", JsonBytes::new(&changed).unwrap());
    server.client.notify(changed).await;
    assert_eq!(subscription.next().await, Some(Event::ToolsListChanged));
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_does_not_come_back_is_given_up() {
    let (first_cut, first) = oneshot::channel();
    let mut attempts = vec![Attempt::Open(first)];
    attempts.extend((0..3).map(|_| Attempt::Answer(Err(cut()))));
    let (client, mut came, _server) = cuttable(attempts).await;
    let mut subscription = client.subscribe(filter(&[])).await.unwrap();
    first_cut.send(cut()).unwrap();
    assert_eq!(subscription.next().await, None);
    assert_eq!(subscription.error().unwrap().kind(), ErrorKind::Transport);
    let mut attempts = 0;
    while came.try_recv().is_ok() {
        attempts += 1;
    }
    assert_eq!(attempts, 4);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_change_ends_a_subscription_at_once() {
    let refused = || CallError::Peer(ErrorObject::method_not_found("subscriptions/listen"));
    let closed = || TransportError::closed("over").into();
    for (again, kind) in [(refused(), ErrorKind::Peer), (closed(), ErrorKind::Transport)] {
        let (first_cut, first) = oneshot::channel();
        let attempts = vec![Attempt::Open(first), Attempt::Answer(Err(again))];
        let (client, mut came, _server) = cuttable(attempts).await;
        let mut subscription = client.subscribe(filter(&[])).await.unwrap();
        first_cut.send(cut()).unwrap();
        assert_eq!(subscription.next().await, None);
        assert_eq!(subscription.error().unwrap().kind(), kind);
        assert!(came.recv().await.is_some() && came.recv().await.is_some());
        assert!(came.try_recv().is_err());
    }
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_is_dropped_between_two_attempts_is_not_asked_for_again() {
    let (first_cut, first) = oneshot::channel();
    let (client, mut came, _server) = cuttable(vec![Attempt::Open(first)]).await;
    let subscription = client.subscribe(filter(&[])).await.unwrap();
    came.recv().await.unwrap();
    first_cut.send(cut()).unwrap();
    tokio::task::yield_now().await;
    drop(subscription);
    tokio::time::advance(Duration::from_secs(600)).await;
    tokio::task::yield_now().await;
    assert!(came.try_recv().is_err(), "no further attempt");
}
