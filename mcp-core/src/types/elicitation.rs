//! `elicitation/create`: asks the user for input. Spec: client/elicitation; since 2025-06-18.

use serde::de::{self, Deserialize, Deserializer};
use serde::{Serialize, Serializer};

use super::ElicitSchema;
use super::task_2025::TaskMetadata;
use crate::json::{JsonObject, RawJson, object, string_enum};
use crate::jsonrpc::{ErrorObject, code};
use crate::meta::Meta;

/// Params of `elicitation/create`. The member `mode` distinguishes the two variants; without it
/// they are a form. Since 2025-06-18.
///
/// ```
/// use mcp_core::types::{BooleanSchema, ElicitParams, ElicitSchema};
///
/// let form = ElicitSchema::new().required_field("confirm", BooleanSchema::new());
/// let params = ElicitParams::form("Delete the note?", form);
/// assert_eq!(params.message(), "Delete the note?");
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ElicitParams {
    /// The user fills in a form.
    Form(ElicitFormParams),
    /// The user visits a URL. Since 2025-11-25.
    Url(ElicitUrlParams),
}

string_enum! {
    /// The kind of input. Since 2025-11-25.
    pub enum ElicitMode {
        /// The user fills in a form.
        Form = "form",
        /// The user visits a URL.
        Url = "url",
    }
}

string_enum! {
    /// What the user did. Since 2025-06-18.
    pub enum ElicitAction {
        /// The user submitted the form, or agreed to visit the URL.
        Accept = "accept",
        /// The user declined.
        Decline = "decline",
        /// The user dismissed the request without a choice.
        Cancel = "cancel",
    }
}

object! {
    /// A request to fill in a form. Since 2025-06-18.
    pub struct ElicitFormParams {
        /// The message to show to the user.
        message: String = "message",
        /// The form.
        requested_schema: ElicitSchema = "requestedSchema",
        /// `form`, or absent. Since 2025-11-25.
        mode?: ElicitMode = "mode",
        /// Set to run the request as a task. 2025-11-25 only.
        task?: TaskMetadata = "task",
        /// Metadata. Until 2025-11-25.
        meta?: Meta = "_meta",
    }

    /// A request to visit a URL. Since 2025-11-25.
    pub struct ElicitUrlParams tag "mode" = "url" {
        /// The reason to show to the user.
        message: String = "message",
        /// The URL.
        url: String = "url",
        /// The id that `notifications/elicitation/complete` refers to. 2025-11-25 only, and
        /// required there.
        elicitation_id?: String = "elicitationId",
        /// Set to run the request as a task. 2025-11-25 only.
        task?: TaskMetadata = "task",
        /// Metadata. Until 2025-11-25.
        meta?: Meta = "_meta",
    }

    /// Result of `elicitation/create`. Since 2026-07-28 also the answer to such an input request.
    /// Since 2025-06-18.
    ///
    /// ```
    /// use mcp_core::types::{ElicitAction, ElicitResult};
    ///
    /// fn shown(result: &ElicitResult) -> String {
    ///     match (&result.action, &result.content) {
    ///         (ElicitAction::Accept, Some(content)) => format!("{} fields", content.len()),
    ///         (ElicitAction::Accept, None) => "agreed".to_owned(),
    ///         (ElicitAction::Decline, _) => "declined".to_owned(),
    ///         (ElicitAction::Cancel, _) => "dismissed".to_owned(),
    ///     }
    /// }
    ///
    /// assert_eq!(shown(&ElicitResult::decline()), "declined");
    /// ```
    pub struct ElicitResult ignore "resultType" {
        /// What the user did.
        action: ElicitAction = "action",
        /// The submitted values: strings, numbers, booleans, and since 2025-11-25 lists of strings.
        content?: JsonObject = "content",
        /// Metadata. Until 2025-11-25.
        meta?: Meta = "_meta",
    }

    /// Params of `notifications/elicitation/complete`. 2025-11-25 only.
    pub struct ElicitationCompleteParams {
        /// The id of the elicitation.
        elicitation_id: String = "elicitationId",
        /// Metadata.
        meta?: Meta = "_meta",
    }
}

impl ElicitParams {
    /// Creates a request to fill in a form.
    #[must_use]
    pub fn form(message: impl Into<String>, schema: impl Into<ElicitSchema>) -> Self {
        Self::Form(ElicitFormParams::new(message, schema))
    }

    /// Creates a request to visit a URL.
    #[must_use]
    pub fn url(message: impl Into<String>, url: impl Into<String>) -> Self {
        Self::Url(ElicitUrlParams::new(message, url))
    }

    /// Returns the kind of input.
    #[must_use]
    pub fn mode(&self) -> ElicitMode {
        match self {
            Self::Form(_) => ElicitMode::Form,
            Self::Url(_) => ElicitMode::Url,
        }
    }

    /// Returns the message to show to the user.
    #[must_use]
    pub fn message(&self) -> &str {
        match self {
            Self::Form(params) => &params.message,
            Self::Url(params) => &params.message,
        }
    }
}

impl From<ElicitFormParams> for ElicitParams {
    fn from(params: ElicitFormParams) -> Self {
        Self::Form(params)
    }
}

impl From<ElicitUrlParams> for ElicitParams {
    fn from(params: ElicitUrlParams) -> Self {
        Self::Url(params)
    }
}

impl Serialize for ElicitParams {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Form(params) => params.serialize(serializer),
            Self::Url(params) => params.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ElicitParams {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// The member that distinguishes the variants.
        #[derive(serde::Deserialize)]
        struct Mode {
            mode: Option<ElicitMode>,
        }
        // Parsed twice for simplicity: the message waits for a person, so its speed does not
        // matter.
        let raw = RawJson::deserialize(deserializer)?;
        let Mode { mode } = raw.parse().map_err(de::Error::custom)?;
        match mode {
            None | Some(ElicitMode::Form) => raw.parse().map(Self::Form),
            Some(ElicitMode::Url) => raw.parse().map(Self::Url),
        }
        .map_err(de::Error::custom)
    }
}

impl ElicitResult {
    /// Creates the result for a submitted form. `content` is any value that serializes as an object
    /// whose members are the fields.
    ///
    /// ```
    /// use mcp_core::types::ElicitResult;
    /// use serde_json::json;
    ///
    /// #[derive(serde::Serialize)]
    /// struct Confirm {
    ///     sure: bool,
    /// }
    ///
    /// let result = ElicitResult::accept(Confirm { sure: true })?;
    /// assert_eq!(result, ElicitResult::accept(json!({ "sure": true }))?);
    /// # Ok::<(), mcp_core::jsonrpc::ErrorObject>(())
    /// ```
    ///
    /// # Errors
    /// −32603 if `content` cannot be serialized, or is not an object. A handler can return it.
    pub fn accept(content: impl Serialize) -> Result<Self, ErrorObject> {
        let content = serde_json::to_value(content).and_then(serde_json::from_value::<JsonObject>);
        let content = content.map_err(|error| {
            let message = format!("the content of an accepted form must be an object: {error}");
            ErrorObject::new(code::INTERNAL_ERROR, message)
        })?;
        Ok(Self::new(ElicitAction::Accept).content(content))
    }

    /// Creates the result for a user who agreed to visit the URL.
    ///
    /// ```
    /// use mcp_core::types::{ElicitParams, ElicitResult};
    ///
    /// /// Answers a server: opens pages of one site, and nothing else.
    /// fn answer(asked: &ElicitParams) -> ElicitResult {
    ///     match asked {
    ///         ElicitParams::Url(page) if page.url.starts_with("https://login.example.com/") => {
    ///             // … open the browser …
    ///             ElicitResult::accept_url()
    ///         }
    ///         _ => ElicitResult::decline(),
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn accept_url() -> Self {
        Self::new(ElicitAction::Accept)
    }

    /// Creates the result for a user who declined.
    ///
    /// ```
    /// use mcp_core::types::{ElicitAction, ElicitResult};
    ///
    /// // The user pressed "No": the tool goes on without an answer, or fails.
    /// assert_eq!(ElicitResult::decline().action, ElicitAction::Decline);
    /// ```
    #[must_use]
    pub fn decline() -> Self {
        Self::new(ElicitAction::Decline)
    }

    /// Creates the result for a user who dismissed the request without a choice.
    ///
    /// ```
    /// use mcp_core::types::{ElicitAction, ElicitResult};
    ///
    /// // The user closed the window, and may be asked again.
    /// assert_eq!(ElicitResult::cancel().action, ElicitAction::Cancel);
    /// ```
    #[must_use]
    pub fn cancel() -> Self {
        Self::new(ElicitAction::Cancel)
    }
}
