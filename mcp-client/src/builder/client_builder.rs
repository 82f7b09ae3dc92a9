//! The builder of a client.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use mcp_core::json::RawJson;
use mcp_core::method::Methods;
use mcp_core::revision::Revision;
use mcp_core::telemetry::Telemetry;
use mcp_core::types::{ClientCapabilities, Implementation, Schema};

use crate::Limits;
use crate::cache::{Cache, SharedCache};
use crate::call::OutputValidator;
use crate::client::ResultHandler;
use crate::deadline::Timeouts;
use crate::era::{KnownServer, Settings};
use crate::extension::{ClientExtension, NoSettings, Registered, Tasks};
use crate::handler::Handlers;
#[cfg(feature = "http")]
use crate::http::HttpSettings;
use crate::task::TaskOptions;

/// Builds a [`Client`](crate::Client): begin with [`Client::builder`](crate::Client::builder), end
/// with one of the `connect` methods.
///
/// ```no_run
/// # async fn example() -> Result<(), mcp_client::Error> {
/// use std::process::Command;
/// use mcp_client::types::ElicitResult;
/// use mcp_client::Client;
///
/// let client = Client::builder()
///     .client_info("my-host", "1.0.0")
///     .on_elicit(|form| async move {
///         println!("{}", form.message);
///         Ok(ElicitResult::decline())
///     })
///     .connect_command(Command::new("notes-server"))
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until it connects"]
pub struct ClientBuilder {
    /// The cache that other clients use too, if any.
    pub(super) cache: Option<Cache>,
    pub(super) settings: Settings,
    pub(super) handlers: Handlers,
    pub(super) output_validator: Option<OutputValidator>,
    pub(super) result_handlers: Vec<ResultHandler>,
    pub(super) tasks: Option<TaskOptions>,
    /// Why the first invalid extension is invalid.
    pub(super) invalid_extension: Option<String>,
    #[cfg(feature = "http")]
    pub(super) http: HttpSettings,
}

impl ClientBuilder {
    pub(crate) fn new() -> Self {
        Self {
            cache: None,
            settings: Settings {
                client_info: Implementation::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")),
                revision: None,
                known: None,
                server_name: None,
                probe_timeout: Duration::from_secs(5),
                startup_timeout: None,
                timeouts: Timeouts::default(),
                limits: Limits::new(),
                methods: Methods::new(),
                telemetry: None,
                #[cfg(feature = "policy")]
                policy: None,
            },
            handlers: Handlers::default(),
            output_validator: None,
            result_handlers: Vec::new(),
            tasks: None,
            invalid_extension: None,
            #[cfg(feature = "http")]
            http: HttpSettings::default(),
        }
    }

    /// Who the client says it is: its name and version.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// use mcp_client::Client;
    ///
    /// // What servers write to their logs, and may show to an administrator.
    /// let builder = Client::builder().client_info("notes-desktop", "3.1.0");
    /// let client = builder.connect(reader, writer).await?;
    /// # Ok(())
    /// # });
    /// ```
    pub fn client_info(self, name: impl Into<String>, version: impl Into<String>) -> Self {
        self.implementation(Implementation::new(name, version))
    }

    /// Who the client says it is, with title, website and icons.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// use mcp_client::Client;
    /// use mcp_client::types::Implementation;
    ///
    /// let info = Implementation::new("notes-desktop", "3.1.0")
    ///     .title("Notes")
    ///     .website_url("https://notes.example.com");
    /// let client = Client::builder().implementation(info).connect(reader, writer).await?;
    /// # Ok(())
    /// # });
    /// ```
    pub fn implementation(mut self, info: Implementation) -> Self {
        self.settings.client_info = info;
        self
    }

    /// Speaks this revision, or fails to connect. A legacy one is offered in a handshake without a
    /// probe.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// use mcp_client::{Client, Revision};
    ///
    /// let builder = Client::builder().revision(Revision::V2025_06_18);
    /// let client = builder.connect(reader, writer).await?;
    /// assert_eq!(client.revision(), Revision::V2025_06_18);
    /// # Ok(())
    /// # });
    /// ```
    pub fn revision(mut self, revision: Revision) -> Self {
        self.settings.revision = Some(revision);
        self
    }

    /// What an earlier client found out about the server
    /// ([`Client::known_server`](crate::Client::known_server)): saves the probe.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// use mcp_client::{Client, KnownServer, serde_json};
    ///
    /// // What `Client::known_server` returned the last time.
    /// let known: KnownServer = serde_json::from_str(r#"{ "revision": "2026-07-28" }"#)?;
    /// let client = Client::builder().known_server(known).connect(reader, writer).await?;
    /// # Ok(())
    /// # });
    /// ```
    pub fn known_server(mut self, known: KnownServer) -> Self {
        self.settings.known = Some(known);
        self
    }

    /// The bounds of what the client accepts, keeps and waits for. Default: [`Limits::new`].
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// use mcp_client::{Client, Limits};
    ///
    /// let mut limits = Limits::new();
    /// limits.max_input_rounds = 3; // A tool may ask three times.
    /// limits.list.max_items = 500;
    /// let client = Client::builder().limits(limits).connect(reader, writer).await?;
    /// # Ok(())
    /// # });
    /// ```
    pub fn limits(mut self, limits: Limits) -> Self {
        self.settings.limits = limits;
        self
    }

    /// What the host calls the server. It stands in what [`PendingInput::save`] writes, so that an
    /// answer does not go to another server. Default: the URL without its query, or else what the
    /// server calls itself.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// use mcp_client::Client;
    /// use mcp_client::types::ElicitResult;
    ///
    /// let client = Client::builder()
    ///     .server_name("work notes") // as the user calls it
    ///     .on_elicit_with(|form, question| async move {
    ///         assert_eq!(question.server_name(), "work notes");
    ///         Ok(ElicitResult::decline())
    ///     })
    ///     .connect(reader, writer)
    ///     .await?;
    /// assert_eq!(client.call_tool("delete", &()).await?.text(), "kept");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// [`PendingInput::save`]: crate::PendingInput::save
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.settings.server_name = Some(name.into());
        self
    }

    /// Caches results together with other clients. Without it a client caches for itself.
    ///
    /// `server` is what the host calls the server, such as its URL: results are shared under it, so
    /// it must not be anything that a server says of itself. `principal` is the authorization
    /// context: clients with other rights must have another one. Results that the server says are
    /// public serve all principals of the server.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// use mcp_client::{Client, SharedCache};
    ///
    /// let cache = SharedCache::new();
    /// let server = "https://mcp.example.com/mcp";
    /// let builder = Client::builder().shared_cache(&cache, server, "alice");
    /// let client = builder.connect(reader, writer).await?;
    /// client.list_tools().await?;
    /// assert_eq!(cache.len(), 2); // Its two pages, for the next client of Alice.
    /// # Ok(())
    /// # });
    /// ```
    pub fn shared_cache(
        mut self,
        cache: &SharedCache,
        server: impl AsRef<str>,
        principal: impl AsRef<str>,
    ) -> Self {
        self.cache = Some(cache.scoped(server.as_ref(), principal.as_ref()));
        self
    }

    /// Adds a protocol [extension](crate::extension), which is declared to servers. An invalid
    /// extension, and one whose id or method is declared already, fails the connect call.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// use mcp_client::Client;
    /// use mcp_client::extension::ClientExtension;
    /// use mcp_client::serde_json::json;
    ///
    /// let notes = ClientExtension::declared("com.example/notes", json!({ "markdown": true }));
    /// let client = Client::builder().extension(notes).connect(reader, writer).await?;
    /// # Ok(())
    /// # });
    /// ```
    pub fn extension(mut self, extension: ClientExtension) -> Self {
        match extension.into_registered() {
            Ok(Registered { id, settings, rows, results }) => {
                let declared = self.handlers.declared.extensions.get_or_insert_default();
                let methods = &mut self.settings.methods;
                let reason = if declared.contains_key(&id) {
                    format!("the extension \"{id}\" is declared twice")
                } else if let Some(row) =
                    rows.iter().find(|row| methods.find_extended(row.name).is_some())
                {
                    format!("two extensions have the method {}", row.name)
                } else {
                    declared.insert(id, settings);
                    methods.add(rows);
                    self.result_handlers.extend(results);
                    return self;
                };
                self.invalid_extension.get_or_insert(reason);
            }
            Err(reason) => {
                self.invalid_extension.get_or_insert(reason);
            }
        }
        self
    }

    /// Declares [tasks](crate::task): a server may answer a call of a tool with a task, and the call
    /// waits for its result.
    ///
    /// The extension `io.modelcontextprotocol/tasks`, with servers of 2026-07-28.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// use mcp_client::Client;
    /// use mcp_client::task::TaskOptions;
    ///
    /// let builder = Client::builder().tasks(TaskOptions::new());
    /// let client = builder.connect(reader, writer).await?;
    /// // The server answers with a task, and the call waits until that is done.
    /// let reply = client.call_tool("report", &()).await?;
    /// assert_eq!(reply.text(), "2 notes, both about milk");
    /// # Ok(())
    /// # });
    /// ```
    pub fn tasks(mut self, options: TaskOptions) -> Self {
        self.tasks = Some(options);
        self.extension(ClientExtension::new::<Tasks>(&NoSettings::new()))
    }

    /// Declares capabilities in addition to those that follow from the handlers and the extensions.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// use mcp_client::Client;
    /// use mcp_client::types::ClientCapabilities;
    /// use mcp_client::serde_json::json;
    ///
    /// let mut declared = ClientCapabilities::new();
    /// declared.experimental = Some([("dictation".to_owned(), json!({}))].into_iter().collect());
    /// let client = Client::builder().capabilities(declared).connect(reader, writer).await?;
    /// # Ok(())
    /// # });
    /// ```
    pub fn capabilities(mut self, mut declared: ClientCapabilities) -> Self {
        let extensions = self.handlers.declared.extensions.take().unwrap_or_default();
        if !extensions.is_empty() {
            declared.extensions.get_or_insert_default().extend(extensions);
        }
        self.handlers.declared = declared;
        self
    }

    /// Sets what receives the durations of requests and sessions, and writes the context of traces
    /// into the `_meta` of requests. With the feature `otel`, [`telemetry`](crate::telemetry) has
    /// one for OpenTelemetry. Each request has a span also without it, see
    /// [the guide](crate::guide::observability).
    ///
    /// What a call sets with its own `_meta` is not replaced.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// use std::sync::atomic::{AtomicU64, Ordering};
    /// use std::time::Duration;
    /// use mcp_client::Client;
    /// use mcp_client::telemetry::{Operation, Outcome, Telemetry};
    ///
    /// /// How long servers were waited for.
    /// static WAITED_MICROS: AtomicU64 = AtomicU64::new(0);
    ///
    /// struct Waiting;
    ///
    /// impl Telemetry for Waiting {
    ///     fn operation(&self, _: &Operation, duration: Duration, _: Outcome) {
    ///         WAITED_MICROS.fetch_add(duration.as_micros() as u64, Ordering::Relaxed);
    ///     }
    /// }
    ///
    /// let client = Client::builder().telemetry(Waiting).connect(reader, writer).await?;
    /// # Ok(())
    /// # });
    /// ```
    pub fn telemetry(mut self, telemetry: impl Telemetry) -> Self {
        self.settings.telemetry = Some(Arc::new(telemetry));
        self
    }

    /// Checks the structured results of tools against the output schemas that the server listed.
    ///
    /// The SDK has no validator of JSON Schema of its own; `validate` is a function of the host's
    /// choice. It gets the schema and the value, and returns what is wrong with it. It must not
    /// fetch what a schema refers to. A result that does not match fails the call with
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode); so does one without structured content. Tools that were not listed
    /// yet, and results of tools that failed, are not checked.
    ///
    /// ```
    /// use mcp_client::Client;
    ///
    /// let builder = Client::builder().output_validator(|schema, value| {
    ///     jsonschema::validate(&schema.as_value(), &value.to_value())
    ///         .map_err(|error| error.to_string())
    /// });
    /// ```
    pub fn output_validator(
        mut self,
        validate: impl Fn(&Schema, &RawJson) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        self.output_validator = Some(Arc::new(validate));
        self
    }

    /// Sets the policy that decides about requests before they leave, and what lists contain. See
    /// [`ClientPolicy`](crate::policy::ClientPolicy).
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// use mcp_client::policy::{ClientPolicy, Policy};
    /// use mcp_client::{Client, ErrorKind};
    ///
    /// let rules = r#"
    ///     default = "allow"
    ///
    ///     [[rule]]
    ///     verdict = "deny"
    ///     tools = ["delete*"]
    /// "#;
    /// let policy = ClientPolicy::new(Policy::parse("policy.toml", rules)?);
    /// let client = Client::builder().policy(policy).connect(reader, writer).await?;
    /// let error = client.call_tool("delete", &()).await.expect_err("a rule denies it");
    /// assert_eq!(error.kind(), ErrorKind::Denied);
    /// # Ok(())
    /// # });
    /// ```
    #[cfg(feature = "policy")]
    pub fn policy(mut self, policy: crate::policy::ClientPolicy) -> Self {
        self.settings.policy = Some(policy);
        self
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("client_info", &self.settings.client_info)
            .field("revision", &self.settings.revision)
            .field("handlers", &self.handlers)
            .finish_non_exhaustive()
    }
}
