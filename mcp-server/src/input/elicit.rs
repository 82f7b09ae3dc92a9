//! Elicitation with a form.

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
    /// Awaiting the result returns the value; declining and cancelling are errors then.
    /// [`ElicitForm::answer`] returns them as values instead.
    ///
    /// Cancel safety: dropping the future withdraws the question.
    ///
    /// ```
    /// use mcp_server::{Context, Elicit, tool};
    /// use mcp_server::input::AskError;
    ///
    /// #[derive(serde::Deserialize, Elicit)]
    /// struct Confirm {
    ///     /// Delete it permanently?
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
    /// The handler can ask at any point in every revision. Since 2026-07-28 it runs again from its
    /// beginning for each round of questions; see [`Context::step`].
    ///
    /// Spec: client/elicitation, since 2025-06-18. In older revisions, and for clients without the
    /// capability, the error is [`AskErrorKind::Unsupported`].
    #[track_caller]
    pub fn elicit<T: Form>(&self, message: impl Into<String>) -> ElicitForm<'_, T> {
        let params = ElicitParams::form(message, ElicitSchema::new());
        ElicitForm { form: Ok(T::schema()), question: self.elicit_with(params), value: PhantomData }
    }
}

/// A form to send to the user; see [`Context::elicit`]. Its methods override what the type says
/// about a field.
///
/// ```
/// use mcp_server::input::{Answer, AskError};
/// use mcp_server::{Context, Elicit, tool};
///
/// #[derive(serde::Deserialize, Elicit)]
/// struct Address {
///     street: String,
///     city: String,
/// }
///
/// /// Ship an order.
/// #[tool]
/// async fn ship(ctx: &Context) -> Result<String, AskError> {
///     let form = ctx.elicit::<Address>("Where to?").default_value("city", "Bergen");
///     Ok(match form.answer().await? {
///         Answer::Accept(Address { street, city }) => format!("shipped to {street}, {city}"),
///         Answer::Decline | Answer::Cancel => "not shipped".to_owned(),
///     })
/// }
/// ```
#[must_use = "a question is asked when it is awaited"]
pub struct ElicitForm<'a, T> {
    form: Result<ElicitSchema, String>,
    question: Question<'a, ElicitResult>,
    value: PhantomData<fn() -> T>,
}

impl<'a, T: Form + 'a> ElicitForm<'a, T> {
    /// Sets the key of the question; see [`Question::key`].
    ///
    /// ```
    /// # use mcp_server::input::AskError;
    /// # use mcp_server::{Context, Elicit};
    /// # #[derive(serde::Deserialize, Elicit)] struct Keep { keep: bool }
    /// /// Asks about all files at once, with the same text.
    /// async fn keep(ctx: &Context, files: &[String]) -> Result<Vec<Keep>, AskError> {
    ///     let questions = files.iter().map(|file| ctx.elicit("Keep this file?").key(format!("keep-{file}")));
    ///     futures::future::try_join_all(questions.map(IntoFuture::into_future)).await
    /// }
    /// ```
    pub fn key(mut self, key: impl Into<Cow<'static, str>>) -> Self {
        self.question = self.question.key(key);
        self
    }

    /// Sets the default of a field.
    ///
    /// ```
    /// # use mcp_server::input::AskError;
    /// # use mcp_server::{Context, Elicit, Server, routes, tool};
    /// # use mcp_server::types::ElicitResult;
    /// # use serde_json::json;
    /// #[derive(serde::Deserialize, Elicit)]
    /// struct Meeting {
    ///     /// Minutes
    ///     minutes: u32,
    /// }
    ///
    /// /// Plan a meeting.
    /// #[tool]
    /// async fn meet(ctx: &Context) -> Result<String, AskError> {
    ///     let usual = 45; // From the calendar of the user.
    ///     let meeting = ctx.elicit::<Meeting>("How long?").default_value("minutes", usual).await?;
    ///     Ok(format!("{} minutes", meeting.minutes))
    /// }
    ///
    /// let server = Server::builder("calendar", "1.0.0").routes(routes![meet]);
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// // The user submits the form as it is.
    /// let client = mcp_server::test::client(server).on_elicit(|_| ElicitResult::accept(json!({}))).await;
    /// client.call("meet", json!({})).await.assert_text("45 minutes");
    /// # });
    /// ```
    pub fn default_value(self, field: &str, value: impl Serialize) -> Self {
        let value = serde_json::to_value(value).map_err(|error| error.to_string());
        self.change(field, |spec| Ok(spec.default_value(value?)))
    }

    /// Sets the label of a field.
    ///
    /// ```
    /// # use mcp_server::input::AskError;
    /// # use mcp_server::{Context, Elicit};
    /// # #[derive(serde::Deserialize, Elicit)] struct Amount { amount: f64 }
    /// async fn pay(ctx: &Context, currency: &str) -> Result<f64, AskError> {
    ///     let form = ctx.elicit::<Amount>("How much?").title("amount", format!("Amount in {currency}"));
    ///     Ok(form.await?.amount)
    /// }
    /// ```
    pub fn title(self, field: &str, title: impl Into<String>) -> Self {
        self.change(field, |spec| Ok(spec.title(title)))
    }

    /// Sets the help text of a field.
    ///
    /// ```
    /// # use mcp_server::input::AskError;
    /// # use mcp_server::{Context, Elicit};
    /// # #[derive(serde::Deserialize, Elicit)] struct Amount { amount: f64 }
    /// async fn pay(ctx: &Context, left: f64) -> Result<f64, AskError> {
    ///     let help = format!("{left:.2} are left in the budget of this month.");
    ///     Ok(ctx.elicit::<Amount>("How much?").description("amount", help).await?.amount)
    /// }
    /// ```
    pub fn description(self, field: &str, description: impl Into<String>) -> Self {
        self.change(field, |spec| Ok(spec.description(description)))
    }

    /// Sets the choices of a field that is a string or a list of strings: values with their labels.
    ///
    /// ```
    /// # use mcp_server::input::AskError;
    /// # use mcp_server::{Context, Elicit};
    /// #[derive(serde::Deserialize, Elicit)]
    /// struct Choice {
    ///     printer: String,
    /// }
    ///
    /// /// The choices are known at run time only; an enum has those that are always the same.
    /// async fn printer(ctx: &Context) -> Result<String, AskError> {
    ///     let printers = [("p1", "Ground floor"), ("p2", "Library, in colour")];
    ///     Ok(ctx.elicit::<Choice>("Print where?").options("printer", printers).await?.printer)
    /// }
    /// ```
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

    /// Sends the form and returns what the user did.
    ///
    /// ```
    /// # use mcp_server::input::{Answer, AskError};
    /// # use mcp_server::{Context, Elicit};
    /// # #[derive(serde::Deserialize, Elicit)] struct Rating { stars: u8 }
    /// async fn rate(ctx: &Context) -> Result<String, AskError> {
    ///     Ok(match ctx.elicit::<Rating>("How was it?").answer().await? {
    ///         Answer::Accept(Rating { stars }) => format!("{stars} stars"),
    ///         Answer::Decline => "the user does not want to rate it".to_owned(),
    ///         Answer::Cancel => "the user closed the form; ask again later".to_owned(),
    ///     })
    /// }
    /// ```
    ///
    /// # Errors
    /// See [`AskErrorKind`]. Declining and cancelling are not errors here.
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
