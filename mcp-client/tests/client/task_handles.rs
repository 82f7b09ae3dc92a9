//! Handles of tasks: started calls, states, saved tasks, groups.

use std::time::Duration;

use futures::{FutureExt as _, StreamExt as _};
use mcp_client::task::{SavedTask, Started, TaskHandle, TaskOptions};
use mcp_client::types::{ElicitResult, InputResponses, TaskStatus};
use mcp_client::{Client, ClientGroup, ErrorKind, Expired};
use mcp_test_support::message::text;
use mcp_test_support::{settle, with, within_an_hour};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::fake::{Ends, Fake, discovered, modern, modern_with};
use crate::task_script::{
    asking, completed, create, poll, polling, polling_client, question, state, update, working,
};

/// Starts a call that the server answers with a task.
async fn started(client: &Client, fake: &mut Fake) -> TaskHandle {
    let started = with(client.call_tool("x", &()).start().boxed(), async {
        create(fake, json!({ "statusMessage": "queued" })).await;
    });
    match started.await.unwrap() {
        Started::Task(task) => task,
        Started::Result(reply) => panic!("no task: {reply:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_started_call_returns_the_result_or_the_task() {
    let (client, mut fake) = polling_client().await;
    let started_call = with(client.call_tool("x", &()).start().boxed(), async {
        let request = fake.expect("tools/call").await;
        fake.reply(&request, text("at once")).await;
    });
    let Started::Result(reply) = started_call.await.unwrap() else { panic!("there is no task") };
    assert_eq!(reply.text(), "at once");

    let task = started(&client, &mut fake).await;
    assert_eq!((task.id(), &task.state().status), ("t1", &TaskStatus::Working));
    assert_eq!(task.state().status_message.as_deref(), Some("queued"));
    let reply = with(task, async {
        poll(&mut fake, completed("done")).await;
    });
    assert_eq!(reply.await.unwrap().text(), "done");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_until_someone_waits() {
    let (client, mut fake) = polling_client().await;
    let task = started(&client, &mut fake).await;
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    drop(task);
    drop(client);
    assert_eq!(fake.maybe_next().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_wait_may_be_dropped_and_repeated() {
    let (client, mut fake) = polling_client().await;
    let mut task = started(&client, &mut fake).await;
    let waiting = tokio::time::timeout(Duration::from_millis(1), task.wait());
    assert!(waiting.await.is_err());
    let serve = async {
        poll(&mut fake, completed("done")).await;
    };
    let (reply, ()) = tokio::join!(task.wait(), serve);
    assert_eq!(reply.unwrap().text(), "done");
    assert_eq!(task.wait().await.unwrap().text(), "done");
    // A state that is final is known: no request is sent.
    assert_eq!(task.get().await.unwrap().status, TaskStatus::Completed);
    drop((task, client));
    assert_eq!(fake.maybe_next().await, None);
}

#[tokio::test(start_paused = true)]
async fn an_error_is_the_same_each_time() {
    let (client, mut fake) = polling_client().await;
    let mut task = started(&client, &mut fake).await;
    let serve = async {
        let request = fake.expect("tasks/get").await;
        fake.refuse(&request, -32602, Value::Null).await;
    };
    let (first, ()) = tokio::join!(task.wait(), serve);
    let (first, second) = (first.unwrap_err(), task.wait().await.unwrap_err());
    assert_eq!(first.kind(), ErrorKind::TaskGone);
    assert_eq!(format!("{first:?}"), format!("{second:?}"));
    assert_eq!(second.peer().unwrap().code(), -32602);
}

#[tokio::test(start_paused = true)]
async fn updates_are_the_states_and_end_with_the_final_one() {
    let (client, mut fake) = polling_client().await;
    let mut task = started(&client, &mut fake).await;
    let updates = task.updates().unwrap();
    assert!(task.updates().is_none(), "taken once");
    let collect = updates.map(|state| state.status_message.clone().unwrap_or_default());
    let serve = async {
        for message in ["printing", "printing", "stapling"] {
            poll(&mut fake, state("working", json!({ "statusMessage": message }))).await;
        }
        poll(&mut fake, completed("done")).await;
    };
    let (states, ()) = tokio::join!(collect.collect::<Vec<_>>(), serve);
    assert_eq!(states, ["queued", "printing", "stapling", ""]);
    assert_eq!(task.wait().await.unwrap().text(), "done");
}

#[tokio::test(start_paused = true)]
async fn updates_end_when_the_client_stops_following() {
    let (client, mut fake) = polling_client().await;
    let mut task = started(&client, &mut fake).await.total_timeout(Duration::from_millis(500));
    let updates = task.updates().unwrap();
    assert_eq!(updates.count().await, 1);
    assert_eq!(task.wait().await.unwrap_err().expired(), Some(Expired::Total));

    let mut task = started(&client, &mut fake).await;
    let updates = task.updates().unwrap();
    drop(task);
    assert_eq!(within_an_hour("the end", updates.count()).await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_task_is_cancelled_and_the_server_says_what_became_of_it() {
    for (last, kind) in [
        (completed("done anyway"), None),
        (state("cancelled", json!({})), Some(ErrorKind::Cancelled)),
    ] {
        let (client, mut fake) = polling_client().await;
        let mut task = started(&client, &mut fake).await;
        let serve = async {
            let request = fake.expect("tasks/cancel").await;
            assert_eq!(request["params"]["taskId"], "t1");
            fake.reply(&request, json!({ "resultType": "complete" })).await;
        };
        let (cancelled, ()) = tokio::join!(task.cancel(), serve);
        cancelled.unwrap();
        let begun = Instant::now();
        let (reply, at) = tokio::join!(task.wait(), poll(&mut fake, last));
        assert!(at - begun < Duration::from_millis(10), "it is polled at once");
        assert_eq!(reply.err().map(|error| error.kind()), kind);
    }
}

#[tokio::test(start_paused = true)]
async fn the_host_may_answer_by_itself() {
    let builder = Client::builder().tasks(polling()).on_elicit(|_| async { panic!("by hand") });
    let (client, mut fake) = modern_with(builder).await;
    let mut task = started(&client, &mut fake).await.manual_input();
    let updates = task.updates().unwrap();
    let mut questions = Box::pin(updates.filter(|state| {
        let asks = state.status == TaskStatus::InputRequired;
        async move { asks }
    }));
    let (asked, _) =
        tokio::join!(questions.next(), poll(&mut fake, asking(json!({ "a": question("sure?") }))));
    assert!(asked.unwrap().input_requests.as_ref().unwrap().contains_key("a"));
    let mut answers = InputResponses::new();
    answers.insert("a", &ElicitResult::decline()).unwrap();
    let (updated, sent) = tokio::join!(task.update(&answers), update(&mut fake));
    updated.unwrap();
    assert_eq!(sent, json!({ "a": { "action": "decline" } }));
    let (reply, _) = tokio::join!(task.wait(), poll(&mut fake, completed("done")));
    assert_eq!(reply.unwrap().text(), "done");
}

#[tokio::test(start_paused = true)]
async fn a_progress_handler_that_panics_ends_the_wait() {
    let (client, mut fake) = polling_client().await;
    let call = client.call_tool("x", &()).on_progress(|_| panic!("no"));
    let task = with(call.start().boxed(), async {
        create(&mut fake, json!({ "statusMessage": "queued" })).await;
    });
    let Started::Task(mut task) = task.await.unwrap() else { panic!("there is a task") };
    assert_eq!(task.wait().await.unwrap_err().kind(), ErrorKind::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn a_saved_task_is_resumed_in_another_process() {
    let cancelling = || Client::builder().tasks(polling().cancel_on_drop(true));
    let (client, mut fake) = modern_with(cancelling()).await;
    let mut task = started(&client, &mut fake).await;
    let saved = serde_json::to_string(&task.save()).unwrap();
    drop((task, client));
    assert_eq!(fake.maybe_next().await, None, "a saved task is not cancelled");

    let saved: SavedTask = serde_json::from_str(&saved).unwrap();
    assert_eq!((saved.task_id(), saved.server()), ("t1", "fake"));
    let (client, mut fake) = modern_with(cancelling()).await;
    let (task, _) = tokio::join!(client.resume_task(saved), poll(&mut fake, working()));
    let mut task = task.unwrap();
    assert_eq!(task.state().status, TaskStatus::Working);
    let (reply, _) = tokio::join!(task.wait(), poll(&mut fake, completed("done")));
    assert_eq!(reply.unwrap().text(), "done");
}

#[tokio::test(start_paused = true)]
async fn a_saved_task_that_is_done_or_gone_says_so() {
    let (client, mut fake) = polling_client().await;
    let saved = started(&client, &mut fake).await.save();
    let (task, _) =
        tokio::join!(client.resume_task(saved.clone()), poll(&mut fake, completed("done")));
    assert_eq!(task.unwrap().await.unwrap().text(), "done");
    let (task, ()) = tokio::join!(client.resume_task(saved), async {
        let request = fake.expect("tasks/get").await;
        fake.refuse(&request, -32602, Value::Null).await;
    });
    assert_eq!(task.unwrap_err().kind(), ErrorKind::TaskGone);
}

#[tokio::test(start_paused = true)]
async fn a_saved_task_is_refused_where_it_does_not_fit() {
    let (client, mut fake) = polling_client().await;
    let saved = serde_json::to_value(started(&client, &mut fake).await.save()).unwrap();
    let expected = json!({
        "version": 1, "generation": "io.modelcontextprotocol/tasks", "server": "fake",
        "taskId": "t1",
    });
    assert_eq!(saved, expected, "no secrets");
    for (member, value, reason) in [
        ("version", json!(2), "version"),
        ("generation", json!("2025-11-25"), "2025-11-25"),
        ("server", json!("other"), "\"other\""),
        ("taskId", json!(""), "taskId"),
    ] {
        let mut forged = saved.clone();
        forged[member] = value;
        forged["unknown"] = json!("of a later version");
        let error = client.resume_task(serde_json::from_value(forged).unwrap()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.to_string().contains(reason), "{error}");
    }
    let (plain, _fake) = modern().await;
    let error = plain.resume_task(serde_json::from_value(saved).unwrap()).await.unwrap_err();
    assert!(error.to_string().contains("ClientBuilder::tasks"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_handle_that_is_dropped_leaves_its_task_unless_the_user_cancels_it() {
    for cancels in [false, true] {
        let builder = Client::builder().tasks(polling().cancel_on_drop(cancels));
        let (client, mut fake) = modern_with(builder).await;
        drop(started(&client, &mut fake).await);
        settle().await;
        drop(client);
        let next = fake.maybe_next().await.map(|message| message["method"].clone());
        assert_eq!(next, cancels.then(|| "tasks/cancel".into()));
    }
}

/// A group with the server `s`, and the servers that it starts, one after the other.
fn group() -> (ClientGroup, mpsc::UnboundedReceiver<Fake>) {
    let group = ClientGroup::new();
    let (sender, servers) = mpsc::unbounded_channel();
    let connect = move || {
        let ((reader, writer), fake): (Ends, Fake) = Fake::new();
        let _ = sender.send(fake);
        async move {
            let builder = Client::builder().tasks(TaskOptions::new().listen(false));
            builder.connect(reader, writer).await
        }
    };
    group.add_with("s", connect).unwrap();
    (group, servers)
}

/// The next server of a group, after the handshake.
async fn next_server(servers: &mut mpsc::UnboundedReceiver<Fake>) -> Fake {
    let mut fake = within_an_hour("another server", servers.recv()).await.unwrap();
    let probe = fake.expect("server/discover").await;
    fake.reply(&probe, discovered()).await;
    fake
}

/// Answers the list of tools, and the call with a task.
async fn create_in_group(fake: &mut Fake) {
    loop {
        let request = fake.next().await;
        if request["method"] == "tools/list" {
            let tool = json!({ "name": "x", "inputSchema": { "type": "object" } });
            fake.reply(&request, json!({ "resultType": "complete", "tools": [tool] })).await;
            continue;
        }
        assert_eq!(
            (&request["method"], &request["params"]["name"]),
            (&json!("tools/call"), &json!("x"))
        );
        let mut created = working();
        created["resultType"] = "task".into();
        return fake.reply(&request, created).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_of_a_group_outlives_the_connections_to_its_server() {
    let (group, mut servers) = group();
    let reply = with(group.call_tool("s__x", &()), async {
        let mut fake = next_server(&mut servers).await;
        create_in_group(&mut fake).await;
        poll(&mut fake, working()).await;
        for _ in 0..2 {
            drop(fake); // It exits.
            fake = next_server(&mut servers).await;
            poll(&mut fake, working()).await;
            poll(&mut fake, working()).await;
        }
        poll(&mut fake, completed("done")).await;
    });
    assert_eq!(within_an_hour("the result", reply).await.unwrap().text(), "done");
}

#[tokio::test(start_paused = true)]
async fn a_task_that_a_restarted_server_does_not_have_is_gone() {
    let (group, mut servers) = group();
    let error = with(group.call_tool("s__x", &()), async {
        let mut fake = next_server(&mut servers).await;
        create_in_group(&mut fake).await;
        drop(fake);
        let mut fake = next_server(&mut servers).await;
        let request = fake.expect("tasks/get").await;
        fake.refuse(&request, -32602, Value::Null).await;
    });
    let error = within_an_hour("the error", error).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TaskGone);
}
