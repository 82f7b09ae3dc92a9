//! As in goose: one path for all calls, with the session in the metadata, a token that cancels and
//! a deadline, whatever the era; and credentials that many refused calls renew only once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::join_all;
use mcp_client::http::{
    Authorizer, Binding, BoxError, Bytes, HttpBody, HttpError, HttpStack, Network, Refusal,
    Request, Response, StatusCode, Verdict, async_trait,
};
use mcp_client::meta::Meta;
use mcp_client::types::CallToolResult;
use mcp_client::{Client, Error, ErrorKind};
use mcp_server::tool::ToolRoute;
use mcp_server::{Context, Server};
use mcp_test_support::{Gate, soon};
use serde_json::{Value, json};
use tokio::sync::{Mutex, watch};

use super::{ERAS, text};
use crate::transports::{Transport, serve_http};

/// What a token of the host's own kind cancels.
#[derive(Clone)]
struct CancelToken(watch::Sender<Option<&'static str>>);

impl CancelToken {
    fn new() -> Self {
        Self(watch::Sender::new(None))
    }

    fn cancel(&self, reason: &'static str) {
        self.0.send_replace(Some(reason));
    }

    async fn cancelled(self) -> String {
        let mut token = self.0.subscribe();
        // It cannot fail: the sender is in `self`.
        let reason = token.wait_for(Option::is_some).await.ok().and_then(|reason| *reason);
        reason.unwrap_or_default().to_owned()
    }
}

/// An extension of the host: a server with all that its calls need.
struct Extension {
    client: Client,
    timeout: Duration,
}

impl Extension {
    /// The only way to call a tool.
    async fn call_tool(
        &self,
        session: &str,
        tool: &str,
        arguments: &Value,
        cancel: &CancelToken,
    ) -> Result<CallToolResult, Error> {
        let call = self.client.call_tool(tool, arguments);
        let reply = call
            .meta(Meta::new().with("com.example/session", session))
            .total_timeout(self.timeout)
            .cancel_when(cancel.clone().cancelled())
            .await?;
        Ok(reply.into_inner())
    }
}

/// A server that counts, tells the session of its caller, and waits.
struct Counter {
    server: Server,
    count: Arc<AtomicUsize>,
    gate: Gate,
}

fn counter() -> Counter {
    let (count, gate) = (Arc::new(AtomicUsize::new(0)), Gate::new());
    let counted = Arc::clone(&count);
    let pay = ToolRoute::builder("pay").handler(move |ctx: Context| {
        let number = counted.fetch_add(1, Ordering::SeqCst) + 1;
        async move {
            let meta = ctx.meta();
            let session = meta.get("com.example/session").and_then(Value::as_str);
            format!("{number} {}", session.unwrap_or_default())
        }
    });
    let at_gate = gate.clone();
    let wait = ToolRoute::builder("wait").handler(move |_: Context| {
        let gate = at_gate.clone();
        async move {
            gate.wait().await;
            "passed"
        }
    });
    let server = Server::builder("counter", "1.0.0").tools([pay, wait]).build().expect("a server");
    Counter { server, count, gate }
}

#[tokio::test]
async fn one_path_calls_tools_of_both_eras_with_metadata_deadline_and_cancellation() {
    for revision in ERAS {
        for transport in [Transport::Stream, Transport::Memory, Transport::Http] {
            let Counter { server, gate, .. } = counter();
            let client = transport.connect(&server, Client::builder().revision(revision)).await;
            let extension = Extension { client, timeout: Duration::from_secs(60) };
            let never = CancelToken::new();
            for session in ["a", "b"] {
                let result = extension.call_tool(session, "pay", &json!({}), &never).await;
                let result = result.expect("a result");
                assert!(text(&result).ends_with(session), "{}", text(&result));
            }
            let token = CancelToken::new();
            let session = "c".to_owned();
            let no_arguments = json!({});
            let call = extension.call_tool(&session, "wait", &no_arguments, &token);
            let cancel = async {
                gate.arrived(1).await;
                token.cancel("the user pressed stop");
            };
            let (error, ()) = soon(async { tokio::join!(call, cancel) }).await;
            let error = error.expect_err("it was cancelled");
            assert_eq!(error.kind(), ErrorKind::Cancelled);
            assert_eq!(error.to_string(), "tools/call was cancelled: the user pressed stop");
            // It reaches the server on every transport.
            soon(gate.dropped(1)).await;
            // A token that was used cancels what comes after it before it is sent.
            let late = extension.call_tool("d", "wait", &json!({}), &token).await;
            assert_eq!(late.expect_err("it was cancelled").kind(), ErrorKind::Cancelled);
            assert_eq!(gate.arrivals(), 1);
            let hasty = Extension { timeout: Duration::from_secs(1), ..extension };
            let session = "e".to_owned();
            let no_arguments = json!({});
            let call = hasty.call_tool(&session, "wait", &no_arguments, &never);
            let (error, ()) = soon(async { tokio::join!(call, gate.arrived(2)) }).await;
            assert_eq!(error.expect_err("in time").kind(), ErrorKind::Timeout);
            soon(gate.dropped(2)).await;
        }
    }
}

/// Lets a request to the server pass only with a token of the level that it needs: 401 without a
/// valid one, 403 if a call of a tool needs a higher one.
struct Gatekeeper {
    network: Network,
    refused: AtomicUsize,
}

#[async_trait]
impl HttpStack for Gatekeeper {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<HttpBody>, HttpError> {
        let token = request.headers().get("authorization").and_then(|it| it.to_str().ok());
        let is_call = request.body().windows(12).any(|part| part == b"\"tools/call\"");
        let refusal = match token {
            Some("Bearer level-2") => None,
            Some("Bearer level-1") if !is_call => None,
            Some("Bearer level-1") => {
                Some((403, "Bearer error=\"insufficient_scope\", scope=\"pay\""))
            }
            _ => Some((401, "Bearer scope=\"read\"")),
        };
        let Some((status, challenge)) = refusal else { return self.network.send(request).await };
        self.refused.fetch_add(1, Ordering::SeqCst);
        let mut response = Response::new(HttpBody::new(String::new()));
        *response.status_mut() = StatusCode::from_u16(status).expect("a status");
        let challenge = challenge.parse().expect("a challenge");
        response.headers_mut().insert("www-authenticate", challenge);
        Ok(response)
    }
}

/// The credentials of the host. However many calls are refused, one of them renews the token, and
/// the others wait for it.
#[derive(Clone, Default)]
struct Credentials {
    level: Arc<Mutex<usize>>,
    renewals: Arc<AtomicUsize>,
}

#[async_trait]
impl Authorizer for Credentials {
    fn bind(&self, _: &Binding) -> Result<(), BoxError> {
        Ok(())
    }

    async fn authorize(&self, request: &mut Request<Bytes>) -> Result<(), BoxError> {
        let token = format!("Bearer level-{}", self.level.lock().await);
        request.headers_mut().insert("authorization", token.parse()?);
        Ok(())
    }

    async fn refused(&self, refusal: &Refusal) -> Result<Verdict, BoxError> {
        let mut level = self.level.lock().await;
        let refused = refusal.authorization.as_ref().and_then(|it| it.to_str().ok());
        if refused == Some(&format!("Bearer level-{level}")) {
            tokio::task::yield_now().await; // A user logs in.
            *level += 1;
            self.renewals.fetch_add(1, Ordering::SeqCst);
        }
        Ok(Verdict::Retry)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_calls_renew_credentials_once_and_run_once() {
    const CALLS: usize = 32;
    for revision in ERAS {
        let Counter { server, count, .. } = counter();
        let url = serve_http(&server, Default::default()).await;
        let credentials = Credentials::default();
        let stack = Arc::new(Gatekeeper { network: Network::new(), refused: AtomicUsize::new(0) });
        let builder = Client::builder()
            .revision(revision)
            .authorizer(credentials.clone())
            .http_stack(Arc::clone(&stack));
        let client = soon(builder.connect_http(url)).await.expect("a connection");
        assert_eq!(credentials.renewals.load(Ordering::SeqCst), 1, "the first log-in");
        let extension = Extension { client, timeout: Duration::from_secs(60) };
        let never = CancelToken::new();
        let arguments = json!({});
        let calls = (0..CALLS).map(|number| {
            let (extension, never, arguments) = (&extension, &never, &arguments);
            let session = number.to_string();
            async move {
                let result = extension.call_tool(&session, "pay", arguments, never).await;
                text(&result.expect("a result")).ends_with(&session)
            }
        });
        assert!(soon(join_all(calls)).await.into_iter().all(|is_own| is_own));
        assert_eq!(credentials.renewals.load(Ordering::SeqCst), 2, "one more for all calls");
        assert_eq!(count.load(Ordering::SeqCst), CALLS, "no call ran twice");
        assert!(stack.refused.load(Ordering::SeqCst) >= 2);
    }
}

#[tokio::test]
async fn a_host_reads_the_challenge_when_it_cannot_obtain_credentials() {
    for revision in ERAS {
        let Counter { server, .. } = counter();
        let url = serve_http(&server, Default::default()).await;
        let stack = Gatekeeper { network: Network::new(), refused: AtomicUsize::new(0) };
        let builder = Client::builder().revision(revision).http_stack(stack);
        let error = builder.connect_http(&url).await.expect_err("it needs credentials");
        assert_eq!(error.kind(), ErrorKind::Unauthorized);
        let refusal = error.refusal().expect("a refusal");
        assert_eq!(refusal.status(), 401);
        assert_eq!(refusal.challenges()[0].get("scope"), Some("read"));
        assert!(error.to_string().contains(&url), "{error}");
    }
}
