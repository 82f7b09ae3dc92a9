//! Wakers are code of the user: no lock is held while they run.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use futures::{FutureExt as _, Stream, StreamExt as _};
use mcp_client::group::GroupEvent;
use mcp_client::{ClientGroup, Event};
use serde_json::json;
use tokio::sync::mpsc;

use crate::fake::modern;

/// Opens a stream each time it wakes a reader.
struct OpensStream<F, S> {
    open: F,
    opened: mpsc::UnboundedSender<S>,
}

impl<F, S> Wake for OpensStream<F, S>
where
    F: Fn() -> S + Send + Sync + 'static,
    S: Send + 'static,
{
    fn wake(self: Arc<Self>) {
        let _ = self.opened.send((self.open)()); // The test may be over.
    }
}

/// Waits for an event of `events` with a waker that opens another stream. Returns the streams that
/// it opens.
fn open_when_woken<S: Stream + Unpin + Send + 'static>(
    events: &mut S,
    open: impl Fn() -> S + Send + Sync + 'static,
) -> mpsc::UnboundedReceiver<S> {
    let (opened, streams) = mpsc::unbounded_channel();
    let waker = Waker::from(Arc::new(OpensStream { open, opened }));
    assert!(events.poll_next_unpin(&mut Context::from_waker(&waker)).is_pending());
    streams
}

/// Runs a test on a thread of its own, so that a deadlock fails it.
fn without_deadlock(test: impl Future<Output = ()> + Send + 'static) {
    let (done, finished) = sync_channel::<()>(1);
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.unwrap().block_on(test);
        drop(done);
    });
    let outcome = finished.recv_timeout(Duration::from_secs(60));
    assert_eq!(outcome, Err(RecvTimeoutError::Disconnected), "the thread ends in time");
    thread.join().unwrap();
}

#[test]
fn a_waker_may_open_a_stream_of_the_group_that_wakes_it() {
    without_deadlock(async {
        let (client, _fake) = modern().await;
        let group = ClientGroup::new();
        let mut events = group.notifications();
        let opening = group.clone();
        let mut opened = open_when_woken(&mut events, move || opening.notifications());
        group.add("notes", client).unwrap();
        let mut late = opened.recv().await.unwrap();
        let connected = GroupEvent::Connected { server: "notes".into() };
        assert_eq!(events.next().await, Some(connected));
        assert_eq!(late.next().now_or_never(), None, "it was opened after the event");
    });
}

#[test]
fn a_waker_may_open_a_stream_of_the_client_that_wakes_it() {
    without_deadlock(async {
        let (client, mut fake) = modern().await;
        let mut events = client.notifications();
        let opening = client.clone();
        let mut opened = open_when_woken(&mut events, move || opening.notifications());
        fake.tell("notifications/tools/list_changed", json!({})).await;
        let mut late = opened.recv().await.unwrap();
        assert_eq!(events.next().await, Some(Event::ToolsListChanged));
        assert_eq!(late.next().now_or_never(), None, "it was opened after the event");
    });
}
