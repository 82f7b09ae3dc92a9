//! An extension with the handlers of a server.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;

use mcp_core::extension::{self, ProtocolExtension};
#[cfg(feature = "tasks")]
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::method::{self, Kind, Method, Row};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{ListenFilter, Listening};
use crate::context::Context;
use crate::custom_method::{CustomMethod, MethodCall};
use crate::error::BuildError;
use crate::handler::Handler;

/// A protocol extension that a server supports: its settings, and the handlers of its methods and
/// of its filters.
///
/// Pass it to [`ServerBuilder::extension`](crate::ServerBuilder::extension). The
/// [module documentation](crate::extension) has an example.
#[must_use = "an extension does nothing until it is passed to ServerBuilder::extension"]
pub struct ServerExtension {
    id: Arc<str>,
    rows: &'static [Row],
    registered: Result<Registered, BuildError>,
}

/// What an extension registers.
#[derive(Debug)]
pub(crate) struct Registered {
    pub(crate) id: Arc<str>,
    pub(crate) settings: Value,
    pub(crate) rows: &'static [Row],
    pub(crate) methods: Vec<(&'static str, CustomMethod)>,
    pub(crate) filters: Vec<ListenFilter>,
    /// Where the extension was created.
    pub(crate) place: &'static Location<'static>,
}

impl ServerExtension {
    /// Creates an extension without handlers from its settings.
    #[track_caller]
    pub fn new<E: ProtocolExtension>(settings: &E::ServerSettings) -> Self {
        match serde_json::to_value(settings) {
            Ok(settings) => Self::with_rows(E::ID, settings, E::METHODS),
            Err(error) => Self {
                id: E::ID.into(),
                rows: E::METHODS,
                registered: Err(invalid("extension", E::ID, error.to_string())),
            },
        }
    }

    /// Creates an extension without methods from its id and its settings, which must be an object.
    /// Pass `json!({})` for no settings.
    #[track_caller]
    pub fn declared(id: impl Into<String>, settings: Value) -> Self {
        Self::with_rows(&id.into(), settings, &[])
    }

    #[track_caller]
    fn with_rows(id: &str, settings: Value, rows: &'static [Row]) -> Self {
        let id: Arc<str> = id.into();
        let place = Location::caller();
        let registered = check(&id, &settings, rows).map(|()| Registered {
            id: Arc::clone(&id),
            settings,
            rows,
            methods: Vec::new(),
            filters: Vec::new(),
            place,
        });
        Self { id, rows, registered }
    }

    /// Sets the handler of a request of the extension. The method table, or
    /// [`ProtocolExtension::METHODS`], must have the request, with the id of this extension.
    ///
    /// The result must be an object, or `()`. On modern requests, `resultType` and the server's
    /// identity are added to it unless it contains them. The handler cannot ask the client for
    /// input. A client that did not declare the extension receives −32021 (−32600 until
    /// 2025-11-25).
    #[track_caller]
    pub fn method<M, F, Fut>(self, handler: F) -> Self
    where
        M: Method,
        F: Fn(M::Params, Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<M::Result, ErrorObject>> + Send + 'static,
    {
        self.register(M::NAME, CustomMethod::new::<M, F, Fut>(handler))
    }

    /// Sets the handler of a request of the extension, an async function whose arguments are
    /// [extractors](crate::extract): `Args<M::Params>`, [`Context`], `State<S>` and `Extension<T>`,
    /// in any order. Otherwise it is like [`method`](Self::method). Building the server fails if it
    /// takes a [`State`](crate::extract::State) that the server does not have.
    #[track_caller]
    pub fn method_with<M, A, H>(self, handler: H) -> Self
    where
        M: Method + 'static,
        H: Handler<MethodCall<M>, A, Output = Result<M::Result, ErrorObject>>,
    {
        self.register(M::NAME, CustomMethod::of_handler(handler))
    }

    /// Sets the handler of a request, which encodes its result itself.
    #[cfg(feature = "tasks")]
    #[track_caller]
    pub(crate) fn encoded_method<M, F, Fut>(self, handler: F) -> Self
    where
        M: Method,
        F: Fn(M::Params, Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<JsonBytes, ErrorObject>> + Send + 'static,
    {
        self.register(M::NAME, CustomMethod::encoded(handler))
    }

    fn register(mut self, name: &'static str, method: CustomMethod) -> Self {
        let row = self.rows.iter().chain(method::TABLE).find(|row| {
            row.name == name
                && row.extension == Some(&*self.id)
                && row.kind == Kind::Request
                && row.direction.client_may_send()
        });
        let Some(row) = row else {
            let reason = format!(
                "the extension {} has no request of clients with this name; add its row to METHODS",
                self.id
            );
            return self.fail(invalid("method", name, reason));
        };
        if let Ok(registered) = &mut self.registered {
            if let Some((_, other)) = registered.methods.iter().find(|(other, _)| *other == name) {
                let (name, first, second) =
                    (name.to_owned(), other.wiring.place, method.wiring.place);
                return self.fail(BuildError::Duplicate { kind: "method", name, first, second });
            }
            registered.methods.push((name, method.of_extension(row)));
        }
        self
    }

    /// Adds a member to the filter of `subscriptions/listen`. `listen` receives its value, and
    /// returns what is accepted and the notifications to send; `None` accepts nothing. A client
    /// that uses the member without declaring the extension receives −32021.
    ///
    /// ```
    /// use futures::stream;
    /// use mcp_server::extension::{Listening, NoSettings, ProtocolExtension, ServerExtension};
    /// use mcp_server::method::NotificationMethod;
    /// use mcp_server::serde_json::{Value, json};
    ///
    /// # enum Search {}
    /// # impl ProtocolExtension for Search {
    /// #     const ID: &'static str = "com.example/search";
    /// #     type ServerSettings = NoSettings;
    /// #     type ClientSettings = NoSettings;
    /// # }
    /// enum IndexChanged {}
    ///
    /// impl NotificationMethod for IndexChanged {
    ///     const NAME: &'static str = "notifications/search/index_changed";
    ///     type Params = Value;
    /// }
    ///
    /// let search = ServerExtension::new::<Search>(&NoSettings::new())
    ///     .listen("searchIndexes", |_ctx, indexes: Vec<String>| async move {
    ///         let changes = stream::iter([json!({ "index": indexes.first() })]);
    ///         Ok(Some(Listening::new::<IndexChanged>(indexes, changes)))
    ///     });
    /// ```
    #[track_caller]
    pub fn listen<T, F, Fut>(mut self, member: &'static str, listen: F) -> Self
    where
        T: DeserializeOwned,
        F: Fn(Context, T) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Option<Listening>, ErrorObject>> + Send + 'static,
    {
        let filter = ListenFilter::new(Arc::clone(&self.id), member, listen);
        if let Ok(registered) = &mut self.registered {
            registered.filters.push(filter);
        }
        self
    }

    pub(crate) fn into_registered(self) -> Result<Registered, BuildError> {
        self.registered
    }

    /// Keeps the first error.
    fn fail(mut self, error: BuildError) -> Self {
        if self.registered.is_ok() {
            self.registered = Err(error);
        }
        self
    }
}

impl fmt::Debug for ServerExtension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerExtension").field("id", &self.id).finish_non_exhaustive()
    }
}

fn check(id: &str, settings: &Value, rows: &[Row]) -> Result<(), BuildError> {
    extension::check(id, settings, rows)
        .map_err(|error| invalid(error.kind, &error.name, error.reason.to_owned()))?;
    let is_unhandled =
        |row: &&Row| row.kind == Kind::Notification && row.direction.client_may_send();
    match rows.iter().find(is_unhandled) {
        Some(row) => {
            let reason = "a server does not handle notifications of clients";
            Err(invalid("method", row.name, reason.to_owned()))
        }
        None => Ok(()),
    }
}

fn invalid(kind: &'static str, name: &str, reason: String) -> BuildError {
    BuildError::Invalid { kind, name: name.to_owned(), reason }
}
