//! `elicitation/create`: questions to the user. Spec: client/elicitation; since 2025-06-18.

use serde::de::{self, Deserialize, Deserializer};
use serde::{Serialize, Serializer};

use super::ElicitSchema;
use super::task_2025::TaskMetadata;
use crate::json::{JsonObject, RawJson, object, string_enum};
use crate::meta::Meta;

/// Params of `elicitation/create`, told apart by `mode`; without it they are a form. Since 2025-06-18.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ElicitParams {
    /// A form to fill in.
    Form(ElicitFormParams),
    /// A URL to visit. Since 2025-11-25.
    Url(ElicitUrlParams),
}

string_enum! {
    /// How the user is asked. Since 2025-11-25.
    pub enum ElicitMode {
        /// A form to fill in.
        Form = "form",
        /// A URL to visit.
        Url = "url",
    }
}

string_enum! {
    /// What the user did. Since 2025-06-18.
    pub enum ElicitAction {
        /// Answered, or agreed to visit the URL.
        Accept = "accept",
        /// Said no.
        Decline = "decline",
        /// Went away without a choice.
        Cancel = "cancel",
    }
}

object! {
    /// A form to fill in. Since 2025-06-18.
    pub struct ElicitFormParams {
        /// The question.
        message: String = "message",
        /// The form.
        requested_schema: ElicitSchema = "requestedSchema",
        /// `form`, or absent. Since 2025-11-25.
        mode?: ElicitMode = "mode",
        /// Run it as a task. 2025-11-25 only.
        task?: TaskMetadata = "task",
        /// Metadata. Until 2025-11-25.
        meta?: Meta = "_meta",
    }

    /// A URL to visit. Since 2025-11-25.
    pub struct ElicitUrlParams tag "mode" = "url" {
        /// Why to visit it.
        message: String = "message",
        /// The URL.
        url: String = "url",
        /// Id to which `notifications/elicitation/complete` refers. 2025-11-25 only, and required there.
        elicitation_id?: String = "elicitationId",
        /// Run it as a task. 2025-11-25 only.
        task?: TaskMetadata = "task",
        /// Metadata. Until 2025-11-25.
        meta?: Meta = "_meta",
    }

    /// Result of `elicitation/create`, and since 2026-07-28 the answer to such a question. Since 2025-06-18.
    pub struct ElicitResult ignore "resultType" {
        /// What the user did.
        action: ElicitAction = "action",
        /// What was filled in: text, numbers, booleans, and since 2025-11-25 lists of text.
        content?: JsonObject = "content",
        /// Metadata. Until 2025-11-25.
        meta?: Meta = "_meta",
    }

    /// Params of `notifications/elicitation/complete`. 2025-11-25 only.
    pub struct ElicitationCompleteParams {
        /// Which elicitation.
        elicitation_id: String = "elicitationId",
        /// Metadata.
        meta?: Meta = "_meta",
    }
}

impl ElicitParams {
    /// A form to fill in.
    #[must_use]
    pub fn form(message: impl Into<String>, schema: impl Into<ElicitSchema>) -> Self {
        Self::Form(ElicitFormParams::new(message, schema))
    }

    /// A URL to visit.
    #[must_use]
    pub fn url(message: impl Into<String>, url: impl Into<String>) -> Self {
        Self::Url(ElicitUrlParams::new(message, url))
    }

    /// How the user is asked.
    #[must_use]
    pub fn mode(&self) -> ElicitMode {
        match self {
            Self::Form(_) => ElicitMode::Form,
            Self::Url(_) => ElicitMode::Url,
        }
    }

    /// What the user is asked.
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
        /// The one member that tells the forms apart.
        #[derive(serde::Deserialize)]
        struct Mode {
            mode: Option<ElicitMode>,
        }
        // A question to a person: read twice rather than shaped by hand.
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
    /// The form was filled in.
    #[must_use]
    pub fn accept(content: impl Into<JsonObject>) -> Self {
        Self::new(ElicitAction::Accept).content(content)
    }

    /// The user agreed to visit the URL.
    #[must_use]
    pub fn accept_url() -> Self {
        Self::new(ElicitAction::Accept)
    }

    /// The user said no.
    #[must_use]
    pub fn decline() -> Self {
        Self::new(ElicitAction::Decline)
    }

    /// The user went away without a choice.
    #[must_use]
    pub fn cancel() -> Self {
        Self::new(ElicitAction::Cancel)
    }
}
