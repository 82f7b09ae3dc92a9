//! `completion/complete`. Spec: server/utilities/completion.

use std::collections::BTreeMap;

use crate::json::{Int, object, tagged};
use crate::meta::Meta;

object! {
    /// Params of `completion/complete`. All revisions.
    pub struct CompleteParams {
        /// What the argument belongs to.
        reference: CompletionReference = "ref",
        /// The argument and what is typed so far.
        argument: CompletionArgument = "argument",
        /// What is known already. Since 2025-06-18.
        context?: CompletionContext = "context",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// The argument to complete.
    pub struct CompletionArgument {
        /// Its name.
        name: String = "name",
        /// What is typed so far.
        value: String = "value",
    }

    /// Arguments that have a value already. Since 2025-06-18.
    pub struct CompletionContext {
        /// Their names and values.
        arguments?: BTreeMap<String, String> = "arguments",
    }

    /// A prompt, by name.
    pub struct PromptReference tag "type" = "ref/prompt" {
        /// Its name.
        name: String = "name",
        /// Its name for people. Since 2025-06-18.
        title?: String = "title",
    }

    /// A resource or a template of resources, by URI.
    pub struct ResourceTemplateReference tag "type" = "ref/resource" {
        /// URI or URI template.
        uri: String = "uri",
    }

    /// Result of `completion/complete`. All revisions.
    pub struct CompleteResult ignore "resultType" {
        /// The proposals.
        completion: Completion = "completion",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Proposals for an argument.
    pub struct Completion {
        /// At most [`Completion::MAX_VALUES`] of them.
        values[]: Vec<String> = "values",
        /// How many there are in all; may be more than `values` has.
        total?: u64 = "total" via Int,
        /// Whether there are more, even if their number is not known.
        has_more?: bool = "hasMore",
    }
}

tagged! {
    /// What an argument belongs to. All revisions.
    pub enum CompletionReference by "type" {
        /// A prompt.
        Prompt(PromptReference) = "ref/prompt",
        /// A resource template.
        Resource(ResourceTemplateReference) = "ref/resource",
    }
}

impl CompletionReference {
    /// A prompt, by name.
    #[must_use]
    pub fn prompt(name: impl Into<String>) -> Self {
        PromptReference::new(name).into()
    }

    /// A resource or a template of resources, by URI.
    #[must_use]
    pub fn resource(uri: impl Into<String>) -> Self {
        ResourceTemplateReference::new(uri).into()
    }
}

impl Completion {
    /// How many values a completion may have.
    pub const MAX_VALUES: usize = 100;

    /// Proposals, cut to [`MAX_VALUES`](Self::MAX_VALUES); `total` and `has_more` tell when some were cut.
    #[must_use]
    pub fn of(values: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let mut values: Vec<String> = values.into_iter().map(Into::into).collect();
        let total = values.len();
        if total <= Self::MAX_VALUES {
            return Self::new().values(values);
        }
        values.truncate(Self::MAX_VALUES);
        Self::new().values(values).total(total as u64).has_more(true)
    }
}

impl From<Completion> for CompleteResult {
    fn from(completion: Completion) -> Self {
        Self::new(completion)
    }
}
