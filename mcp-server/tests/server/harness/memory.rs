//! In one process: a request is a call of the server's service, and cancelling it drops the future.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use mcp_core::transport::memory::{Link, connect};
use mcp_server::json::JsonBytes;
use mcp_server::jsonrpc::{ErrorObject, RequestId};
use mcp_server::service::{
    Accept as _, CallError, Conversation, Notification, Reply, Request, Service,
};
use mcp_server::{ConnectionLimits, Server};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;

use super::client::{Answered, Failure, Inbox, Told, Wire};

pub struct Memory {
    link: Arc<Link>,
    running: Mutex<HashMap<Value, AbortHandle>>,
    notes: mpsc::UnboundedSender<Notification>,
}

pub fn open(server: &Server, inbox: Inbox) -> Memory {
    let link = connect(
        &ConnectionLimits::for_client(),
        |_| Client(inbox),
        &server.limits(),
        |peer| server.accept(peer),
    );
    let link = Arc::new(link);
    let (notes, mut pending) = mpsc::unbounded_channel();
    let to_server = link.second();
    tokio::spawn(async move {
        while let Some(note) = pending.recv().await {
            to_server.notify(note).await;
        }
    });
    Memory { link, running: Mutex::default(), notes }
}

impl Wire for Memory {
    fn request(&self, id: Value, method: &str, params: Value) -> oneshot::Receiver<Answered> {
        let (sender, answer) = oneshot::channel();
        let to_server = self.link.second();
        let request = Request::new(
            serde_json::from_value::<RequestId>(id.clone()).expect("an id"),
            method.to_owned(),
            JsonBytes::new(&params).expect("JSON"),
        )
        .with_peer(self.link.first());
        let task = tokio::spawn(async move {
            let answered = match to_server.call(request).await {
                Ok(result) => Ok(result.parse().expect("the result is JSON")),
                Err(CallError::Peer(error)) => Err(failure(&error)),
                Err(error) => Err(Failure { code: 0, message: format!("{error:?}"), data: None }),
            };
            let _ = sender.send(answered);
        });
        self.running.lock().unwrap().insert(id, task.abort_handle());
        answer
    }

    fn notify(&self, method: &str, params: Value) {
        let params = JsonBytes::new(&params).expect("JSON");
        let _ = self.notes.send(Notification::new(method.to_owned(), params));
    }

    fn cancel(&self, id: &Value) {
        if let Some(task) = self.running.lock().unwrap().remove(id) {
            task.abort();
        }
    }

    fn close(&self) {
        self.link.close();
    }
}

fn failure(error: &ErrorObject) -> Failure {
    Failure {
        code: error.code().into(),
        message: error.message().to_owned(),
        data: error.data().map(|data| serde_json::from_str(data.get()).expect("the data is JSON")),
    }
}

/// The client as the server sees it.
struct Client(Inbox);

impl Conversation for Client {}

impl Service for Client {
    async fn call(&self, request: Request) -> Reply {
        let params: Value = request.params.parse().expect("JSON");
        let told = Told { method: request.method.to_string(), params };
        let _ = self.0.told.send(told.clone());
        match (self.0.answerer)(&told.method, &told.params) {
            Some(Ok(result)) => Ok(JsonBytes::new(&result).expect("JSON")),
            Some(Err(Failure { code, message, .. })) => {
                Err(ErrorObject::new(code.try_into().expect("a code"), message).into())
            }
            None => {
                let _dropped = Dropped(&self.0, &request);
                std::future::pending().await
            }
        }
    }

    async fn notify(&self, notification: Notification) {
        let params = notification.params.parse().expect("JSON");
        let _ = self.0.told.send(Told { method: notification.method.to_string(), params });
    }
}

/// Tells of a withdrawn request in the words of a stream.
struct Dropped<'a>(&'a Inbox, &'a Request);

impl Drop for Dropped<'_> {
    fn drop(&mut self) {
        let params = serde_json::json!({ "requestId": self.1.id });
        let _ = self.0.told.send(Told { method: "notifications/cancelled".into(), params });
    }
}
