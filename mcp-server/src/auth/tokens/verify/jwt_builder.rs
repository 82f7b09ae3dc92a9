//! The settings of a `JwtVerifier`.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::Uri;
use mcp_core::fetch::{FetchLimits, Fetcher, Guard, PrivateHosts, SettingNames};
use mcp_core::jose::{JwkSet, SigningAlgorithm};

use super::audience::Audience;
use super::fetch_document::FetchDocument;
use super::fetch_keys::{KeyFetcher, KeyLocation};
use super::issuer::IssuerPattern;
use super::jwt_verifier::{Clock, JwtVerifier};
use super::key_cache::KeyCache;
use super::limits::JwtLimits;
use super::rules::Rules;
use crate::auth::tokens::claims::LEEWAY;
use crate::error::BuildError;

/// The settings of a [`JwtVerifier`].
///
/// ```
/// use mcp_server::auth::{Audience, JwtVerifier};
///
/// // An authorization server that knows neither RFC 9068 nor RFC 8707.
/// let tokens = JwtVerifier::builder("https://login.example.com")
///     .accept_plain_jwt()
///     .audience(Audience::AnyOf(vec!["notes-api".to_owned()]))
///     .scope_claims(["permissions"])
///     .build()?;
/// # Ok::<(), mcp_server::BuildError>(())
/// ```
#[must_use = "`build` creates the verifier"]
pub struct JwtVerifierBuilder {
    /// The first one has the metadata.
    issuers: Vec<String>,
    authorization_servers: Vec<String>,
    keys: KeySource,
    audience: Audience,
    algorithms: Vec<SigningAlgorithm>,
    accept_plain: bool,
    scope_claims: Vec<String>,
    required: Vec<(String, Vec<String>)>,
    leeway: Duration,
    cache_for: Duration,
    limits: JwtLimits,
    private_hosts: Vec<String>,
    documents: Option<Arc<dyn FetchDocument>>,
    clock: Clock,
    /// What a preset found wrong with its arguments.
    problem: Option<String>,
}

enum KeySource {
    Metadata,
    Url(String),
    Fixed(JwkSet),
}

/// The keys of a verifier, when its settings are checked.
enum Keys {
    /// The settings have them.
    Given(JwkSet),
    Fetched(KeyLocation),
}

/// Longest tolerance for clocks that differ. Fixed: more would accept tokens that have expired.
const MAX_LEEWAY: Duration = Duration::from_secs(300);

impl JwtVerifier {
    /// Starts the settings of a verifier for the tokens of an issuer. Unless the settings say
    /// otherwise, the keys are where the metadata of the issuer says, the audience is the URL of
    /// the server, the type is `at+jwt`, and the scopes are in the claims `scope` and `scp`.
    ///
    /// ```
    /// use mcp_server::auth::{JwtVerifier, Protection};
    ///
    /// // The issuer as it is in the tokens, with or without a slash at its end.
    /// let tokens = JwtVerifier::builder("https://login.example.com/").build()?;
    /// let protection = Protection::new("https://mcp.example.com/mcp", tokens);
    /// # Ok::<(), mcp_server::BuildError>(())
    /// ```
    pub fn builder(issuer: impl Into<String>) -> JwtVerifierBuilder {
        JwtVerifierBuilder::new(issuer.into())
    }
}

impl JwtVerifierBuilder {
    fn new(issuer: String) -> Self {
        Self {
            issuers: vec![issuer],
            authorization_servers: Vec::new(),
            keys: KeySource::Metadata,
            audience: Audience::Resource,
            algorithms: SigningAlgorithm::ALL.to_vec(),
            accept_plain: false,
            scope_claims: vec!["scope".to_owned(), "scp".to_owned()],
            required: Vec::new(),
            leeway: LEEWAY,
            cache_for: Duration::from_secs(60),
            limits: JwtLimits::new(),
            private_hosts: Vec::new(),
            documents: None,
            clock: Arc::new(crate::clock::wall),
            problem: None,
        }
    }

    /// Accepts tokens with a further form of the issuer. Issuers are compared byte for byte. One
    /// may have placeholders for whole segments of its path: `{tid}` stands for the text of the
    /// claim `tid` of the same token, and `{*}` for any text.
    ///
    /// ```
    /// # use mcp_server::auth::JwtVerifier;
    /// // The users of each tenant, whose id is in the claim `tid`.
    /// let tokens = JwtVerifier::builder("https://login.example.com")
    ///     .or_issuer("https://login.example.com/{tid}/v2.0")
    ///     .build()?;
    /// # Ok::<(), mcp_server::BuildError>(())
    /// ```
    pub fn or_issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuers.push(issuer.into());
        self
    }

    /// Adds an issuer that the metadata of the server names, where clients log in. Without one, the
    /// metadata names the issuers without placeholders.
    ///
    /// ```
    /// # use mcp_server::auth::JwtVerifier;
    /// // Tokens say who has issued them; users log in at the address of their company.
    /// let tokens = JwtVerifier::builder("https://sts.example.com")
    ///     .authorization_server("https://login.example.com")
    ///     .build()?;
    /// # Ok::<(), mcp_server::BuildError>(())
    /// ```
    pub fn authorization_server(mut self, issuer: impl Into<String>) -> Self {
        self.authorization_servers.push(issuer.into());
        self
    }

    /// Fetches the keys from a URL, without reading the metadata of the issuer.
    ///
    /// ```
    /// # use mcp_server::auth::JwtVerifier;
    /// let tokens = JwtVerifier::builder("https://login.example.com")
    ///     .keys_url("https://login.example.com/keys.json")
    ///     .build()?;
    /// # Ok::<(), mcp_server::BuildError>(())
    /// ```
    pub fn keys_url(mut self, url: impl Into<String>) -> Self {
        self.keys = KeySource::Url(url.into());
        self
    }

    /// Uses these keys, and fetches none.
    ///
    /// ```
    /// use mcp_server::auth::JwtVerifier;
    /// use mcp_server::auth::jose::JwkSet;
    ///
    /// // A server without a way out to the network.
    /// let keys = JwkSet::parse(br#"{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "1", "alg": "EdDSA",
    ///     "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#)?;
    /// let tokens = JwtVerifier::builder("https://login.example.com").keys(keys).build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn keys(mut self, keys: JwkSet) -> Self {
        self.keys = KeySource::Fixed(keys);
        self
    }

    /// Sets for whom tokens must have been issued. By default, for the URL of the server.
    ///
    /// ```
    /// use mcp_server::auth::{Audience, JwtVerifier};
    ///
    /// // The name by which the authorization server knows this API.
    /// let tokens = JwtVerifier::builder("https://login.example.com")
    ///     .audience(Audience::AnyOf(vec!["api://notes".to_owned()]))
    ///     .build()?;
    /// # Ok::<(), mcp_server::BuildError>(())
    /// ```
    pub fn audience(mut self, audience: Audience) -> Self {
        self.audience = audience;
        self
    }

    /// Sets the algorithms that are accepted. By default all of [`SigningAlgorithm`].
    ///
    /// ```
    /// use mcp_server::auth::JwtVerifier;
    /// use mcp_server::auth::jose::SigningAlgorithm;
    ///
    /// let tokens = JwtVerifier::builder("https://login.example.com")
    ///     .algorithms([SigningAlgorithm::Es256, SigningAlgorithm::EdDsa])
    ///     .build()?;
    /// # Ok::<(), mcp_server::BuildError>(())
    /// ```
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = SigningAlgorithm>) -> Self {
        self.algorithms = algorithms.into_iter().collect();
        self
    }

    /// Accepts tokens with the type `JWT`, or without one, for authorization servers that do not
    /// implement RFC 9068. Tokens that are recognizably ID tokens stay refused; `required_claim`
    /// may distinguish them further.
    ///
    /// ```
    /// # use mcp_server::auth::JwtVerifier;
    /// // This authorization server writes the type `JWT`, and marks access tokens with a claim.
    /// let tokens = JwtVerifier::builder("https://login.example.com")
    ///     .accept_plain_jwt()
    ///     .required_claim("token_use", ["access"])
    ///     .build()?;
    /// # Ok::<(), mcp_server::BuildError>(())
    /// ```
    pub fn accept_plain_jwt(mut self) -> Self {
        self.accept_plain = true;
        self
    }

    /// Sets the claims that have scopes: texts with spaces between, or arrays of texts. By default
    /// `scope` and `scp`.
    ///
    /// ```
    /// # use mcp_server::auth::JwtVerifier;
    /// // The scopes of the application, and the roles of its user.
    /// let tokens =
    ///     JwtVerifier::builder("https://login.example.com").scope_claims(["scope", "roles"]).build()?;
    /// # Ok::<(), mcp_server::BuildError>(())
    /// ```
    pub fn scope_claims(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.scope_claims = names.into_iter().map(Into::into).collect();
        self
    }

    /// Refuses tokens whose claim `name` has none of these values.
    ///
    /// ```
    /// # use mcp_server::auth::JwtVerifier;
    /// // Only for these two tenants of a shared authorization server.
    /// let tokens = JwtVerifier::builder("https://login.example.com")
    ///     .required_claim("tenant", ["north", "south"])
    ///     .build()?;
    /// # Ok::<(), mcp_server::BuildError>(())
    /// ```
    pub fn required_claim(
        mut self,
        name: impl Into<String>,
        values: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.required.push((name.into(), values.into_iter().map(Into::into).collect()));
        self
    }

    /// Sets by how much the clock of the authorization server may differ. 60 s by default, at most
    /// 5 minutes.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use mcp_server::auth::JwtVerifier;
    ///
    /// // Both machines have the time from the same server.
    /// let verifier = JwtVerifier::builder("https://login.example.com").leeway(Duration::from_secs(5));
    /// assert!(verifier.leeway(Duration::from_secs(3_600)).build().is_err()); // Too long for anyone.
    /// ```
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// Sets for how long the server may keep a decision. 60 s by default. For that time a token
    /// whose key was withdrawn is still accepted.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use mcp_server::auth::JwtVerifier;
    /// // A withdrawn key counts at once; each request has its signature verified.
    /// let tokens = JwtVerifier::builder("https://login.example.com").cache_for(Duration::ZERO).build()?;
    /// # Ok::<(), mcp_server::BuildError>(())
    /// ```
    pub fn cache_for(mut self, duration: Duration) -> Self {
        self.cache_for = duration;
        self
    }

    /// Sets the limits.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use mcp_server::auth::{JwtLimits, JwtVerifier};
    ///
    /// let mut limits = JwtLimits::new();
    /// limits.max_stale_key_age = Duration::from_secs(3_600); // Refuse sooner when the issuer is down.
    /// let tokens = JwtVerifier::builder("https://login.example.com").limits(limits).build()?;
    /// # Ok::<(), mcp_server::BuildError>(())
    /// ```
    pub fn limits(mut self, limits: JwtLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Allows to fetch documents from hosts on a private network or on this machine, by their
    /// names or addresses; `.corp.example` allows all names that end so. Over `http` from this
    /// machine only, and from the origins that these settings name.
    ///
    /// ```
    /// # use mcp_server::auth::JwtVerifier;
    /// // A Keycloak in the same cluster.
    /// let tokens = JwtVerifier::builder("https://keycloak.corp.example/realms/acme")
    ///     .allow_private_hosts(["keycloak.corp.example"])
    ///     .build()?;
    /// # Ok::<(), mcp_server::BuildError>(())
    /// ```
    pub fn allow_private_hosts(
        mut self,
        hosts: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.private_hosts.extend(hosts.into_iter().map(Into::into));
        self
    }

    /// Fetches documents in another way than over the network.
    ///
    /// ```
    /// use async_trait::async_trait;
    /// # use bytes::Bytes;
    /// use mcp_server::auth::http_client::BoxError;
    /// use mcp_server::auth::{FetchDocument, JwtVerifier};
    ///
    /// /// Keys that another program keeps in a folder.
    /// struct Folder;
    ///
    /// #[async_trait]
    /// impl FetchDocument for Folder {
    ///     async fn fetch(&self, url: &str) -> Result<Option<Bytes>, BoxError> {
    ///         let name = url.rsplit('/').next().unwrap_or_default();
    ///         Ok(std::fs::read(format!("/etc/keys/{name}")).ok().map(Bytes::from))
    ///     }
    /// }
    ///
    /// let tokens = JwtVerifier::builder("https://login.example.com").fetch_with(Folder).build()?;
    /// # Ok::<(), mcp_server::BuildError>(())
    /// ```
    pub fn fetch_with(mut self, documents: impl FetchDocument) -> Self {
        self.documents = Some(Arc::new(documents));
        self
    }

    /// Sets the clock that the times of tokens are compared with: for tests.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    ///
    /// use mcp_server::auth::JwtVerifier;
    ///
    /// // In a test, whose token was signed once and expires on that day.
    /// let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_785_000_000);
    /// let tokens = JwtVerifier::builder("https://login.example.com").clock(move || then).build()?;
    /// # Ok::<(), mcp_server::BuildError>(())
    /// ```
    pub fn clock(mut self, clock: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    pub(in crate::auth::tokens) fn with_problem(mut self, problem: Option<String>) -> Self {
        self.problem = problem;
        self
    }

    /// Creates the verifier. It fetches nothing yet.
    ///
    /// ```
    /// # use mcp_server::auth::JwtVerifier;
    /// // A mistake in the settings ends the program when it starts.
    /// let error = JwtVerifier::builder("login.example.com").build().map(drop).unwrap_err();
    /// assert!(error.to_string().contains("login.example.com"));
    /// ```
    ///
    /// # Errors
    /// The first setting that is not valid.
    pub fn build(self) -> Result<JwtVerifier, BuildError> {
        let name = self.issuers.first().cloned().unwrap_or_default();
        let invalid = |reason: String| BuildError::Invalid {
            kind: "verifier of tokens",
            name: name.clone(),
            reason,
        };
        if let Some(problem) = self.problem.or_else(|| self.audience.problem().map(Into::into)) {
            return Err(invalid(problem));
        }
        if self.algorithms.is_empty() {
            return Err(invalid("no algorithm is accepted".to_owned()));
        }
        if self.leeway > MAX_LEEWAY {
            let reason = format!("a leeway of {:?} is more than {MAX_LEEWAY:?}", self.leeway);
            return Err(invalid(reason));
        }
        let mut issuers = Vec::new();
        for issuer in &self.issuers {
            let pattern = IssuerPattern::parse(issuer);
            issuers.push(pattern.map_err(|reason| invalid(format!("{issuer:?}: {reason}")))?);
        }
        let mut authorization_servers = self.authorization_servers;
        if authorization_servers.is_empty() {
            let exact = issuers.iter().filter_map(IssuerPattern::exact);
            authorization_servers = exact.map(str::to_owned).collect();
        }
        let keys = match self.keys {
            KeySource::Fixed(keys) if keys.keys().is_empty() => {
                return Err(invalid("no key of the set can be used".to_owned()));
            }
            KeySource::Fixed(keys) => Keys::Given(keys),
            KeySource::Url(url) => Keys::Fetched(KeyLocation::Url(url)),
            KeySource::Metadata => match issuers.first().and_then(IssuerPattern::exact) {
                Some(issuer) => Keys::Fetched(KeyLocation::Metadata { issuer: issuer.to_owned() }),
                None => {
                    let reason = "an issuer with placeholders has no metadata; call keys_url";
                    return Err(invalid(reason.to_owned()));
                }
            },
        };
        let keys = match keys {
            Keys::Given(keys) => KeyCache::fixed(keys, self.limits.clone()),
            Keys::Fetched(location) => {
                let (KeyLocation::Url(url) | KeyLocation::Metadata { issuer: url }) = &location;
                let uri: Uri =
                    url.parse().map_err(|_| invalid(format!("{url:?} is not a valid URL")))?;
                let documents = match self.documents {
                    Some(documents) => documents,
                    None => Arc::new(over_network(url, &uri, self.private_hosts).map_err(invalid)?),
                };
                let fetcher = KeyFetcher::new(location, documents);
                KeyCache::fetched(fetcher, self.limits.clone())
            }
        };
        let rules = Rules {
            issuers,
            audience: self.audience,
            algorithms: self.algorithms,
            accept_plain: self.accept_plain,
            scope_claims: self.scope_claims,
            required: self.required,
            leeway: self.leeway,
            max_audiences: self.limits.max_audiences,
        };
        let (clock, cache_for) = (self.clock, self.cache_for);
        Ok(JwtVerifier { rules, keys, clock, cache_for, authorization_servers })
    }
}

/// Fetches over the network, behind a guard. The URL of the settings must pass it.
fn over_network(url: &str, uri: &Uri, private_hosts: Vec<String>) -> Result<Fetcher, String> {
    let limits = FetchLimits::new();
    let hosts = PrivateHosts::new(private_hosts);
    let names = SettingNames::new("FetchLimits", "JwtVerifierBuilder::allow_private_hosts");
    let guard = Guard::for_configured([uri], hosts, &limits).with_names(names);
    guard.check(url).map_err(|error| error.to_string())?;
    Ok(Fetcher::over_network(guard, &limits))
}

impl fmt::Debug for JwtVerifierBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtVerifierBuilder")
            .field("issuers", &self.issuers)
            .field("audience", &self.audience)
            .field("algorithms", &self.algorithms)
            .finish_non_exhaustive()
    }
}
