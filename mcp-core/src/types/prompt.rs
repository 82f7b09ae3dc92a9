//! Prompts. Spec: server/prompts.

use std::collections::BTreeMap;

use super::{CacheScope, Content, Icon, InputResponses, Role};
use crate::json::{Millis, object};
use crate::meta::Meta;

object! {
    /// A prompt as it appears in a list. All revisions.
    pub struct Prompt {
        /// The programmatic name.
        name: String = "name",
        /// The display name. Since 2025-06-18.
        title?: String = "title",
        /// A description.
        description?: String = "description",
        /// The arguments.
        arguments?: Vec<PromptArgument> = "arguments",
        /// Icons. Since 2025-11-25.
        icons?: Vec<Icon> = "icons",
        /// Metadata. Since 2025-06-18.
        meta?: Meta = "_meta",
    }

    /// An argument of a prompt. All revisions.
    pub struct PromptArgument {
        /// The programmatic name.
        name: String = "name",
        /// The display name. Since 2025-06-18.
        title?: String = "title",
        /// A description.
        description?: String = "description",
        /// Whether the argument is required.
        required?: bool = "required",
    }

    /// Result of `prompts/list`. All revisions.
    pub struct ListPromptsResult ignore "resultType" {
        /// The prompts of this page.
        prompts: Vec<Prompt> = "prompts",
        /// The cursor of the next page. Absent on the last page.
        next_cursor?: String = "nextCursor",
        /// Time for which the result is fresh, in milliseconds. Since 2026-07-28.
        ttl_ms?: u64 = "ttlMs" via Millis,
        /// Who may share the cached result. Since 2026-07-28.
        cache_scope?: CacheScope = "cacheScope",
        /// Identifies the whole list, the same on all of its pages. Draft of the next revision.
        digest?: String = "digest",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Params of `prompts/get`. All revisions.
    pub struct GetPromptParams {
        /// The name of the prompt.
        name: String = "name",
        /// The arguments.
        arguments?: BTreeMap<String, String> = "arguments",
        /// The answers to the input requests of the previous round. Since 2026-07-28.
        input_responses?: InputResponses = "inputResponses",
        /// The `request_state` of the previous round, unchanged. Since 2026-07-28.
        request_state?: String = "requestState",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Result of `prompts/get`. All revisions.
    pub struct GetPromptResult ignore "resultType" {
        /// The messages.
        messages: Vec<PromptMessage> = "messages",
        /// A description of the prompt.
        description?: String = "description",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// A message of a prompt, with one content block. All revisions.
    pub struct PromptMessage {
        /// The speaker.
        role: Role = "role",
        /// The content.
        content: Content = "content",
    }
}

impl PromptMessage {
    /// Creates a message from the user.
    #[must_use]
    pub fn user(content: impl Into<Content>) -> Self {
        Self::new(Role::User, content)
    }

    /// Creates a message from the assistant.
    #[must_use]
    pub fn assistant(content: impl Into<Content>) -> Self {
        Self::new(Role::Assistant, content)
    }
}
