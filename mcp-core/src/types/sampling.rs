//! `sampling/createMessage`: a server asks the client's model. Spec: client/sampling.
//!
//! Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.

use super::task_2025::TaskMetadata;
use super::{Role, SamplingContents, Tool};
use crate::json::{Float, Int, JsonObject, object, string_enum};
use crate::meta::Meta;

object! {
    /// Params of `sampling/createMessage`. All revisions; since 2026-07-28 inside an input request.
    pub struct CreateMessageParams {
        /// The conversation.
        messages: Vec<SamplingMessage> = "messages",
        /// How many tokens the answer may have.
        max_tokens: u64 = "maxTokens" via Int,
        /// Which model is wanted.
        model_preferences?: ModelPreferences = "modelPreferences",
        /// The system prompt that is wanted.
        system_prompt?: String = "systemPrompt",
        /// Which context the client should add. Other than `none`: deprecated since 2025-11-25.
        include_context?: IncludeContext = "includeContext",
        /// Temperature.
        temperature?: f64 = "temperature" via Float,
        /// Texts at which the model stops.
        stop_sequences?: Vec<String> = "stopSequences",
        /// Settings of the provider.
        metadata?: JsonObject = "metadata",
        /// Tools that the model may use. Since 2025-11-25.
        tools?: Vec<Tool> = "tools",
        /// Whether it must use them. Since 2025-11-25.
        tool_choice?: ToolChoice = "toolChoice",
        /// Run it as a task. 2025-11-25 only.
        task?: TaskMetadata = "task",
        /// Metadata. Until 2025-11-25.
        meta?: Meta = "_meta",
    }

    /// Result of `sampling/createMessage`, and since 2026-07-28 the answer to such a question. All revisions.
    pub struct CreateMessageResult ignore "resultType" {
        /// Who speaks: the assistant.
        role: Role = "role",
        /// What the model said.
        content: SamplingContents = "content",
        /// The model.
        model: String = "model",
        /// Why it stopped.
        stop_reason?: StopReason = "stopReason",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// A message of the conversation. All revisions.
    pub struct SamplingMessage {
        /// Who speaks.
        role: Role = "role",
        /// What is said: one block, and since 2025-11-25 also a list.
        content: SamplingContents = "content",
        /// Metadata. Since 2025-11-25.
        meta?: Meta = "_meta",
    }

    /// Which model is wanted; the client decides. All revisions.
    pub struct ModelPreferences {
        /// Names, or parts of them, the best first.
        hints?: Vec<ModelHint> = "hints",
        /// How much low cost matters, from 0 to 1.
        cost_priority?: f64 = "costPriority" via Float,
        /// How much speed matters, from 0 to 1.
        speed_priority?: f64 = "speedPriority" via Float,
        /// How much ability matters, from 0 to 1.
        intelligence_priority?: f64 = "intelligencePriority" via Float,
    }

    /// A model that is wanted. All revisions.
    pub struct ModelHint {
        /// Its name or a part of it.
        name?: String = "name",
    }

    /// Whether the model must use tools. Since 2025-11-25.
    pub struct ToolChoice {
        /// May, must or must not; `auto` when absent.
        mode?: ToolChoiceMode = "mode",
    }
}

string_enum! {
    /// Whether the model must use tools. Since 2025-11-25.
    pub enum ToolChoiceMode {
        /// It may.
        Auto = "auto",
        /// It must use at least one.
        Required = "required",
        /// It must not.
        None = "none",
        _ => Other,
    }
}

string_enum! {
    /// Which context the client should add. All revisions; other than `none` deprecated since 2025-11-25.
    pub enum IncludeContext {
        /// None.
        None = "none",
        /// Of the server that asks.
        ThisServer = "thisServer",
        /// Of all servers.
        AllServers = "allServers",
        _ => Other,
    }
}

string_enum! {
    /// Why the model stopped; any text is allowed. All revisions.
    pub enum StopReason {
        /// It was done.
        EndTurn = "endTurn",
        /// It came to a stop sequence.
        StopSequence = "stopSequence",
        /// It ran out of tokens.
        MaxTokens = "maxTokens",
        /// It wants to use tools. Since 2025-11-25.
        ToolUse = "toolUse",
        _ => Other,
    }
}

impl SamplingMessage {
    /// A message of the user.
    #[must_use]
    pub fn user(content: impl Into<SamplingContents>) -> Self {
        Self::new(Role::User, content)
    }

    /// A message of the assistant.
    #[must_use]
    pub fn assistant(content: impl Into<SamplingContents>) -> Self {
        Self::new(Role::Assistant, content)
    }
}

impl ModelHint {
    /// A model by name or a part of it.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self::new().name(name)
    }
}
