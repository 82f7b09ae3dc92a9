//! The tasks whose ids a client has received.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use mcp_client::task::{SavedTask, Started};
use mcp_client::types::{CallToolResult, TaskStatus};
use mcp_client::{Client, Error, ErrorKind};
use serde_json::json;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use crate::history::History;

/// Time after which a task that still works counts as one that works for ever.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// Number of tasks that are read at the same time.
const READERS: usize = 32;

/// A task whose id a client has received.
struct Acknowledged {
    name: String,
    saved: SavedTask,
    /// The first result that was read.
    result: Option<String>,
}

/// The tasks whose ids a client has received.
#[derive(Default)]
pub(crate) struct Tasks(Arc<Mutex<Vec<Acknowledged>>>);

/// Calls that are being sent.
pub(crate) struct Calls {
    sending: JoinHandle<()>,
    has_killed: Arc<AtomicBool>,
}

impl Tasks {
    /// Calls the tool once for each name, all at the same time, and remembers what is answered.
    pub(crate) fn begin(&self, client: &Client, names: Vec<String>) -> Calls {
        let (client, tasks) = (client.clone(), Arc::clone(&self.0));
        let has_killed = Arc::new(AtomicBool::new(false));
        let may_fail = Arc::clone(&has_killed);
        let sending = tokio::spawn(async move {
            let mut calls: FuturesUnordered<_> =
                names.into_iter().map(|name| begin_one(&client, name)).collect();
            while let Some((name, started)) = calls.next().await {
                match started {
                    Ok(saved) => {
                        tasks.lock().await.push(Acknowledged { name, saved, result: None });
                    }
                    Err(error) => {
                        assert!(may_fail.load(Ordering::Acquire), "nothing is killed: {error:?}");
                    }
                }
            }
        });
        Calls { sending, has_killed }
    }

    pub(crate) async fn len(&self) -> usize {
        self.0.lock().await.len()
    }

    /// Reads the tasks that have no result yet, once each. A task that is lost is an error, and a
    /// server that is killed meanwhile is not.
    pub(crate) async fn look(&self, client: &Client) {
        let mut tasks = self.0.lock().await;
        let open = tasks.iter_mut().filter(|task| task.result.is_none());
        let reads = futures::stream::iter(open)
            .map(async |task| match read(client, task).await {
                Ok(result) => task.result = result,
                Err(error) => assert!(error.kind() != ErrorKind::TaskGone, "{error:?}"),
            })
            .buffer_unordered(READERS);
        reads.collect::<()>().await;
    }

    /// Reads all tasks until each has a result. Those that were read before have the same result
    /// as then.
    pub(crate) async fn finish(&self, client: &Client) {
        finish(client, self.0.lock().await.iter_mut()).await;
    }

    /// Reads the tasks that have no result yet until each has one.
    pub(crate) async fn finish_new(&self, client: &Client) {
        let mut tasks = self.0.lock().await;
        finish(client, tasks.iter_mut().filter(|task| task.result.is_none())).await;
    }

    /// Compares the results with what the tasks have written down.
    pub(crate) async fn compare(&self, history: &History) {
        for task in &*self.0.lock().await {
            let expected = history.result(&task.name);
            assert_eq!(task.result.as_deref(), Some(&*expected), "{}", task.name);
        }
    }
}

impl Calls {
    /// Something is about to be killed: from now on, calls may fail.
    pub(crate) fn may_fail(&self) {
        self.has_killed.store(true, Ordering::Release);
    }

    /// Drops the calls that are not answered.
    pub(crate) async fn give_up(self) {
        self.sending.abort();
        if let Err(error) = self.sending.await
            && error.is_panic()
        {
            std::panic::resume_unwind(error.into_panic());
        }
    }

    /// Waits for the calls.
    pub(crate) async fn end(self) {
        self.sending.await.expect("calls without a failure");
    }
}

/// Reads tasks until each has a result.
async fn finish(client: &Client, tasks: impl Iterator<Item = &mut Acknowledged>) {
    let reads = futures::stream::iter(tasks)
        .map(async |task| {
            let begin = Instant::now();
            loop {
                match read(client, task).await.expect("the server answers") {
                    Some(result) => {
                        let first = task.result.get_or_insert_with(|| result.clone());
                        assert_eq!(*first, result, "{} has two results", task.name);
                        break;
                    }
                    None => assert!(begin.elapsed() < MAX_WAIT, "{} works for ever", task.name),
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        })
        .buffer_unordered(READERS);
    reads.collect::<()>().await;
}

async fn begin_one(client: &Client, name: String) -> (String, Result<SavedTask, Error>) {
    let arguments = json!({ "task": name });
    let started = client.call_tool("work", &arguments).start().await;
    let saved = started.map(|started| match started {
        Started::Task(mut task) => task.save(),
        Started::Result(result) => panic!("the call became no task: {result:?}"),
    });
    (name, saved)
}

/// Reads a task. `None` if it works.
async fn read(client: &Client, task: &Acknowledged) -> Result<Option<String>, Error> {
    let state = client.resume_task(task.saved.clone()).await?.state();
    match &state.status {
        TaskStatus::Working => Ok(None),
        TaskStatus::Completed => {
            let result = state.result.as_ref().expect("the result of a completed task");
            let result: CallToolResult = serde_json::from_str(result.get()).expect("a result");
            assert_ne!(result.is_error, Some(true), "{}: {result:?}", task.name);
            let text = result.content.first().and_then(|block| block.as_text());
            Ok(Some(text.expect("a text").to_owned()))
        }
        status => panic!("{} is {status:?}: {:?}", task.name, state.error),
    }
}
