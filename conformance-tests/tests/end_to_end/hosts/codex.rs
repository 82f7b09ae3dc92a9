//! As in codex: several servers that start at the same time, each within a time of its own and
//! together with servers in the host's process; calls with timeouts that stand still while a person
//! is asked; and questions that reach the turn of the conversation whose call they belong to.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::{BoxFuture, join_all};
use mcp_client::types::{CallToolResult, ElicitResult, Tool};
use mcp_client::{
    Client, ClientBuilder, ClientGroup, ConnectPhase, Error, ErrorKind, Expired, Revision,
};
use mcp_test_support::soon;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};

use super::{ERAS, text};
use crate::server::fixture;
use crate::transports::{Transport, serve_http};

/// How the host reaches a server.
type Connect = Box<dyn FnOnce(ClientBuilder) -> BoxFuture<'static, Result<Client, Error>> + Send>;

struct ServerConfig {
    name: &'static str,
    connect: Connect,
    startup_timeout: Duration,
}

/// A turn of the conversation, by its id.
#[derive(Debug, Clone, PartialEq, Eq)]
struct TurnId(String);

/// A question for the user, and where the answer goes.
struct Approval {
    server: String,
    /// The turn and the tool that caused it, if that is known.
    turn: Option<TurnId>,
    tool: Option<String>,
    message: String,
    answer: oneshot::Sender<ElicitResult>,
}

/// The servers of a session.
struct ConnectionManager {
    group: ClientGroup,
    tool_timeout: Duration,
    /// Why servers did not start.
    failures: BTreeMap<&'static str, Error>,
}

impl ConnectionManager {
    /// Starts all servers at the same time. One that fails stops no other.
    async fn start(
        revision: Option<Revision>,
        servers: Vec<ServerConfig>,
        tool_timeout: Duration,
        approvals: mpsc::UnboundedSender<Approval>,
    ) -> Self {
        let group = ClientGroup::new();
        let mut builder = Client::builder()
            .client_info("codex-adapter", "1")
            .exclude_input_time(true)
            .on_elicit_with(move |form, question| {
                let (answer, answered) = oneshot::channel();
                let call = question.call();
                let approval = Approval {
                    server: question.server_name().to_owned(),
                    turn: call.and_then(|call| call.tag::<TurnId>()).cloned(),
                    tool: call.and_then(|call| call.name()),
                    message: form.message,
                    answer,
                };
                let sent = approvals.send(approval);
                async move {
                    match sent {
                        Ok(()) => Ok(answered.await.unwrap_or_else(|_| ElicitResult::cancel())),
                        Err(_) => Ok(ElicitResult::cancel()),
                    }
                }
            });
        if let Some(revision) = revision {
            builder = builder.revision(revision);
        }
        let starting = servers.into_iter().map(|config| {
            let builder =
                builder.clone().server_name(config.name).startup_timeout(config.startup_timeout);
            async move { (config.name, (config.connect)(builder).await) }
        });
        let mut failures = BTreeMap::new();
        for (name, started) in join_all(starting).await {
            match started.and_then(|client| group.add(name, client)) {
                Ok(()) => {}
                Err(error) => drop(failures.insert(name, error)),
            }
        }
        Self { group, tool_timeout, failures }
    }

    async fn tools(&self) -> Vec<(String, Tool)> {
        let listed = self.group.list_tools().await;
        listed.items.into_iter().map(|tool| (tool.name.to_string(), tool.into_tool())).collect()
    }

    async fn call(
        &self,
        turn: &TurnId,
        tool: &str,
        arguments: &Value,
    ) -> Result<CallToolResult, Error> {
        let route = self.group.tool(tool).await?;
        let call = route.client.call_tool(&route.name, arguments);
        let reply = call.tag(turn.clone()).total_timeout(self.tool_timeout).await?;
        Ok(reply.into_inner())
    }
}

fn sure(sure: bool) -> ElicitResult {
    ElicitResult::accept(json!({ "sure": sure })).expect("an object")
}

fn turn(id: &str) -> TurnId {
    TurnId(id.to_owned())
}

/// A server at the other end of a transport, which starts in time.
fn started(name: &'static str, transport: Transport) -> ServerConfig {
    let connect: Connect = Box::new(move |builder| {
        Box::pin(async move {
            let fixture = fixture();
            match transport {
                Transport::Http => {
                    let url = serve_http(&fixture.server, Default::default()).await;
                    builder.connect_http(url).await
                }
                transport => Ok(transport.connect(&fixture.server, builder).await),
            }
        })
    });
    ServerConfig { name, connect, startup_timeout: Duration::from_secs(60) }
}

/// A server that reads and never answers.
fn hung(name: &'static str) -> ServerConfig {
    let connect: Connect = Box::new(|builder| {
        Box::pin(async move {
            let (client_end, mut server_end) = tokio::io::duplex(1 << 10);
            tokio::spawn(
                async move { tokio::io::copy(&mut server_end, &mut tokio::io::sink()).await },
            );
            let (reader, writer) = tokio::io::split(client_end);
            builder.connect(reader, writer).await
        })
    });
    ServerConfig { name, connect, startup_timeout: Duration::from_millis(200) }
}

#[tokio::test]
async fn servers_start_together_and_a_hung_one_stops_no_other() {
    for revision in ERAS {
        let (approvals, _pending) = mpsc::unbounded_channel();
        let servers = vec![
            hung("hung"),
            started("builtin", Transport::Memory),
            started("web", Transport::Http),
        ];
        let starting =
            ConnectionManager::start(Some(revision), servers, Duration::from_secs(60), approvals);
        let manager = soon(starting).await;
        let error = manager.failures.get("hung").expect("it does not answer");
        let phase = match revision {
            Revision::V2025_11_25 => ConnectPhase::Handshake,
            _ => ConnectPhase::Discovery,
        };
        assert_eq!(error.expired(), Some(Expired::Startup(phase)));
        assert_eq!(manager.failures.len(), 1);
        let tools = manager.tools().await;
        assert_eq!(tools.len(), 12, "six of each of two servers");
        for server in ["builtin", "web"] {
            let name = format!("{server}__multiply");
            assert!(tools.iter().any(|(listed, _)| *listed == name), "{tools:?}");
            let result = manager.call(&turn("1"), &name, &json!({ "a": 6, "b": 7 })).await;
            assert_eq!(text(&result.expect("a result")), "42");
        }
    }
}

#[tokio::test]
async fn questions_reach_the_turn_whose_call_they_belong_to() {
    // Over a byte stream a legacy server does not say which of several calls it asks for.
    for (revision, transport, is_known) in [
        (Revision::V2025_11_25, Transport::Http, true),
        (Revision::V2025_11_25, Transport::Stream, false),
        (Revision::V2026_07_28, Transport::Http, true),
        (Revision::V2026_07_28, Transport::Stream, true),
        (Revision::V2026_07_28, Transport::Memory, true),
    ] {
        let (approvals, mut pending) = mpsc::unbounded_channel();
        let servers = vec![started("deploys", transport)];
        let limit = Duration::from_secs(60);
        let manager = ConnectionManager::start(Some(revision), servers, limit, approvals).await;
        let (first, second, none) = (turn("first"), turn("second"), json!({}));
        let both = async {
            tokio::join!(
                manager.call(&first, "deploys__confirm", &none),
                manager.call(&second, "deploys__confirm", &none),
            )
        };
        let user = async {
            let mut asked: Vec<Approval> = Vec::new();
            while asked.len() < 2 {
                asked.push(pending.recv().await.expect("a question"));
            }
            for approval in asked {
                assert_eq!(
                    (&*approval.server, &*approval.message),
                    ("deploys", "Sure?"),
                    "{transport:?}"
                );
                assert_eq!(approval.turn.is_some(), is_known, "{revision} {transport:?}");
                assert_eq!(approval.tool.as_deref(), is_known.then_some("confirm"));
                // Who is not known gets no consent.
                let answer = sure(approval.turn == Some(first.clone()));
                approval.answer.send(answer).expect("the call waits");
            }
        };
        let ((one, two), ()) = soon(async { tokio::join!(both, user) }).await;
        let (one, two) = (one.expect("a result"), two.expect("a result"));
        let expected = if is_known { "sure" } else { "not sure" };
        assert_eq!((text(&one), text(&two)), (expected, "not sure"), "{revision} {transport:?}");
        // With a single call in flight it is known on every transport.
        let third = turn("third");
        let call = manager.call(&third, "deploys__confirm", &none);
        let user = async {
            let approval = pending.recv().await.expect("a question");
            assert_eq!(approval.turn, Some(turn("third")), "{revision} {transport:?}");
            approval.answer.send(ElicitResult::decline()).expect("the call waits");
        };
        let (result, ()) = soon(async { tokio::join!(call, user) }).await;
        assert_eq!(text(&result.expect("a result")), "declined");
    }
}

#[tokio::test(start_paused = true)]
async fn the_timeout_of_a_tool_stands_still_while_a_person_is_asked() {
    for revision in ERAS {
        let (approvals, mut pending) = mpsc::unbounded_channel();
        let servers = vec![started("deploys", Transport::Stream)];
        let limit = Duration::from_secs(30);
        let manager = ConnectionManager::start(Some(revision), servers, limit, approvals).await;
        let user = async {
            let approval = pending.recv().await.expect("a question");
            tokio::time::sleep(Duration::from_secs(300)).await;
            approval.answer.send(sure(true)).expect("the call still waits");
        };
        let (turn, none) = (turn("1"), json!({}));
        let call = manager.call(&turn, "deploys__confirm", &none);
        let (result, ()) = tokio::join!(call, user);
        assert_eq!(text(&result.expect("a result")), "sure", "{revision}");
        // The server itself has no longer than that.
        let begun = tokio::time::Instant::now();
        let error = manager.call(&turn, "deploys__wait", &none).await.expect_err("it waits");
        assert_eq!((error.kind(), error.expired()), (ErrorKind::Timeout, Some(Expired::Total)));
        assert_eq!(begun.elapsed(), limit, "{revision}");
    }
}
