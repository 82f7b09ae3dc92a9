//! What a request needs, and whether its caller has it.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use mcp_core::jsonrpc::{ErrorKind, ErrorObject, Params, code};
use mcp_core::method::{
    Complete, Method as _, PromptsGet, ResourcesRead, ResourcesSubscribe, ResourcesUnsubscribe,
    SubscriptionsListen, ToolsCall,
};
use mcp_core::types::{CompleteParams, CompletionReference, SubscriptionsListenParams};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::route_scopes::{NoScope, RouteScopes};
use super::{Principal, Scopes};
use crate::error::{
    invalid_params, no_such_prompt, no_such_template, resource_not_found, unknown_route,
};
use crate::fragment::percent_decode;

/// Looks up the scopes of routes. The registry implements it.
pub(crate) trait ScopeSource {
    /// Whether any route has scopes.
    fn has_scopes(&self) -> bool;
    fn of_tool(&self, name: &str) -> Option<&RouteScopes>;
    fn of_prompt(&self, name: &str) -> Option<&RouteScopes>;
    /// Returns the scopes of the route that reads a URI, and the variables of its template.
    fn of_resource(&self, uri: &str) -> Option<(&RouteScopes, Variables)>;
    /// Returns the scopes of a URI template.
    fn of_template(&self, template: &str) -> Option<&RouteScopes>;
}

/// The variables of a URI template, percent-decoded.
pub(crate) type Variables = BTreeMap<String, String>;

/// Whether a granted scope includes a required one.
pub(crate) type Implies = Arc<dyn Fn(&str, &str) -> bool + Send + Sync>;

/// Which scopes requests need, beside those of routes.
#[derive(Clone, Default)]
pub(crate) struct AccessRules {
    /// Those of every request.
    pub(crate) server: Vec<String>,
    /// Those of the requests of a method.
    pub(crate) methods: HashMap<String, Vec<String>>,
    pub(crate) implies: Option<Implies>,
    /// Routes that the caller may not use do not exist for it.
    pub(crate) hide: bool,
    /// Lists contain routes that the caller may not use.
    pub(crate) list_all: bool,
}

impl fmt::Debug for AccessRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessRules")
            .field("server", &self.server)
            .field("methods", &self.methods)
            .field("hide", &self.hide)
            .field("list_all", &self.list_all)
            .finish_non_exhaustive()
    }
}

/// Whether scopes are checked. They are not for a caller without a principal over another transport
/// than HTTP, which is who started the process.
pub(crate) fn scopes_are_checked(principal: Option<&Principal>, is_http: bool) -> bool {
    principal.is_some() || is_http
}

/// The member of the details of an error that has the scopes of the operation.
pub(crate) const REQUIRED_SCOPES: &str = "requiredScopes";

impl AccessRules {
    /// Whether a request may need scopes. If not, no request has to be looked at.
    pub(crate) fn may_require_scopes(&self, routes: &dyn ScopeSource) -> bool {
        !self.server.is_empty() || !self.methods.is_empty() || routes.has_scopes()
    }

    /// Checks that a caller has all scopes that a request needs. `None` is a caller that nothing
    /// verified, which has none.
    ///
    /// # Errors
    /// With the kind [`ErrorKind::InsufficientScope`], and all scopes of the operation; or that of
    /// an unknown name, where routes are hidden. Parameters that decide about a scope, and are not
    /// valid, are refused too.
    pub(crate) fn check(
        &self,
        routes: &dyn ScopeSource,
        method: &str,
        params: &Params,
        principal: Option<&Principal>,
    ) -> Result<(), ErrorObject> {
        if !self.may_require_scopes(routes) {
            return Ok(());
        }
        let mut required = self.of_method(method);
        let lacks_method = self.hide && self.check_required(&required, principal).is_err();
        let added = match routes.has_scopes() {
            true => add_of_routes(&mut required, routes, method, params),
            false => Ok(()),
        };
        let checked = self.check_required(&required, principal);
        if self.hide && checked.is_err() && !lacks_method {
            return Err(hidden(method, params)?);
        }
        added?;
        checked
    }

    /// Checks that a caller has these scopes.
    ///
    /// # Errors
    /// With the kind [`ErrorKind::InsufficientScope`].
    pub(crate) fn check_required<S: AsRef<str>>(
        &self,
        required: &[S],
        principal: Option<&Principal>,
    ) -> Result<(), ErrorObject> {
        let none = Scopes::default();
        let granted = principal.map_or(&none, Principal::scopes);
        if required.iter().all(|scope| self.includes(granted, scope.as_ref())) {
            return Ok(());
        }
        Err(insufficient(required))
    }

    /// Whether the caller may use a route, as far as that does not depend on arguments.
    pub(crate) fn may_use(&self, scopes: &RouteScopes, principal: Option<&Principal>) -> bool {
        let none = Scopes::default();
        let granted = principal.map_or(&none, Principal::scopes);
        scopes.fixed().all(|scope| self.includes(granted, scope))
    }

    fn includes(&self, granted: &Scopes, required: &str) -> bool {
        granted.contains(required)
            || self
                .implies
                .as_ref()
                .is_some_and(|implies| granted.iter().any(|scope| implies(scope, required)))
    }

    /// Returns all scopes that a request needs.
    ///
    /// # Errors
    /// If parameters that decide about a scope are not valid.
    #[cfg(feature = "http")]
    pub(crate) fn required<'a>(
        &'a self,
        routes: &'a dyn ScopeSource,
        method: &str,
        params: &Params,
    ) -> Result<Vec<Cow<'a, str>>, ErrorObject> {
        let mut required = self.of_method(method);
        if routes.has_scopes() {
            add_of_routes(&mut required, routes, method, params)?;
        }
        Ok(required)
    }

    /// Returns all scopes that a call of a tool with `scopes` needs, for requests about the call
    /// that follow. Scopes with an argument are left out if its value cannot be part of one: such a
    /// call is made only by a caller whose scopes are not checked.
    #[cfg(feature = "tasks")]
    pub(crate) fn required_by_call<'a>(
        &'a self,
        scopes: &'a RouteScopes,
        params: &Params,
    ) -> Vec<Cow<'a, str>> {
        let mut required = self.of_method(ToolsCall::NAME);
        match resolve_for_call(scopes, params) {
            Ok(resolved) => required.extend(resolved),
            Err(_) => required.extend(scopes.fixed().map(Cow::Borrowed)),
        }
        required
    }

    /// Returns the scopes that every request of a method needs.
    fn of_method(&self, method: &str) -> Vec<Cow<'_, str>> {
        let of_method = self.methods.get(method).into_iter().flatten();
        self.server.iter().chain(of_method).map(|scope| Cow::Borrowed(&**scope)).collect()
    }
}

/// Adds the scopes of the routes that a request names. A name that is not known adds none: its
/// request is refused later.
fn add_of_routes<'a>(
    required: &mut Vec<Cow<'a, str>>,
    routes: &'a dyn ScopeSource,
    method: &str,
    params: &Params,
) -> Result<(), ErrorObject> {
    match method {
        ToolsCall::NAME | PromptsGet::NAME => {
            let Named { name } = parse(params)?;
            let scopes = match method {
                ToolsCall::NAME => routes.of_tool(&name),
                _ => routes.of_prompt(&name),
            };
            let Some(scopes) = scopes else { return Ok(()) };
            // First those that do not depend on arguments: they are known if one is not valid.
            required.extend(scopes.fixed().map(Cow::Borrowed));
            required.extend(resolve_for_call(scopes, params)?);
        }
        ResourcesRead::NAME | ResourcesSubscribe::NAME | ResourcesUnsubscribe::NAME => {
            let Resource { uri } = parse(params)?;
            add_of_resource(required, routes, &uri)?;
        }
        SubscriptionsListen::NAME => {
            let listen: SubscriptionsListenParams = parse(params)?;
            for uri in listen.notifications.resource_subscriptions.iter().flatten() {
                add_of_resource(required, routes, uri)?;
            }
        }
        Complete::NAME => {
            let complete: CompleteParams = parse(params)?;
            let scopes = match &complete.reference {
                CompletionReference::Prompt(prompt) => routes.of_prompt(&prompt.name),
                CompletionReference::Resource(resource) => routes
                    .of_template(&resource.uri)
                    .or_else(|| routes.of_resource(&resource.uri).map(|(scopes, _)| scopes)),
                _ => None,
            };
            // The arguments are not known yet.
            required.extend(scopes.into_iter().flat_map(RouteScopes::fixed).map(Cow::Borrowed));
        }
        _ => {}
    }
    Ok(())
}

/// Returns the scopes of a route that is called with arguments.
fn resolve_for_call<'a>(
    scopes: &'a RouteScopes,
    params: &Params,
) -> Result<Vec<Cow<'a, str>>, ErrorObject> {
    // Parsed when it is first needed: most scopes do not depend on arguments.
    let arguments = std::cell::OnceCell::new();
    let parse = || {
        let [arguments] = params.member_texts(["arguments"]).ok()?;
        serde_json::from_str::<Map<String, Value>>(arguments?).ok()
    };
    let value = |name: &str| {
        let arguments = arguments.get_or_init(parse);
        scalar(arguments.as_ref()?.get(name)?)
    };
    scopes.resolve(value).map_err(|error| no_scope("/arguments/", &error))
}

/// Adds the scopes of the route that reads a URI. The variables of a template are decoded for its
/// handler, so `%2E` means the same to it as `.`: the scopes of the route that the decoded URI
/// selects are needed too. Otherwise an encoded URI would reach the same thing by a weaker route.
fn add_of_resource<'a>(
    required: &mut Vec<Cow<'a, str>>,
    routes: &'a dyn ScopeSource,
    uri: &str,
) -> Result<(), ErrorObject> {
    let decoded = percent_decode(uri);
    let other = decoded.as_deref().filter(|decoded| *decoded != uri);
    for uri in [Some(uri), other].into_iter().flatten() {
        let Some((scopes, variables)) = routes.of_resource(uri) else { continue };
        add_resolved(required, scopes, "/uri: ", |name| variables.get(name).cloned())?;
    }
    Ok(())
}

/// Adds the scopes of a route: first those that do not depend on arguments, so that they are known
/// if an argument is not valid.
fn add_resolved<'a>(
    required: &mut Vec<Cow<'a, str>>,
    scopes: &'a RouteScopes,
    place: &str,
    value: impl Fn(&str) -> Option<String>,
) -> Result<(), ErrorObject> {
    required.extend(scopes.fixed().map(Cow::Borrowed));
    let resolved = scopes.resolve(value).map_err(|error| no_scope(place, &error))?;
    required.extend(resolved);
    Ok(())
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
struct Resource {
    uri: String,
}

fn parse<T: serde::de::DeserializeOwned>(params: &Params) -> Result<T, ErrorObject> {
    params.parse().map_err(|error| invalid_params(&error))
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

fn no_scope(place: &str, error: &NoScope) -> ErrorObject {
    ErrorObject::invalid_params(format!("{place}{}: {}", error.argument, error.reason))
}

/// The error for a route that does not exist for the caller.
///
/// # Errors
/// If the parameters are not valid.
fn hidden(method: &str, params: &Params) -> Result<ErrorObject, ErrorObject> {
    Ok(match method {
        ToolsCall::NAME => unknown_route("tool", &parse::<Named>(params)?.name),
        PromptsGet::NAME => unknown_route("prompt", &parse::<Named>(params)?.name),
        Complete::NAME => match parse::<CompleteParams>(params)?.reference {
            CompletionReference::Prompt(_) => no_such_prompt(),
            _ => no_such_template(),
        },
        SubscriptionsListen::NAME => resource_not_found(""),
        _ => resource_not_found(&parse::<Resource>(params)?.uri),
    })
}

/// The error for a caller that does not have all scopes of an operation.
fn insufficient<S: AsRef<str>>(required: &[S]) -> ErrorObject {
    let mut seen = HashSet::new();
    let required = required.iter().map(AsRef::as_ref).filter(|scope| seen.insert(*scope));
    let required: Vec<&str> = required.collect();
    let message = format!("insufficient scope: the operation requires {}", required.join(" "));
    let details = json!({ "reason": "insufficient_scope", REQUIRED_SCOPES: required });
    ErrorObject::new(code::INVALID_REQUEST, message)
        .with_data(&details)
        .with_kind(ErrorKind::InsufficientScope, &details)
}
