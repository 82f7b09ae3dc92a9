//! The connection that operations share, and what happens when it breaks.

use std::io;
use std::time::Duration;

use futures::FutureExt as _;
use mcp_core::sync::Mutex;
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, RedisError, RedisResult, ServerErrorKind, Value,
};
use tokio::time::{Instant, timeout_at};

use super::script::ScriptCall;
use crate::store::task::StoreError;

/// Time without an answer after which an operation checks whether the connection has lost it.
const CHECK_AFTER: Duration = Duration::from_millis(100);

/// The connection that operations share. They are pipelined, and each waits for its own answer.
///
/// The connection manager of the crate `redis` is not used, because it keeps a connection whose
/// commands time out, and one to a server that has become a replica.
pub(super) struct Link {
    client: Client,
    config: AsyncConnectionConfig,
    command_timeout: Duration,
    current: Mutex<Current>,
    /// Locked while one operation connects, and the others wait for it.
    last_failure: tokio::sync::Mutex<Option<FailedConnect>>,
}

struct Current {
    /// `None` if it broke.
    connection: Option<MultiplexedConnection>,
    /// The number of connections so far.
    generation: u64,
}

/// An attempt to connect that failed.
struct FailedConnect {
    began: Instant,
    error: RedisError,
}

/// The answer to a command.
pub(super) struct Answer {
    pub(super) value: Value,
    /// Whether the command was sent twice, because the connection broke. It may have had its effect
    /// the first time.
    pub(super) is_repeated: bool,
}

impl Link {
    /// Creates a link that begins with a connection.
    pub(super) fn new(
        client: Client,
        config: AsyncConnectionConfig,
        command_timeout: Duration,
        connection: MultiplexedConnection,
    ) -> Self {
        Self {
            client,
            config,
            command_timeout,
            current: Mutex::new(Current { connection: Some(connection), generation: 1 }),
            last_failure: tokio::sync::Mutex::new(None),
        }
    }

    /// Calls a script.
    ///
    /// If the connection breaks, the link connects again and sends the call a second time. So each
    /// script must accept that it runs twice.
    pub(super) async fn call(&self, call: &ScriptCall) -> Result<Answer, StoreError> {
        let mut attempt = Attempt::new(self.command_timeout);
        let answer = match self.send(&call.command, &mut attempt).await {
            // The server has restarted, or its scripts were flushed.
            Err(Failed::Answered(error)) if is_unknown_script(&error) => {
                let mut load = redis::cmd("SCRIPT");
                load.arg("LOAD").arg(&call.script.code);
                match self.send(&load, &mut attempt).await {
                    Ok(_) => self.send(&call.command, &mut attempt).await,
                    Err(failed) => Err(failed),
                }
            }
            other => other,
        };
        match answer {
            Ok(value) => Ok(Answer { value, is_repeated: attempt.is_second }),
            Err(failed) => Err(self.explain(&failed)),
        }
    }

    /// Sends a command that only reads.
    pub(super) async fn read(&self, command: &Cmd) -> Result<Value, StoreError> {
        Ok(self.command(command).await?.value)
    }

    /// Sends a command, which may have its effect twice.
    pub(super) async fn command(&self, command: &Cmd) -> Result<Answer, StoreError> {
        let mut attempt = Attempt::new(self.command_timeout);
        match self.send(command, &mut attempt).await {
            Ok(value) => Ok(Answer { value, is_repeated: attempt.is_second }),
            Err(failed) => Err(self.explain(&failed)),
        }
    }

    /// Sends a command, and a second time if the connection breaks, which may happen once.
    async fn send(&self, command: &Cmd, attempt: &mut Attempt) -> Result<Value, Failed> {
        match self.send_once(command, attempt.deadline).await {
            Err(Failed::Broken(_)) if !attempt.is_second => {
                attempt.is_second = true;
                self.send_once(command, attempt.deadline).await
            }
            other => other,
        }
    }

    async fn send_once(&self, command: &Cmd, deadline: Instant) -> Result<Value, Failed> {
        let connected = timeout_at(deadline, self.connection()).await;
        let (connection, generation) =
            connected.map_err(|_| Failed::TimedOut)?.map_err(Failed::Answered)?;
        let Ok(result) = timeout_at(deadline, exchange(connection, command)).await else {
            // Perhaps the network lost the server. The commands that wait keep the connection.
            self.discard(generation);
            return Err(Failed::TimedOut);
        };
        // An error in an answer is a value for the crate `redis`.
        let error = match result.and_then(Value::extract_error) {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        if error.is_io_error()
            || error.is_unrecoverable_error()
            || error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly)
        {
            self.discard(generation);
            return Err(Failed::Broken(error));
        }
        Err(Failed::Answered(error))
    }

    /// Returns the connection, or connects. Operations that wait at the same time share one
    /// attempt.
    async fn connection(&self) -> Result<(MultiplexedConnection, u64), RedisError> {
        if let Some(current) = self.current() {
            return Ok(current);
        }
        let begin = Instant::now();
        let mut last_failure = self.last_failure.lock().await;
        if let Some(current) = self.current() {
            return Ok(current);
        }
        // An older attempt proves nothing: the server may have started since.
        if let Some(failure) = last_failure.as_ref().filter(|failure| failure.began >= begin) {
            return Err(failure.error.clone());
        }
        let began = Instant::now();
        match self.client.get_multiplexed_async_connection_with_config(&self.config).await {
            Ok(connection) => {
                *last_failure = None;
                let mut current = self.current.lock();
                current.connection = Some(connection.clone());
                current.generation += 1;
                Ok((connection, current.generation))
            }
            Err(error) => {
                *last_failure = Some(FailedConnect { began, error: error.clone() });
                Err(error)
            }
        }
    }

    /// The connection and its generation. `None` if it broke.
    fn current(&self) -> Option<(MultiplexedConnection, u64)> {
        let current = self.current.lock();
        Some((current.connection.clone()?, current.generation))
    }

    /// Forgets a connection. A later operation connects again.
    fn discard(&self, generation: u64) {
        let mut current = self.current.lock();
        if current.generation == generation {
            current.connection = None;
        }
    }

    fn explain(&self, failed: &Failed) -> StoreError {
        match failed {
            Failed::TimedOut => StoreError::unavailable(format_args!(
                "Redis did not answer within {:?} (`command_timeout`)",
                self.command_timeout
            )),
            Failed::Broken(error) | Failed::Answered(error) => failure(error),
        }
    }
}

/// Sends a command, and waits for its answer.
async fn exchange(mut connection: MultiplexedConnection, command: &Cmd) -> RedisResult<Value> {
    let mut other = connection.clone();
    let answer = connection.send_packed_command(command);
    tokio::pin!(answer);
    if let Ok(result) = tokio::time::timeout(CHECK_AFTER, &mut answer).await {
        return result;
    }
    // The crate `redis` may lose a command that is sent while its connection ends on another
    // thread. Answers have the order of the commands, so that the answer to a later one, or its
    // failure, proves that there is none to this one.
    let ping = redis::cmd("PING");
    let pong = tokio::select! {
        biased;
        result = &mut answer => return result,
        pong = other.send_packed_command(&ping) => pong,
    };
    // It may have arrived between the two. The budget of the task must not hide that.
    tokio::task::unconstrained(answer).now_or_never().unwrap_or_else(|| {
        Err(pong.err().unwrap_or_else(|| io::Error::from(io::ErrorKind::BrokenPipe).into()))
    })
}

/// The time that an operation has, and whether a part of it was sent twice.
struct Attempt {
    deadline: Instant,
    is_second: bool,
}

impl Attempt {
    fn new(time: Duration) -> Self {
        Self { deadline: Instant::now() + time, is_second: false }
    }
}

/// Why there is no answer.
enum Failed {
    TimedOut,
    /// The connection broke.
    Broken(RedisError),
    /// The server refused the command, or no connection was opened.
    Answered(RedisError),
}

/// Returns an error of the crate `redis` as one of a store, with the remedy if it is known. Its
/// text has neither the URL nor the password.
pub(super) fn failure(error: &RedisError) -> StoreError {
    let remedy = match error.kind() {
        ErrorKind::Server(ServerErrorKind::Moved | ServerErrorKind::Ask) => {
            "; this node of the cluster does not have the slot of the key prefix; connect to its node"
        }
        ErrorKind::Server(ServerErrorKind::ReadOnly) => "; connect to the primary",
        _ if error.code() == Some("OOM") => {
            "; raise `maxmemory`, or keep tasks and sessions for less time"
        }
        _ => "",
    };
    StoreError::unavailable(format_args!("{error}{remedy}"))
}

fn is_unknown_script(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
}
