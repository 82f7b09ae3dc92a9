//! An MCP server, authorization servers and a user, without sockets. Every request is recorded.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderMap, Request, Response, StatusCode};
use mcp_client::http::{
    Authorizer, Binding, BoxError, Endpoint, HttpBody, HttpError, HttpStack, Refusal, Verdict,
    async_trait,
};
use mcp_client::oauth::{AuthorizationCode, AuthorizationUrl, Error, OAuth, OAuthBuilder};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

pub(crate) const SERVER: &str = "https://mcp.example.com/mcp";
pub(crate) const PRM: &str = "https://mcp.example.com/.well-known/oauth-protected-resource/mcp";
pub(crate) const ROOT_PRM: &str = "https://mcp.example.com/.well-known/oauth-protected-resource";
pub(crate) const ISSUER: &str = "https://as.example.com";
pub(crate) const METADATA: &str = "https://as.example.com/.well-known/oauth-authorization-server";
pub(crate) const OPENID: &str = "https://as.example.com/.well-known/openid-configuration";
pub(crate) const REDIRECT: &str = "http://localhost:3000/callback";

/// A request to one of the servers.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Sent {
    /// A field of the form, or of the query.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        let text = if self.method == "POST" { &self.body } else { self.url.split_once('?')?.1 };
        field(text, name)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

pub(crate) fn field(text: &str, name: &str) -> Option<String> {
    let mut found = form_urlencoded::parse(text.as_bytes()).filter(|(key, _)| key == name);
    let value = found.next().map(|(_, value)| value.into_owned());
    assert!(found.next().is_none(), "{name} is there twice");
    value
}

/// The names of a form's fields, sorted.
pub(crate) fn names(sent: &Sent) -> Vec<String> {
    let mut names: Vec<String> =
        form_urlencoded::parse(sent.body.as_bytes()).map(|(name, _)| name.into_owned()).collect();
    names.sort_unstable();
    names
}

/// What a server answers with.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) media_type: &'static str,
    pub(crate) challenge: Option<String>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(body: Value) -> Self {
        Self {
            status: 200,
            media_type: "application/json",
            challenge: None,
            body: body.to_string(),
        }
    }

    pub(crate) fn status(status: u16) -> Self {
        Self { status, media_type: "text/plain", challenge: None, body: String::new() }
    }

    pub(crate) fn error(code: &str) -> Self {
        let body = json!({"error": code, "error_description": format!("said {code}")});
        Self { status: 400, ..Self::json(body) }
    }
}

type Handler = Arc<dyn Fn(&World, &Sent) -> Answer + Send + Sync>;
type User = Arc<dyn Fn(&Sent) -> String + Send + Sync>;
type Resource = Arc<dyn Fn(&World, Option<&str>, &str) -> (u16, Option<String>) + Send + Sync>;

/// Everything outside of the client.
#[derive(Clone)]
pub(crate) struct World {
    inner: Arc<Mutex<Inner>>,
    /// Requests to the token endpoint wait here.
    pub(crate) token_gate: Arc<Semaphore>,
}

struct Inner {
    routes: HashMap<String, Handler>,
    user: User,
    resource: Resource,
    log: Vec<Sent>,
    /// The URLs at which the user was asked to log in.
    logins: Vec<Sent>,
    /// Code to challenge.
    challenges: HashMap<String, String>,
    /// Tokens that the MCP server accepts.
    valid: Vec<String>,
    issued: u32,
}

impl World {
    /// An MCP server with one authorization server that does everything right.
    pub(crate) fn new() -> Self {
        let inner = Inner {
            routes: HashMap::new(),
            user: Arc::new(|asked| answer_of(asked, &[])),
            resource: Arc::new(|world, token, _| match token {
                Some(token) if world.is_valid(token) => (200, None),
                _ => (401, Some(format!(r#"Bearer resource_metadata="{PRM}""#))),
            }),
            log: Vec::new(),
            logins: Vec::new(),
            challenges: HashMap::new(),
            valid: Vec::new(),
            issued: 0,
        };
        let world = Self {
            inner: Arc::new(Mutex::new(inner)),
            token_gate: Arc::new(Semaphore::new(1_000)),
        };
        world.document(PRM, json!({"resource": SERVER, "authorization_servers": [ISSUER]}));
        world.authorization_server(ISSUER, json!({}));
        world
    }

    /// As [`World::new`], with tokens that have no refresh token, as is usual without a user.
    pub(crate) fn without_refresh_tokens() -> Self {
        let world = Self::new();
        world.route(&format!("{ISSUER}/token"), |world, sent| {
            world.issue(sent, json!({"refresh_token": null}))
        });
        world
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    /// An authorization server; `changes` are merged into its metadata, and null removes a member.
    pub(crate) fn authorization_server(&self, issuer: &str, changes: Value) {
        let mut metadata = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "registration_endpoint": format!("{issuer}/register"),
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none", "client_secret_basic"],
        });
        merge(&mut metadata, changes);
        self.document(&format!("{issuer}/.well-known/oauth-authorization-server"), metadata);
        self.endpoints(issuer);
    }

    /// `/token` and `/register` below a URL.
    pub(crate) fn endpoints(&self, base: &str) {
        self.route(&format!("{base}/token"), |world, sent| world.issue(sent, json!({})));
        let host = base.trim_start_matches("https://").to_owned();
        self.route(&format!("{base}/register"), move |_, sent| {
            let mut answer = sent.json();
            answer["client_id"] = format!("dynamic@{host}").into();
            Answer { status: 201, ..Answer::json(answer) }
        });
    }

    pub(crate) fn document(&self, url: &str, document: Value) {
        self.route(url, move |_, _| Answer::json(document.clone()));
    }

    pub(crate) fn answer(&self, url: &str, answer: Answer) {
        self.route(url, move |_, _| answer.clone());
    }

    pub(crate) fn remove(&self, url: &str) {
        self.lock().routes.remove(url);
    }

    pub(crate) fn route(
        &self,
        url: &str,
        handler: impl Fn(&Self, &Sent) -> Answer + Send + Sync + 'static,
    ) {
        self.lock().routes.insert(url.to_owned(), Arc::new(handler));
    }

    /// How the MCP server answers a token and an operation: a status, and a challenge.
    pub(crate) fn resource(
        &self,
        resource: impl Fn(&Self, Option<&str>, &str) -> (u16, Option<String>) + Send + Sync + 'static,
    ) {
        self.lock().resource = Arc::new(resource);
    }

    /// The outcome of the log-in: the URL that the user is redirected to.
    pub(crate) fn user(&self, user: impl Fn(&Sent) -> String + Send + Sync + 'static) {
        self.lock().user = Arc::new(user);
    }

    /// A token response, and the token becomes valid.
    pub(crate) fn issue(&self, sent: &Sent, changes: Value) -> Answer {
        let mut inner = self.lock();
        if sent.field("grant_type").as_deref() == Some("authorization_code") {
            let verifier = sent.field("code_verifier").unwrap();
            let digest = ring::digest::digest(&ring::digest::SHA256, verifier.as_bytes());
            let challenge = inner.challenges.remove(&sent.field("code").unwrap());
            if challenge != Some(URL_SAFE_NO_PAD.encode(digest)) {
                return Answer::error("invalid_grant");
            }
        }
        inner.issued += 1;
        let access = format!("access-{}", inner.issued);
        inner.valid.push(access.clone());
        let mut token = json!({
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": 3_600,
            "refresh_token": format!("refresh-{}", inner.issued),
        });
        merge(&mut token, changes);
        Answer::json(token)
    }

    /// Whether the MCP server accepts a token.
    pub(crate) fn is_valid(&self, token: &str) -> bool {
        self.lock().valid.iter().any(|valid| valid == token)
    }

    /// The MCP server accepts no token that was issued so far.
    pub(crate) fn expire_all(&self) {
        self.lock().valid.clear();
    }

    /// An authorizer builder that uses this world.
    pub(crate) fn oauth(&self) -> OAuthBuilder<AuthorizationCode> {
        let user = self.clone();
        OAuth::authorization_code().http_stack(self.clone()).redirect(REDIRECT, move |url| {
            let back = user.log_in(&url);
            async move { Ok(back) }
        })
    }

    /// The user logs in; the URL that the authorization server redirects them to.
    pub(crate) fn log_in(&self, url: &AuthorizationUrl) -> String {
        let asked = Sent {
            method: "GET".to_owned(),
            url: url.as_str().to_owned(),
            headers: HeaderMap::new(),
            body: String::new(),
        };
        let user = {
            let mut inner = self.lock();
            let code = format!("code-{}", inner.logins.len());
            inner.challenges.insert(code, asked.field("code_challenge").unwrap());
            inner.logins.push(asked.clone());
            Arc::clone(&inner.user)
        };
        let code = format!("code-{}", self.logins().len() - 1);
        user(&asked).replace("CODE", &code)
    }

    /// The log-ins so far.
    pub(crate) fn logins(&self) -> Vec<Sent> {
        self.lock().logins.clone()
    }

    /// The requests to authorization servers and for documents, so far.
    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.lock().log.clone()
    }

    pub(crate) fn urls(&self) -> Vec<String> {
        self.sent().into_iter().map(|sent| sent.url).collect()
    }

    /// The requests to a URL.
    pub(crate) fn sent_to(&self, url: &str) -> Vec<Sent> {
        self.sent().into_iter().filter(|sent| sent.url == url).collect()
    }

    /// The token requests with a grant.
    pub(crate) fn grants(&self, grant: &str) -> Vec<Sent> {
        let is = |sent: &Sent| {
            sent.url.ends_with("/token") && sent.field("grant_type").as_deref() == Some(grant)
        };
        self.sent().into_iter().filter(is).collect()
    }

    pub(crate) fn forget_sent(&self) {
        let mut inner = self.lock();
        inner.log.clear();
        inner.logins.clear();
    }

    /// Sends one message of an operation as the transport does. The status at the end, or why there
    /// is none.
    pub(crate) async fn call(&self, oauth: &OAuth, operation: &str) -> Result<u16, Error> {
        let endpoint = Endpoint::parse(SERVER).unwrap();
        let mut attempt = 0;
        loop {
            let mut request = Request::new(Bytes::from_static(b"{}"));
            *request.uri_mut() = endpoint.uri().clone();
            oauth.authorize(&mut request).await.map_err(error)?;
            let authorization = request.headers().get(AUTHORIZATION).cloned();
            let token = authorization.as_ref().map(|value| value.to_str().unwrap());
            let token = token.map(|value| value.strip_prefix("Bearer ").unwrap());
            let resource = Arc::clone(&self.lock().resource);
            let (status, challenge) = resource(self, token, operation);
            let status = StatusCode::from_u16(status).unwrap();
            let mut headers = HeaderMap::new();
            if let Some(challenge) = challenge {
                headers.insert(WWW_AUTHENTICATE, challenge.parse().unwrap());
            }
            oauth.answered(status, &headers);
            if !matches!(status.as_u16(), 401 | 403) || attempt == 4 {
                return Ok(status.as_u16());
            }
            let mut refusal = Refusal::new(status, headers);
            refusal.authorization = authorization;
            refusal.method = Some("tools/call".to_owned());
            refusal.name = Some(operation.to_owned());
            refusal.attempt = attempt;
            attempt += 1;
            if oauth.refused(&refusal).await.map_err(error)? == Verdict::GiveUp {
                return Ok(status.as_u16());
            }
        }
    }
}

/// The error of the authorizer.
pub(crate) fn error(error: BoxError) -> Error {
    *error.downcast().unwrap()
}

/// The connection to a server.
pub(crate) fn binding(url: &str) -> Binding {
    Binding::new(Endpoint::parse(url).unwrap())
}

/// An authorizer that is bound to the server.
pub(crate) fn bind(oauth: OAuth) -> OAuth {
    oauth.bind(&binding(SERVER)).unwrap();
    oauth
}

/// As [`bind`], for a builder.
pub(crate) fn bound(oauth: OAuthBuilder<AuthorizationCode>) -> OAuth {
    bind(oauth.build())
}

/// The redirect URL of an answer that has code and state, and more.
pub(crate) fn answer_of(asked: &Sent, more: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("code", "CODE").append_pair("state", &asked.field("state").unwrap());
    for (name, value) in more {
        query.append_pair(name, value);
    }
    format!("{}?{}", asked.field("redirect_uri").unwrap(), query.finish())
}

fn merge(into: &mut Value, changes: Value) {
    let Value::Object(changes) = changes else { panic!("no object") };
    for (name, value) in changes {
        if value.is_null() {
            into.as_object_mut().unwrap().remove(&name);
        } else {
            into[&name] = value;
        }
    }
}

#[async_trait]
impl HttpStack for World {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<HttpBody>, HttpError> {
        let sent = Sent {
            method: request.method().to_string(),
            url: request.uri().to_string(),
            headers: request.headers().clone(),
            body: String::from_utf8(request.body().to_vec()).unwrap(),
        };
        // `http::Uri` writes a slash where there is no path; the texts of the tests have none.
        let handler = {
            let mut inner = self.lock();
            inner.log.push(sent.clone());
            inner.routes.get(&sent.url).cloned()
        };
        if sent.url.ends_with("/token") {
            self.token_gate.acquire().await.unwrap().forget();
            self.token_gate.add_permits(1);
        }
        let answer = handler.map_or_else(|| Answer::status(404), |handler| handler(self, &sent));
        if answer.status == 0 {
            return Err(HttpError::unsent("no route to host"));
        }
        let mut response = Response::new(HttpBody::new(answer.body));
        *response.status_mut() = StatusCode::from_u16(answer.status).unwrap();
        response.headers_mut().insert(CONTENT_TYPE, answer.media_type.parse().unwrap());
        if let Some(challenge) = answer.challenge {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge.parse().unwrap());
        }
        Ok(response)
    }
}
