//! What a host sets up.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use mcp_core::jsonrpc::MethodName;
use mcp_core::policy::{Decision, PolicyEngine};
use mcp_core::service::BoxFuture;

/// A policy of a host: it decides about requests before they leave.
///
/// A request that is denied fails with [`ErrorKind::Denied`](crate::ErrorKind::Denied), and nothing
/// is sent. One that has to be asked about waits for [`ClientPolicy::on_ask`]; without that, and
/// without its answer in time, it is denied. A call is decided once, before its first round and
/// before the cache is looked at; one that was saved and [restored](crate::Client::restore) is
/// decided again. Lists have what is not denied whatever the arguments.
///
/// The name of the server is the one of
/// [`ClientBuilder::server_name`](crate::ClientBuilder::server_name), and empty without it: what a
/// server calls itself decides nothing. Annotations are those of the last list that this client
/// fetched, and only of servers that the policy trusts. Give each client of a
/// [`ClientGroup`](crate::ClientGroup) a clone of the policy and its own server name: rates count
/// for all clones.
///
/// ```no_run
/// # async fn ask_in_the_terminal(_: &str) -> bool { false }
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use std::process::Command;
/// use mcp_client::Client;
/// use mcp_client::policy::{ClientPolicy, Policy};
///
/// let policy = Policy::parse("policy.toml", &std::fs::read_to_string("policy.toml")?)?;
/// let policy = ClientPolicy::new(policy)
///     .on_ask(|question| async move { ask_in_the_terminal(&question.text).await });
/// let client = Client::builder()
///     .server_name("notes")
///     .policy(policy)
///     .connect_command(Command::new("notes-server"))
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ClientPolicy {
    pub(super) engine: Arc<dyn PolicyEngine>,
    pub(super) principal: Option<Arc<str>>,
    pub(super) on_ask: Option<Arc<OnAsk>>,
    pub(super) ask_timeout: Duration,
    pub(super) max_tools: usize,
}

type OnAsk = dyn Fn(PolicyQuestion) -> BoxFuture<'static, bool> + Send + Sync;

/// A request that the user has to decide about.
///
/// ```
/// use mcp_client::policy::PolicyQuestion;
///
/// /// What the dialog shows.
/// fn dialog(question: &PolicyQuestion) -> (String, String) {
///     (format!("May {} be used?", question.server), question.text.clone())
/// }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PolicyQuestion {
    /// The question: the tool and its arguments, escaped, and cut to a length that people can read.
    pub text: String,
    /// The name of the server, as the host gave it.
    pub server: String,
    /// The method.
    pub method: MethodName,
    /// The tool, prompt or resource.
    pub subject: Option<String>,
    /// All arguments: the text of a JSON object.
    pub arguments: Option<String>,
    /// What the policy decided, and why.
    pub decision: Decision,
}

impl ClientPolicy {
    /// Creates a policy from a [`Policy`](mcp_core::policy::Policy), or another engine.
    ///
    /// ```
    /// use mcp_client::policy::{ClientPolicy, Policy};
    ///
    /// let rules = Policy::parse("policy.toml", "default = \"ask\"")?;
    /// let policy = ClientPolicy::new(rules);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn new(engine: impl PolicyEngine) -> Self {
        Self {
            engine: Arc::new(engine),
            principal: None,
            on_ask: None,
            ask_timeout: Duration::from_secs(300),
            max_tools: 10_000,
        }
    }

    /// Sets who uses the client, for rules with `principals` and for rates. Not set by default.
    ///
    /// ```
    /// use mcp_client::policy::{ClientPolicy, Policy};
    ///
    /// let rules = r#"
    ///     [[rule]]
    ///     verdict = "allow"
    ///     principals = ["alice"]
    /// "#;
    /// let policy = ClientPolicy::new(Policy::parse("policy.toml", rules)?).principal("alice");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn principal(mut self, id: impl Into<Arc<str>>) -> Self {
        self.principal = Some(id.into());
        self
    }

    /// Sets what asks the user. Only true lets the request pass.
    ///
    /// Cancel safety: when the call is dropped, or the time has passed, the future of the question
    /// is dropped.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// use mcp_client::Client;
    /// use mcp_client::policy::{ClientPolicy, Policy};
    ///
    /// let policy = ClientPolicy::new(Policy::parse("policy.toml", "default = \"ask\"")?)
    ///     .on_ask(|question| async move {
    ///         // Show `question.text`; here the user agrees.
    ///         assert_eq!(question.subject.as_deref(), Some("index"));
    ///         true
    ///     });
    /// let client = Client::builder().policy(policy).connect(reader, writer).await?;
    /// assert_eq!(client.call_tool("index", &()).await?.text(), "2 notes");
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn on_ask<F, A>(mut self, ask: F) -> Self
    where
        F: Fn(PolicyQuestion) -> A + Send + Sync + 'static,
        A: Future<Output = bool> + Send + 'static,
    {
        self.on_ask = Some(Arc::new(move |question| Box::pin(ask(question))));
        self
    }

    /// Sets how long a question waits for its answer. 5 minutes by default. The timeouts of the
    /// call begin after it.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// use std::time::Duration;
    /// use mcp_client::policy::{ClientPolicy, Policy};
    /// use mcp_client::{Client, ErrorKind};
    ///
    /// let policy = ClientPolicy::new(Policy::parse("policy.toml", "default = \"ask\"")?)
    ///     .on_ask(|_| std::future::pending()) // The user does not answer.
    ///     .ask_timeout(Duration::from_millis(20));
    /// let client = Client::builder().policy(policy).connect(reader, writer).await?;
    /// let error = client.call_tool("index", &()).await.expect_err("not answered");
    /// assert_eq!(error.kind(), ErrorKind::Denied);
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn ask_timeout(mut self, timeout: Duration) -> Self {
        self.ask_timeout = timeout;
        self
    }

    /// Sets of how many tools of a server the annotations are remembered. 10,000 by default. Those
    /// of further tools do not count.
    ///
    /// ```
    /// use mcp_client::policy::{ClientPolicy, Policy};
    ///
    /// // Rules about annotations, and servers with few tools.
    /// let rules = Policy::parse("policy.toml", "default = \"ask\"")?;
    /// let policy = ClientPolicy::new(rules).max_tools(500);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn max_tools(mut self, max: usize) -> Self {
        self.max_tools = max;
        self
    }
}

impl fmt::Debug for ClientPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientPolicy")
            .field("principal", &self.principal)
            .field("asks", &self.on_ask.is_some())
            .finish_non_exhaustive()
    }
}
