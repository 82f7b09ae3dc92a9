//! Decides about a request before it leaves.

use std::collections::HashMap;
use std::sync::Arc;

use mcp_core::jsonrpc::{MethodName, Params};
use mcp_core::policy::{Decision, PolicyRequest, Subject, Verdict, question};
use mcp_core::sync::Mutex;
use mcp_core::types::ToolAnnotations;
use tokio::time::timeout;

use super::client_policy::{ClientPolicy, PolicyQuestion};
use crate::error::{Error, ErrorKind};

/// The policy of a client.
#[derive(Debug)]
pub(crate) struct PolicyState {
    pub(super) policy: ClientPolicy,
    /// What the host calls the server.
    server: String,
    /// What the tools of the server say of themselves.
    pub(super) annotations: Mutex<HashMap<String, Arc<ToolAnnotations>>>,
}

impl PolicyState {
    pub(crate) fn new(policy: ClientPolicy, server: Option<&str>) -> Self {
        let server = server.unwrap_or_default().to_owned();
        Self { policy, server, annotations: Mutex::default() }
    }

    /// Decides about a request, and asks if that is the decision.
    ///
    /// # Errors
    /// With the kind [`ErrorKind::Denied`] if the request must not be sent.
    pub(crate) async fn admit(&self, method: &MethodName, params: &Params) -> Result<(), Error> {
        let Some((decision, question)) = self.decide(method, params)? else { return Ok(()) };
        let denied = |why: &str| Err(denied(method, &format!("{why}: {}", decision.reason())));
        let Some(question) = question else { return denied("the policy denies it") };
        let Some(on_ask) = &self.policy.on_ask else {
            return denied("it needs approval, and nothing asks (ClientPolicy::on_ask)");
        };
        match timeout(self.policy.ask_timeout, on_ask(question)).await {
            Ok(true) => Ok(()),
            Ok(false) => denied("the user declined"),
            Err(_) => {
                let seconds = self.policy.ask_timeout.as_secs();
                denied(&format!("no answer within {seconds} s (ClientPolicy::ask_timeout)"))
            }
        }
    }

    /// Returns the decision about a request that is not allowed, and the question if there is one.
    fn decide(
        &self,
        method: &MethodName,
        params: &Params,
    ) -> Result<Option<(Decision, Option<PolicyQuestion>)>, Error> {
        let requests = PolicyRequest::of(method, params)
            .map_err(|reason| denied(method, &format!("its parameters are not valid: {reason}")))?;
        let mut strictest: Option<(Decision, Option<PolicyQuestion>)> = None;
        for request in requests {
            let annotations = match request.subject() {
                Subject::Tool(name) => self.annotations.lock().get(&**name).cloned(),
                _ => None,
            };
            let request = self.complete(request).annotations(annotations.as_deref());
            let decision = self.policy.engine.decide(&request);
            let verdict = decision.verdict();
            let before = strictest.as_ref().map_or(Verdict::Allow, |(it, _)| it.verdict());
            if verdict > before {
                let question = (verdict == Verdict::Ask).then(|| PolicyQuestion {
                    text: question(&request, &decision),
                    server: self.server.clone(),
                    method: method.clone(),
                    subject: request.subject().name().map(str::to_owned),
                    arguments: request.arguments_text().map(str::to_owned),
                    decision: decision.clone(),
                });
                strictest = Some((decision, question));
            }
        }
        Ok(strictest)
    }

    pub(super) fn complete<'a>(&'a self, request: PolicyRequest<'a>) -> PolicyRequest<'a> {
        request.server(&self.server).principal(self.policy.principal.as_deref())
    }
}

fn denied(method: &MethodName, reason: &str) -> Error {
    Error::new(ErrorKind::Denied, format!("the request was not sent: {reason}"))
        .during(method.clone())
}
