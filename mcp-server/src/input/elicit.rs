//! A form on its way to the user.

use std::borrow::Cow;
use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;

use mcp_core::service::BoxFuture;
use mcp_core::types::{ElicitAction, ElicitParams, ElicitResult, ElicitSchema, EnumOption};
use serde::Serialize;
use serde_json::Value;

use super::{Answer, FieldSpec, Form, Question};
use crate::context::Context;
use crate::questions::{AskError, AskErrorKind};

impl Context {
    /// Asks the user to fill in a form.
    ///
    /// Await it for the value: then declining and cancelling are errors. Or await
    /// [`ElicitForm::answer`] to tell the three apart. Cancel safe: dropping the future withdraws
    /// the question.
    ///
    /// ```
    /// use mcp_server::{Context, Elicit, tool};
    /// use mcp_server::input::AskError;
    ///
    /// #[derive(serde::Deserialize, Elicit)]
    /// struct Confirm {
    ///     /// Delete it for good?
    ///     sure: bool,
    /// }
    ///
    /// /// Delete a note.
    /// #[tool(destructive)]
    /// async fn delete(ctx: &Context, id: u64) -> Result<String, AskError> {
    ///     let Confirm { sure } = ctx.elicit(format!("Delete note {id}?")).await?;
    ///     Ok(if sure { format!("Deleted {id}.") } else { "Kept it.".into() })
    /// }
    /// ```
    ///
    /// The user is asked in the middle of the function on every revision; on those since 2026-07-28
    /// the function runs again from its beginning for each round of questions, see
    /// [`Context::step`].
    ///
    /// Spec: client/elicitation, since 2025-06-18. On older revisions, and for clients without the
    /// capability, the error is [`AskErrorKind::Unsupported`].
    #[track_caller]
    pub fn elicit<T: Form>(&self, message: impl Into<String>) -> ElicitForm<'_, T> {
        let params = ElicitParams::form(message, ElicitSchema::new());
        ElicitForm { form: Ok(T::schema()), question: self.elicit_with(params), value: PhantomData }
    }
}

/// A form on its way to the user; see [`Context::elicit`]. What is said here of a field takes the
/// place of what its type says, for this question.
#[must_use = "a question is asked when it is awaited"]
pub struct ElicitForm<'a, T> {
    form: Result<ElicitSchema, String>,
    question: Question<'a, ElicitResult>,
    value: PhantomData<fn() -> T>,
}

impl<'a, T: Form + 'a> ElicitForm<'a, T> {
    /// Names the question on the wire; see [`Question::key`].
    pub fn key(mut self, key: impl Into<Cow<'static, str>>) -> Self {
        self.question = self.question.key(key);
        self
    }

    /// Fills in a field at first.
    pub fn default_value(self, field: &str, value: impl Serialize) -> Self {
        let value = serde_json::to_value(value).map_err(|error| error.to_string());
        self.change(field, |spec| Ok(spec.default_value(value?)))
    }

    /// The label of a field.
    pub fn title(self, field: &str, title: impl Into<String>) -> Self {
        self.change(field, |spec| Ok(spec.title(title)))
    }

    /// The help text of a field.
    pub fn description(self, field: &str, description: impl Into<String>) -> Self {
        self.change(field, |spec| Ok(spec.description(description)))
    }

    /// The choices of a field that is a text or a list of texts: values with their labels.
    pub fn options<V: Into<String>, L: Into<String>>(
        self,
        field: &str,
        options: impl IntoIterator<Item = (V, L)>,
    ) -> Self {
        let options: Vec<_> =
            options.into_iter().map(|(value, label)| EnumOption::new(value, label)).collect();
        self.change(field, |spec| Ok(spec.options(options)))
    }

    fn change(
        mut self,
        field: &str,
        change: impl FnOnce(FieldSpec) -> Result<FieldSpec, String>,
    ) -> Self {
        self.form = self.form.and_then(|mut form| {
            let Some(schema) = form.properties.get(field) else {
                return Err(format!("the form has no field {field}"));
            };
            let changed = change(FieldSpec::new())?.apply(schema.clone())?;
            form.properties.insert(field, changed);
            Ok(form)
        });
        self
    }

    /// Asks, and tells what the user did.
    ///
    /// # Errors
    /// See [`AskErrorKind`]; declining and cancelling are answers here.
    pub async fn answer(self) -> Result<Answer<T>, AskError> {
        let form = self.form.map_err(|problem| AskError::new(AskErrorKind::Malformed, problem))?;
        let modern = self.question.is_modern();
        let result = self.question.form(form).ask().await?;
        Ok(match result.action {
            ElicitAction::Accept => {
                let content = Value::Object(result.content.unwrap_or_default());
                let value = serde_json::from_value(content)
                    .map_err(|error| AskError::invalid(error, modern))?;
                Answer::Accept(value)
            }
            ElicitAction::Decline => Answer::Decline,
            ElicitAction::Cancel => Answer::Cancel,
        })
    }
}

impl<'a, T: Form + 'a> IntoFuture for ElicitForm<'a, T> {
    type Output = Result<T, AskError>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.answer().await?.accepted() })
    }
}

impl<T> fmt::Debug for ElicitForm<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ElicitForm").field("form", &self.form).finish_non_exhaustive()
    }
}
