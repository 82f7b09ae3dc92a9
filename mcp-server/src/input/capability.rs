//! The capabilities of the client. Only questions that it declared support for are sent (MRTR-5,
//! EL-2, SAM-2).

use mcp_core::revision::Revision;
use mcp_core::types::{CreateMessageParams, ElicitParams, IncludeContext, InputRequest};
use serde_json::json;

use super::question_check;
use crate::context::Context;
use crate::questions::{AskError, AskErrorKind};

impl Context {
    /// Whether the client supports elicitation with forms.
    ///
    /// ```
    /// use mcp_server::input::AskError;
    /// use mcp_server::{Context, Elicit, tool};
    ///
    /// #[derive(serde::Deserialize, Elicit)]
    /// struct Size {
    ///     /// Your size
    ///     size: String,
    /// }
    ///
    /// /// Order a shirt.
    /// #[tool]
    /// async fn order(size: Option<String>, ctx: &Context) -> Result<String, AskError> {
    ///     let size = match size {
    ///         Some(size) => size,
    ///         None if ctx.can_elicit() => ctx.elicit::<Size>("Which size?").await?.size,
    ///         None => "M".to_owned(),
    ///     };
    ///     Ok(format!("ordered a shirt in {size}"))
    /// }
    /// # use mcp_server::{Server, routes};
    /// # let server = Server::builder("shop", "1.0.0").routes(routes![order]);
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let client = mcp_server::test::client(server).await;
    /// # client.call("order", serde_json::json!({})).await.assert_text("ordered a shirt in M");
    /// # });
    /// ```
    #[must_use]
    pub fn can_elicit(&self) -> bool {
        self.rules().elicitation
            && self.client_capabilities().elicitation.is_some_and(|can| can.has_form())
    }

    /// Whether the client supports elicitation with URLs.
    ///
    /// ```
    /// # use mcp_server::input::{Answer, AskError};
    /// # use mcp_server::{Context, tool};
    /// /// Connect the calendar.
    /// #[tool]
    /// async fn connect(ctx: &Context) -> Result<String, AskError> {
    ///     let url = "https://login.example.com/start";
    ///     if !ctx.can_elicit_url() {
    ///         return Ok(format!("Open {url} in a browser, and call this tool again."));
    ///     }
    ///     let visited = ctx.elicit_url("Log in to the calendar.", url).await?;
    ///     Ok(if visited == Answer::Accept(()) { "connected" } else { "not connected" }.to_owned())
    /// }
    /// # use mcp_server::{Server, routes};
    /// # let server = Server::builder("calendar", "1.0.0").routes(routes![connect]);
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let client = mcp_server::test::client(server).await;
    /// # client.call("connect", serde_json::json!({})).await.assert_text(
    /// #     "Open https://login.example.com/start in a browser, and call this tool again.",
    /// # );
    /// # });
    /// ```
    #[must_use]
    pub fn can_elicit_url(&self) -> bool {
        self.rules().elicitation_url
            && self.client_capabilities().elicitation.is_some_and(|can| can.has_url())
    }

    /// Whether the client supports sampling.
    ///
    /// ```
    /// # use mcp_server::{Context, tool};
    /// /// Summarize a text.
    /// #[tool]
    /// async fn summarize(text: String, ctx: &Context) -> String {
    ///     if ctx.can_sample() {
    ///         // … ask the client's model …
    ///         return "a summary".to_owned();
    ///     }
    ///     text.lines().take(3).collect::<Vec<_>>().join("\n")
    /// }
    /// ```
    #[must_use]
    pub fn can_sample(&self) -> bool {
        self.client_capabilities().sampling.is_some()
    }

    /// Whether the client supports tools in sampling.
    ///
    /// ```
    /// # use mcp_server::{Context, tool};
    /// /// Plan a trip.
    /// #[tool]
    /// async fn plan(city: String, ctx: &Context) -> String {
    ///     match ctx.can_sample_with_tools() {
    ///         true => format!("a plan for {city}, for which the model looked up timetables"),
    ///         false => format!("a plan for {city} without times"),
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn can_sample_with_tools(&self) -> bool {
        self.rules().sampling_tools
            && self.client_capabilities().sampling.is_some_and(|can| can.tools.is_some())
    }

    /// Whether the client supports listing its roots.
    ///
    /// ```
    /// # use mcp_server::{Context, ToolError, tool};
    /// /// Find a file in the folders of the user.
    /// #[tool]
    /// #[expect(deprecated, reason = "clients of earlier revisions have roots")]
    /// async fn find(name: String, folder: Option<String>, ctx: &Context) -> Result<String, ToolError> {
    ///     let folders = match folder {
    ///         Some(folder) => vec![folder],
    ///         None if ctx.can_list_roots() => {
    ///             ctx.list_roots().await?.into_iter().map(|root| root.uri).collect()
    ///         }
    ///         None => return Err(ToolError::new("name a folder")),
    ///     };
    ///     Ok(format!("{name} is in none of {}", folders.join(", ")))
    /// }
    /// ```
    #[must_use]
    pub fn can_list_roots(&self) -> bool {
        self.client_capabilities().roots.is_some()
    }

    /// Refuses a question that is invalid, or that the client does not support.
    pub(super) fn check_question(&self, request: &InputRequest) -> Result<(), AskError> {
        question_check::check(request, self.call().environment.limits.max_uri_bytes)?;
        let required = match request {
            InputRequest::Elicit(params) => match &**params {
                ElicitParams::Url(_) if !self.can_elicit_url() => {
                    json!({ "elicitation": { "url": {} } })
                }
                ElicitParams::Url(_) => return Ok(()),
                _ if !self.can_elicit() => json!({ "elicitation": { "form": {} } }),
                _ => return Ok(()),
            },
            InputRequest::CreateMessage(params) => match self.missing_for(params) {
                Some(required) => required,
                None => return Ok(()),
            },
            InputRequest::ListRoots(_) if !self.can_list_roots() => json!({ "roots": {} }),
            InputRequest::ListRoots(_) => return Ok(()),
            other => {
                let method = other.method();
                let reason = format_args!("{method} is not a request to clients");
                return Err(AskError::new(AskErrorKind::Unsupported, reason));
            }
        };
        if self.call().session.as_ref().is_some_and(|session| !session.has_client()) {
            let reason = "this server is stateless, so the client cannot be reached";
            return Err(AskError::new(AskErrorKind::Unsupported, reason));
        }
        if let Some((what, since)) = self.missing_in_revision(request) {
            let reason = format_args!(
                "revision {} has no {what}, which needs a client of {since} or later",
                self.revision()
            );
            return Err(AskError::new(AskErrorKind::Unsupported, reason));
        }
        Err(AskError::unsupported(&required, self.rules().input_required))
    }

    /// Returns what the revision of the call does not have, and the first revision that has it.
    fn missing_in_revision(&self, request: &InputRequest) -> Option<(&'static str, Revision)> {
        let InputRequest::Elicit(params) = request else { return None };
        match &**params {
            ElicitParams::Url(_) if !self.rules().elicitation_url => {
                Some(("URL elicitation", Revision::V2025_11_25))
            }
            ElicitParams::Form(_) if !self.rules().elicitation => {
                Some(("elicitation", Revision::V2025_06_18))
            }
            _ => None,
        }
    }

    fn missing_for(&self, params: &CreateMessageParams) -> Option<serde_json::Value> {
        let Some(can) = self.client_capabilities().sampling else {
            return Some(json!({ "sampling": {} }));
        };
        if (params.tools.is_some() || params.tool_choice.is_some()) && !self.can_sample_with_tools()
        {
            return Some(json!({ "sampling": { "tools": {} } }));
        }
        // Revisions that have sampling with tools also have this capability (SAM-3); in older ones
        // the client decides.
        let wants_context =
            params.include_context.as_ref().is_some_and(|context| *context != IncludeContext::None);
        (wants_context && self.rules().sampling_tools && can.context.is_none())
            .then(|| json!({ "sampling": { "context": {} } }))
    }
}
