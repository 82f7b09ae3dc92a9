//! `sampling/createMessage`: a server asks the client's model for a message. Spec: client/sampling.
//!
//! Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.

use super::task_2025::TaskMetadata;
use super::{Role, SamplingContents, Tool};
use crate::json::{Float, Int, JsonObject, object, string_enum};
use crate::meta::Meta;

object! {
    /// Params of `sampling/createMessage`. All revisions; since 2026-07-28 inside an input request.
    ///
    /// Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.
    pub struct CreateMessageParams {
        /// The conversation so far.
        messages: Vec<SamplingMessage> = "messages",
        /// The maximum number of tokens to generate.
        max_tokens: u64 = "maxTokens" via Int,
        /// The preferred model.
        model_preferences?: ModelPreferences = "modelPreferences",
        /// The requested system prompt.
        system_prompt?: String = "systemPrompt",
        /// The context that the client should add. Values other than `none` are deprecated since
        /// 2025-11-25.
        include_context?: IncludeContext = "includeContext",
        /// The sampling temperature.
        temperature?: f64 = "temperature" via Float,
        /// Strings at which the model stops.
        stop_sequences?: Vec<String> = "stopSequences",
        /// Provider-specific settings.
        metadata?: JsonObject = "metadata",
        /// The tools that the model may use. Since 2025-11-25.
        tools?: Vec<Tool> = "tools",
        /// Whether the model must use tools. Since 2025-11-25.
        tool_choice?: ToolChoice = "toolChoice",
        /// Set to run the request as a task. 2025-11-25 only.
        task?: TaskMetadata = "task",
        /// Metadata. Until 2025-11-25.
        meta?: Meta = "_meta",
    }

    /// Result of `sampling/createMessage`. Since 2026-07-28 also the answer to such an input
    /// request. All revisions.
    ///
    /// Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.
    pub struct CreateMessageResult ignore "resultType" {
        /// The speaker, which is the assistant.
        role: Role = "role",
        /// The content that the model generated.
        content: SamplingContents = "content",
        /// The name of the model.
        model: String = "model",
        /// The reason why the model stopped.
        stop_reason?: StopReason = "stopReason",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// A message of the conversation. All revisions.
    ///
    /// Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.
    pub struct SamplingMessage {
        /// The speaker.
        role: Role = "role",
        /// The content: one block, and since 2025-11-25 also a list.
        content: SamplingContents = "content",
        /// Metadata. Since 2025-11-25.
        meta?: Meta = "_meta",
    }

    /// The preferences for a model. The client decides. All revisions.
    ///
    /// Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.
    pub struct ModelPreferences {
        /// Names of models, or parts of names, in order of preference.
        hints?: Vec<ModelHint> = "hints",
        /// The importance of low cost, from 0 to 1.
        cost_priority?: f64 = "costPriority" via Float,
        /// The importance of speed, from 0 to 1.
        speed_priority?: f64 = "speedPriority" via Float,
        /// The importance of capability, from 0 to 1.
        intelligence_priority?: f64 = "intelligencePriority" via Float,
    }

    /// The name of a preferred model. All revisions.
    ///
    /// Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.
    pub struct ModelHint {
        /// The name, or a part of it.
        name?: String = "name",
    }

    /// Whether the model must use tools. Since 2025-11-25.
    ///
    /// Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.
    pub struct ToolChoice {
        /// Whether it may, must or must not. `auto` if absent.
        mode?: ToolChoiceMode = "mode",
    }
}

string_enum! {
    /// Whether the model must use tools. Since 2025-11-25.
    ///
    /// Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.
    pub enum ToolChoiceMode {
        /// The model may use tools.
        Auto = "auto",
        /// The model must use at least one tool.
        Required = "required",
        /// The model must not use tools.
        None = "none",
        _ => Other,
    }
}

string_enum! {
    /// The context that the client should add. All revisions; values other than `none` are
    /// deprecated since 2025-11-25.
    ///
    /// Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.
    pub enum IncludeContext {
        /// No context.
        None = "none",
        /// The context of the server that sends the request.
        ThisServer = "thisServer",
        /// The context of all servers.
        AllServers = "allServers",
        _ => Other,
    }
}

string_enum! {
    /// The reason why the model stopped. Any text is allowed. All revisions.
    ///
    /// Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.
    pub enum StopReason {
        /// The model finished its turn.
        EndTurn = "endTurn",
        /// The model generated a stop sequence.
        StopSequence = "stopSequence",
        /// The maximum number of tokens was reached.
        MaxTokens = "maxTokens",
        /// The model wants to use tools. Since 2025-11-25.
        ToolUse = "toolUse",
        _ => Other,
    }
}

impl SamplingMessage {
    /// Creates a message from the user.
    #[must_use]
    pub fn user(content: impl Into<SamplingContents>) -> Self {
        Self::new(Role::User, content)
    }

    /// Creates a message from the assistant.
    #[must_use]
    pub fn assistant(content: impl Into<SamplingContents>) -> Self {
        Self::new(Role::Assistant, content)
    }
}

impl ModelHint {
    /// Creates a hint with the name of a model, or a part of the name.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self::new().name(name)
    }
}
