//! Requests of one client that different instances answer.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::StreamExt as _;
use mcp_client::task::Started;
use mcp_client::types::{LoggingLevel, SubscriptionFilter};
use mcp_client::{Client, ErrorKind, Event, Revision};
use serde_json::json;

use crate::balancer::NAMES;
use crate::instances::Fleet;

const REVISIONS: [Revision; 3] =
    [Revision::V2025_06_18, Revision::V2025_11_25, Revision::V2026_07_28];

async fn whoami(client: &Client) -> String {
    client.call_tool("whoami", &json!({})).await.expect("an answer").text()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(not(fleet_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn a_client_is_served_by_all_instances() {
    let fleet = Fleet::start();
    for revision in REVISIONS {
        let client = fleet.client(revision).await;
        let mut names = BTreeSet::new();
        for _ in 0..9 {
            names.insert(whoami(&client).await);
        }
        assert_eq!(names.len(), NAMES.len(), "{revision}: {names:?}");
        for _ in 0..6 {
            let reply = client.call_tool("ask", &json!({})).await.expect("an answer");
            assert_eq!(reply.text(), r#""Ann""#, "{revision}");
        }
        client.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(not(fleet_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn changes_and_settings_reach_all_instances() {
    let fleet = Fleet::start();
    for revision in REVISIONS {
        let client = fleet.client(revision).await;
        let filter =
            SubscriptionFilter::new().resource_subscriptions(vec!["state://room".to_owned()]);
        let mut changes = client.subscribe(filter).await.expect("a subscription");
        for number in 0..6 {
            let uri = format!("state://room/{number}");
            client.call_tool("touch", &json!({ "uri": uri })).await.expect("an answer");
            // After a new session, it may be the resource above.
            loop {
                let next = tokio::time::timeout(Duration::from_secs(10), changes.next()).await;
                match next.expect("a change in time").expect("an open subscription") {
                    Event::ResourceUpdated(params) if params.uri == uri => break,
                    Event::ResourceUpdated(_) | Event::Gap => {}
                    other => panic!("{revision}: {other:?}"),
                }
            }
        }
        client.close().await;
    }
    let client = fleet.client(Revision::V2025_11_25).await;
    let mut notifications = client.notifications();
    client.set_log_level(LoggingLevel::Error).await.expect("a level");
    tokio::time::sleep(Duration::from_millis(200)).await; // It holds everywhere soon.
    for _ in 0..3 {
        client.call_tool("count", &json!({ "to": 2, "ms": 1 })).await.expect("an answer");
    }
    client.set_log_level(LoggingLevel::Warning).await.expect("a level");
    tokio::time::sleep(Duration::from_millis(200)).await;
    for _ in 0..3 {
        client.call_tool("count", &json!({ "to": 2, "ms": 1 })).await.expect("an answer");
    }
    let mut logs = 0;
    while let Ok(Some(event)) =
        tokio::time::timeout(Duration::from_millis(500), notifications.next()).await
    {
        logs += usize::from(matches!(event, Event::Log(_)));
    }
    assert_eq!(logs, 6, "those of the last three calls");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(not(fleet_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn a_task_is_read_fed_and_cancelled_at_other_instances() {
    let fleet = Fleet::start();
    let client = fleet.client(Revision::V2026_07_28).await;
    let arguments = json!({ "steps": 4, "ms": 20 });
    for _ in 0..3 {
        let reply = client.call_tool("job", &arguments).await.expect("a result");
        let text = reply.text();
        assert_eq!(text.split(' ').count(), 5, "{text}");
        assert!(text.contains(r#""Ann""#), "{text}");
    }
    let started = client.call_tool("job", &json!({ "steps": 4, "ms": 60_000 })).start().await;
    let Started::Task(mut task) = started.expect("a task") else { panic!("no task") };
    let other = fleet.client(Revision::V2026_07_28).await;
    let same = other.resume_task(task.save()).await.expect("the task");
    same.cancel().await.expect("an acknowledgement");
    let ended = tokio::time::timeout(Duration::from_secs(10), task).await.expect("an end in time");
    assert_eq!(ended.expect_err("no result").kind(), ErrorKind::Cancelled);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[cfg_attr(not(fleet_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn a_session_survives_the_death_of_the_instance_that_began_it() {
    let mut fleet = Fleet::start();
    let client = fleet.client(Revision::V2025_11_25).await;
    let filter = SubscriptionFilter::new().resource_subscriptions(vec!["state://room".to_owned()]);
    let mut changes = client.subscribe(filter).await.expect("a subscription");
    for index in 0..2 {
        fleet.kill(index);
        // Until the balancer notices it, requests may be led to it.
        tokio::time::sleep(Duration::from_millis(600)).await;
        let uri = format!("state://room/{index}");
        client.call_tool("touch", &json!({ "uri": uri })).await.expect("an answer");
        loop {
            let next = tokio::time::timeout(Duration::from_secs(20), changes.next()).await;
            match next.expect("a change in time").expect("an open subscription") {
                Event::ResourceUpdated(params)
                    if params.uri == uri || params.uri == "state://room" =>
                {
                    break;
                }
                Event::ResourceUpdated(_) | Event::Gap => {}
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(whoami(&client).await, "three");
}
