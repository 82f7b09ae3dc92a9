//! The verified identity of a caller.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::SystemTime;

use mcp_core::jsonrpc::ErrorObject;
use serde_json::{Map, Value};

use super::Scopes;
use crate::context::Context;
use crate::extract::FromContext;

/// The verified identity of a caller.
///
/// A server that is [protected](crate::ServerBuilder) by access tokens gets it from the token. An
/// outer layer that verified the caller in another way inserts one into the extensions of the
/// `http::Request`. [`ServerBuilder::local_principal`](crate::ServerBuilder::local_principal) sets
/// it for other transports.
///
/// Sessions, tasks, subscriptions and the `requestState` of input rounds belong to the principal;
/// no other one can use them. Two values are equal if their [`Principal::id`] is: the scopes of a
/// user may differ from token to token. Never create one from what a client claims about itself.
///
/// Handlers take it as a parameter:
///
/// ```
/// use mcp_server::{Principal, tool};
///
/// /// Say who calls.
/// #[tool]
/// async fn whoami(principal: Principal) -> String {
///     principal.subject().unwrap_or("an application").to_owned()
/// }
/// ```
#[derive(Clone)]
pub struct Principal(Arc<Identity>);

#[derive(Clone)]
struct Identity {
    id: Box<str>,
    issuer: Option<Box<str>>,
    subject: Option<Box<str>>,
    client: Option<Box<str>>,
    scopes: Scopes,
    claims: Map<String, Value>,
    expires_at: Option<SystemTime>,
}

/// Separates the issuer and the subject in an id. The URL of an issuer has no fragment.
const SEPARATOR: char = '#';

impl Principal {
    /// Creates a principal without an issuer and without scopes. `id` is the subject. It must be
    /// unique among the users of the server.
    ///
    /// ```
    /// use mcp_server::Principal;
    ///
    /// let ada = Principal::new("ada"); // A user of this process, known to no issuer.
    /// assert_eq!((ada.id(), ada.issuer()), ("ada", None));
    /// ```
    pub fn new(id: impl AsRef<str>) -> Self {
        let id = id.as_ref();
        Self::with(id.into(), None, Some(id))
    }

    /// Creates the principal of a user: the subject that an issuer identified. The id is
    /// `issuer#subject`.
    ///
    /// ```
    /// use mcp_server::Principal;
    ///
    /// // Two issuers may have an `ada`; they are two users here.
    /// let ada = Principal::of_user("https://login.example.com", "ada");
    /// assert_ne!(ada, Principal::of_user("https://login.example.org", "ada"));
    /// ```
    pub fn of_user(issuer: &str, subject: &str) -> Self {
        Self::with(format!("{issuer}{SEPARATOR}{subject}"), Some(issuer), Some(subject))
    }

    /// Creates the principal of an application that acts for no user. The id is `issuer##client`.
    ///
    /// ```
    /// use mcp_server::Principal;
    ///
    /// let job = Principal::of_client("https://login.example.com", "nightly-import");
    /// assert_eq!((job.subject(), job.client()), (None, Some("nightly-import")));
    /// ```
    pub fn of_client(issuer: &str, client: &str) -> Self {
        let id = format!("{issuer}{SEPARATOR}{SEPARATOR}{client}");
        Self::with(id, Some(issuer), None).with_client(client)
    }

    /// Creates the principal of the user who runs this process, with every scope. The subject is
    /// the name in the environment variable `USER` or `USERNAME`, or else `local`.
    ///
    /// ```
    /// use mcp_server::{Principal, Server};
    ///
    /// // Over stdio, the user who has started the host may do everything.
    /// let server = Server::builder("notes", "1.0.0").local_principal(Principal::local());
    /// assert!(Principal::local().scopes().contains("notes:write"));
    /// ```
    #[must_use]
    pub fn local() -> Self {
        let name = ["USER", "USERNAME"].iter().find_map(|variable| std::env::var(variable).ok());
        let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| "local".to_owned());
        Self::of_user("local", &name).with_scopes(Scopes::all())
    }

    #[cfg(feature = "tasks")]
    /// Creates the principal that a stored id names. Its scopes and claims are not known.
    pub(crate) fn of_id(id: &str) -> Self {
        match id.split_once(SEPARATOR) {
            Some((issuer, client)) if client.starts_with(SEPARATOR) => {
                Self::of_client(issuer, &client[1..])
            }
            Some((issuer, subject)) => Self::of_user(issuer, subject),
            None => Self::new(id),
        }
    }

    fn with(id: String, issuer: Option<&str>, subject: Option<&str>) -> Self {
        Self(Arc::new(Identity {
            id: id.into(),
            issuer: issuer.map(Into::into),
            subject: subject.map(Into::into),
            client: None,
            scopes: Scopes::default(),
            claims: Map::new(),
            expires_at: None,
        }))
    }

    /// Sets the application that acts for the user: the client id of the token.
    ///
    /// ```
    /// use mcp_server::Principal;
    ///
    /// let ada = Principal::of_user("https://login.example.com", "ada").with_client("desktop-app");
    /// assert_eq!(ada.client(), Some("desktop-app")); // Ada, by means of this application.
    /// ```
    #[must_use]
    pub fn with_client(mut self, client: &str) -> Self {
        self.change().client = Some(client.into());
        self
    }

    /// Sets what the caller may do.
    ///
    /// ```
    /// use mcp_server::Principal;
    ///
    /// let reader = Principal::new("ada").with_scopes(["notes:read"]);
    /// assert!(!reader.scopes().contains("notes:write"));
    /// ```
    #[must_use]
    pub fn with_scopes(mut self, scopes: impl Into<Scopes>) -> Self {
        self.change().scopes = scopes.into();
        self
    }

    /// Sets the claims of the token.
    ///
    /// ```
    /// use mcp_server::Principal;
    /// use serde_json::{Map, json};
    ///
    /// let claims = Map::from_iter([("tenant".to_owned(), json!("north"))]);
    /// let ada = Principal::new("ada").with_claims(claims);
    /// assert_eq!(ada.claims()["tenant"], "north");
    /// ```
    #[must_use]
    pub fn with_claims(mut self, claims: Map<String, Value>) -> Self {
        self.change().claims = claims;
        self
    }

    /// Sets when the identity has to be verified again. Streams end then.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    ///
    /// use mcp_server::Principal;
    ///
    /// // A host of your own has checked a session that ends in an hour.
    /// let ada = Principal::new("ada").with_expiry(SystemTime::now() + Duration::from_secs(60 * 60));
    /// ```
    #[must_use]
    pub fn with_expiry(mut self, expires_at: SystemTime) -> Self {
        self.change().expires_at = Some(expires_at);
        self
    }

    fn change(&mut self) -> &mut Identity {
        Arc::make_mut(&mut self.0)
    }

    /// Returns the id, which is unique among the users of the server.
    ///
    /// ```
    /// use mcp_server::Principal;
    ///
    /// // The key under which a tool stores what belongs to the user.
    /// let ada = Principal::of_user("https://login.example.com", "ada");
    /// assert_eq!(ada.id(), "https://login.example.com#ada");
    /// ```
    #[must_use]
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// Returns the issuer of the token.
    ///
    /// ```
    /// use mcp_server::{Principal, tool};
    ///
    /// /// Read the handbook, which is for our own people only.
    /// #[tool]
    /// async fn handbook(caller: Principal) -> Result<&'static str, &'static str> {
    ///     match caller.issuer() {
    ///         Some("https://login.example.com") => Ok("Chapter 1"),
    ///         _ => Err("the handbook is for employees"),
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.0.issuer.as_deref()
    }

    /// Returns the user. `None` if an application acts for itself.
    ///
    /// ```
    /// use mcp_server::{Principal, tool};
    ///
    /// /// List my notes.
    /// #[tool]
    /// async fn my_notes(caller: Principal) -> Result<String, &'static str> {
    ///     let user = caller.subject().ok_or("an application has no notes of its own")?;
    ///     Ok(format!("the notes of {user}"))
    /// }
    /// ```
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.0.subject.as_deref()
    }

    /// Returns the client id of the application.
    ///
    /// ```
    /// use mcp_server::Principal;
    ///
    /// fn log_line(caller: &Principal) -> String {
    ///     format!("{} by means of {}", caller.id(), caller.client().unwrap_or("an unknown application"))
    /// }
    /// ```
    #[must_use]
    pub fn client(&self) -> Option<&str> {
        self.0.client.as_deref()
    }

    /// Returns the scopes of the token.
    ///
    /// ```
    /// use mcp_server::{Principal, tool};
    ///
    /// /// Read a note. Drafts are for those who may write.
    /// #[tool(scopes("notes:read"))]
    /// async fn note(id: u64, caller: Principal) -> String {
    ///     match caller.scopes().contains("notes:write") {
    ///         true => format!("note {id}, with its draft"),
    ///         false => format!("note {id}"),
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn scopes(&self) -> &Scopes {
        &self.0.scopes
    }

    /// Returns the claims of the token, or what introspection says about it. Empty if the principal
    /// was not created from a token, or a task was continued after its request.
    ///
    /// ```
    /// use mcp_server::{Principal, tool};
    ///
    /// /// List the projects of the tenant.
    /// #[tool]
    /// async fn projects(caller: Principal) -> Result<String, &'static str> {
    ///     let tenant = caller.claims().get("tenant").and_then(|tenant| tenant.as_str());
    ///     Ok(format!("the projects of {}", tenant.ok_or("the token names no tenant")?))
    /// }
    /// ```
    #[must_use]
    pub fn claims(&self) -> &Map<String, Value> {
        &self.0.claims
    }

    /// Waits until the token expires; for ever if it does not.
    pub(crate) async fn expired(&self) {
        match self.expires_at() {
            Some(at) => {
                let rest = at.duration_since(crate::clock::wall()).unwrap_or_default();
                tokio::time::sleep(rest).await;
            }
            None => std::future::pending().await,
        }
    }

    /// Returns when the token expires.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    ///
    /// use mcp_server::Principal;
    ///
    /// /// Whether a job of a minute can be done with this token.
    /// fn has_time(caller: &Principal) -> bool {
    ///     let end = SystemTime::now() + Duration::from_secs(60);
    ///     caller.expires_at().is_none_or(|expires_at| expires_at > end)
    /// }
    ///
    /// assert!(has_time(&Principal::new("ada")));
    /// ```
    #[must_use]
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.0.expires_at
    }
}

impl PartialEq for Principal {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id
    }
}

impl Eq for Principal {}

impl Hash for Principal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.id.hash(state);
    }
}

/// Shows no claims, because they may be personal.
impl fmt::Debug for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Principal")
            .field("id", &self.0.id)
            .field("client", &self.0.client)
            .field("scopes", &self.0.scopes)
            .finish_non_exhaustive()
    }
}

impl Context {
    /// Returns the verified identity of the caller; `None` if nothing verified it.
    ///
    /// ```
    /// use mcp_server::{Context, Principal, Server, routes, tool};
    ///
    /// /// List the notes of the user.
    /// #[tool]
    /// async fn notes(ctx: &Context) -> Result<String, &'static str> {
    ///     let user = ctx.principal().and_then(Principal::subject).ok_or("log in to see your notes")?;
    ///     Ok(format!("the notes of {user}"))
    /// }
    ///
    /// let server = Server::builder("notes", "1.0.0")
    ///     .routes(routes![notes])
    ///     .local_principal(Principal::of_user("https://login.example.com", "ada"));
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// let client = mcp_server::test::client(server).await;
    /// client.call("notes", serde_json::json!({})).await.assert_text("the notes of ada");
    /// # });
    /// ```
    #[must_use]
    pub fn principal(&self) -> Option<&Principal> {
        self.extensions().get()
    }
}

/// The call fails with −32603 if nothing verified the caller.
impl FromContext for Principal {
    fn from_context(context: &Context) -> Result<Self, ErrorObject> {
        context.principal().cloned().ok_or_else(|| {
            crate::error::internal("extracting the principal", &"nothing verified the caller")
        })
    }
}

impl FromContext for Option<Principal> {
    fn from_context(context: &Context) -> Result<Self, ErrorObject> {
        Ok(context.principal().cloned())
    }
}
