//! The tasks whose ids a client has received.

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use mcp_client::task::{SavedTask, Started};
use mcp_client::types::{CallToolResult, TaskStatus};
use mcp_client::{Client, Error, ErrorKind};
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::history::History;

/// Time after which a task that still works counts as one that works for ever.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// Number of tasks that are read at the same time.
const READERS: usize = 32;

/// A task whose id a client has received.
#[derive(Clone)]
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
    answered: watch::Receiver<bool>,
}

impl Tasks {
    /// Calls the tool once for each name, all at the same time, and remembers what is answered.
    pub(crate) fn begin(&self, client: &Client, names: Vec<String>) -> Calls {
        let (client, tasks) = (client.clone(), Self(Arc::clone(&self.0)));
        let has_killed = Arc::new(AtomicBool::new(false));
        let may_fail = Arc::clone(&has_killed);
        let (answer, answered) = watch::channel(false);
        let sending = tokio::spawn(async move {
            let mut calls: FuturesUnordered<_> =
                names.into_iter().map(|name| begin_one(&client, name)).collect();
            while let Some((name, started)) = calls.next().await {
                match started {
                    Ok(saved) => {
                        answer.send_replace(true);
                        tasks.lock().push(Acknowledged { name, saved, result: None });
                    }
                    Err(error) => {
                        assert!(may_fail.load(Ordering::Acquire), "nothing is killed: {error:?}");
                    }
                }
            }
        });
        Calls { sending, has_killed, answered }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Acknowledged>> {
        self.0.lock().expect("no panic while it is locked")
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    /// Reads the tasks that have no result yet, once each. A task that is lost is an error, and a
    /// server that is killed meanwhile is not.
    async fn look(&self, client: &Client) {
        let reads = futures::stream::iter(self.open())
            .map(async |(index, task)| match read(client, &task).await {
                Ok(result) => self.lock()[index].result = result,
                Err(error) => assert!(error.kind() != ErrorKind::TaskGone, "{error:?}"),
            })
            .buffer_unordered(READERS);
        reads.collect::<()>().await;
    }

    /// Reads all tasks until each has a result. Those that were read before have the same result
    /// as then.
    pub(crate) async fn finish(&self, client: &Client) {
        let all = self.lock().iter().cloned().enumerate().collect();
        self.read_until_the_end(client, all).await;
    }

    /// Reads the tasks that have no result yet until each has one.
    pub(crate) async fn finish_new(&self, client: &Client) {
        self.read_until_the_end(client, self.open()).await;
    }

    /// The tasks that have no result yet, and their places.
    fn open(&self) -> Vec<(usize, Acknowledged)> {
        let tasks = self.lock();
        let open = tasks.iter().enumerate().filter(|(_, task)| task.result.is_none());
        open.map(|(index, task)| (index, task.clone())).collect()
    }

    async fn read_until_the_end(&self, client: &Client, tasks: Vec<(usize, Acknowledged)>) {
        let reads = futures::stream::iter(tasks)
            .map(async |(index, task)| {
                let begin = Instant::now();
                let result = loop {
                    if let Some(result) = read(client, &task).await.expect("the server answers") {
                        break result;
                    }
                    assert!(begin.elapsed() < MAX_WAIT, "{} works for ever", task.name);
                    tokio::time::sleep(Duration::from_millis(10)).await;
                };
                let mut tasks = self.lock();
                let first = tasks[index].result.get_or_insert_with(|| result.clone());
                assert_eq!(*first, result, "{} has two results", task.name);
            })
            .buffer_unordered(READERS);
        reads.collect::<()>().await;
    }

    /// Compares the results with what the tasks have written down.
    pub(crate) fn compare(&self, history: &History) {
        for task in &*self.lock() {
            let expected = history.result(&task.name);
            assert_eq!(task.result.as_deref(), Some(&*expected), "{}", task.name);
        }
    }
}

impl Calls {
    /// Waits until the first call is answered.
    pub(crate) async fn first(&self) {
        // An error if the calls have failed, which their end reports.
        drop(self.answered.clone().wait_for(|is_answered| *is_answered).await);
    }

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

/// Reads the tasks that have no result yet, and then waits for ever.
pub(crate) async fn look_once(tasks: &Tasks, client: &Client) -> Infallible {
    tasks.look(client).await;
    std::future::pending().await
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
