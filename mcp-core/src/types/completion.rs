//! `completion/complete`. Spec: server/utilities/completion.

use std::collections::BTreeMap;

use crate::json::{Int, object, tagged};
use crate::meta::Meta;

object! {
    /// Params of `completion/complete`. All revisions.
    pub struct CompleteParams {
        /// The prompt or resource template that the argument belongs to.
        reference: CompletionReference = "ref",
        /// The argument and the text typed so far.
        argument: CompletionArgument = "argument",
        /// The arguments that already have a value. Since 2025-06-18.
        context?: CompletionContext = "context",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// The argument to complete.
    pub struct CompletionArgument {
        /// The name.
        name: String = "name",
        /// The text typed so far.
        value: String = "value",
    }

    /// The arguments that already have a value. Since 2025-06-18.
    pub struct CompletionContext {
        /// The names and values.
        arguments?: BTreeMap<String, String> = "arguments",
    }

    /// Refers to a prompt by name.
    pub struct PromptReference tag "type" = "ref/prompt" {
        /// The name.
        name: String = "name",
        /// The display name. Since 2025-06-18.
        title?: String = "title",
    }

    /// Refers to a resource or a resource template by URI.
    pub struct ResourceTemplateReference tag "type" = "ref/resource" {
        /// The URI or URI template.
        uri: String = "uri",
    }

    /// Result of `completion/complete`. All revisions.
    pub struct CompleteResult ignore "resultType" {
        /// The suggestions.
        completion: Completion = "completion",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Suggestions for an argument.
    pub struct Completion {
        /// The suggested values, at most [`Completion::MAX_VALUES`].
        values[]: Vec<String> = "values",
        /// The total number of values, which may exceed the number in `values`.
        total?: u64 = "total" via Int,
        /// Whether there are more values, even if their number is not known.
        has_more?: bool = "hasMore",
    }
}

tagged! {
    /// The prompt or resource template that an argument belongs to. All revisions.
    pub enum CompletionReference by "type" {
        /// A prompt.
        Prompt(PromptReference) = "ref/prompt",
        /// A resource template.
        Resource(ResourceTemplateReference) = "ref/resource",
    }
}

impl CompletionReference {
    /// Refers to a prompt by name.
    ///
    /// ```
    /// use mcp_core::types::CompletionReference;
    ///
    /// let reference = CompletionReference::prompt("review"); // An argument of this prompt.
    /// ```
    #[must_use]
    pub fn prompt(name: impl Into<String>) -> Self {
        PromptReference::new(name).into()
    }

    /// Refers to a resource or a resource template by URI.
    ///
    /// ```
    /// use mcp_core::types::CompletionReference;
    ///
    /// let reference = CompletionReference::resource("note://{folder}/{name}"); // As it is listed.
    /// ```
    #[must_use]
    pub fn resource(uri: impl Into<String>) -> Self {
        ResourceTemplateReference::new(uri).into()
    }
}

impl Completion {
    /// The maximum number of values in a completion.
    pub const MAX_VALUES: usize = 100;

    /// Creates a completion with at most [`MAX_VALUES`](Self::MAX_VALUES) values. If more are
    /// passed, the rest is dropped and `total` and `has_more` are set.
    ///
    /// ```
    /// use mcp_core::types::Completion;
    ///
    /// let completion = Completion::of((0..150).map(|n| n.to_string()));
    /// assert_eq!(completion.values.len(), 100);
    /// assert_eq!((completion.total, completion.has_more), (Some(150), Some(true)));
    /// ```
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
