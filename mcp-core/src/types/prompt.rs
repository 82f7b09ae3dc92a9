//! Prompts. Spec: server/prompts.

use std::collections::BTreeMap;

use super::{CacheScope, Content, Icon, InputResponses, Role};
use crate::json::{Millis, object};
use crate::meta::Meta;

object! {
    /// A prompt, as it is listed. All revisions.
    pub struct Prompt {
        /// Its name for programs.
        name: String = "name",
        /// Its name for people. Since 2025-06-18.
        title?: String = "title",
        /// What it is for.
        description?: String = "description",
        /// Its arguments.
        arguments?: Vec<PromptArgument> = "arguments",
        /// Icons. Since 2025-11-25.
        icons?: Vec<Icon> = "icons",
        /// Metadata. Since 2025-06-18.
        meta?: Meta = "_meta",
    }

    /// An argument of a prompt. All revisions.
    pub struct PromptArgument {
        /// Its name for programs.
        name: String = "name",
        /// Its name for people. Since 2025-06-18.
        title?: String = "title",
        /// What it is for.
        description?: String = "description",
        /// Whether it must be given.
        required?: bool = "required",
    }

    /// Result of `prompts/list`. All revisions.
    pub struct ListPromptsResult ignore "resultType" {
        /// The prompts of this page.
        prompts: Vec<Prompt> = "prompts",
        /// Where the next page begins; absent on the last one.
        next_cursor?: String = "nextCursor",
        /// For how long the result is fresh, in milliseconds. Since 2026-07-28.
        ttl_ms?: u64 = "ttlMs" via Millis,
        /// Who may share it. Since 2026-07-28.
        cache_scope?: CacheScope = "cacheScope",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Params of `prompts/get`. All revisions.
    pub struct GetPromptParams {
        /// Which prompt.
        name: String = "name",
        /// Its arguments.
        arguments?: BTreeMap<String, String> = "arguments",
        /// Answers to what the server asked in the round before. Since 2026-07-28.
        input_responses?: InputResponses = "inputResponses",
        /// The server's state of the round before, untouched. Since 2026-07-28.
        request_state?: String = "requestState",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Result of `prompts/get`. All revisions.
    pub struct GetPromptResult ignore "resultType" {
        /// The messages.
        messages: Vec<PromptMessage> = "messages",
        /// What the prompt is for.
        description?: String = "description",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// A message of a prompt: one content block. All revisions.
    pub struct PromptMessage {
        /// Who speaks.
        role: Role = "role",
        /// What is said.
        content: Content = "content",
    }
}

impl PromptMessage {
    /// A message of the user.
    #[must_use]
    pub fn user(content: impl Into<Content>) -> Self {
        Self::new(Role::User, content)
    }

    /// A message of the assistant.
    #[must_use]
    pub fn assistant(content: impl Into<Content>) -> Self {
        Self::new(Role::Assistant, content)
    }
}
