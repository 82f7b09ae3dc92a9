//! Tools that ask the client for something.

use mcp_server::input::{Answer, AskError};
use mcp_server::types::{
    BooleanSchema, CreateMessageParams, ElicitParams, ElicitSchema, EnumItems, EnumOption,
    LegacyTitledEnumSchema, NumberSchema, SamplingMessage, StringSchema, TitledEnumItems,
    TitledMultiSelectEnumSchema, TitledSingleSelectEnumSchema, UntitledMultiSelectEnumSchema,
    UntitledSingleSelectEnumSchema,
};
use mcp_server::{Context, tools};
use serde_json::Value;

pub(crate) struct Questions;

#[tools]
impl Questions {
    /// Asks the client's model.
    #[tool]
    async fn test_sampling(&self, ctx: &Context, prompt: String) -> Result<String, AskError> {
        let answer = ctx
            .create_message(CreateMessageParams::new([SamplingMessage::user(prompt)], 100))
            .await?;
        Ok(format!("LLM response: {}", answer.content.as_text().unwrap_or_default()))
    }

    /// Asks the user for a name and an address.
    #[tool]
    async fn test_elicitation(&self, ctx: &Context, message: String) -> Result<String, AskError> {
        let text = |description: &str| StringSchema::new().description(description);
        let form = ElicitSchema::new()
            .required_field("username", text("User's response"))
            .required_field("email", text("User's email address"));
        ask(ctx, &message, form).await
    }

    /// Asks with defaults for every kind of field.
    #[tool]
    async fn test_elicitation_sep1034_defaults(&self, ctx: &Context) -> Result<String, AskError> {
        let status = UntitledSingleSelectEnumSchema::new(
            ["active", "inactive", "pending"].map(String::from),
        );
        let form = ElicitSchema::new()
            .field("name", StringSchema::new().default_value("John Doe"))
            .field("age", NumberSchema::integer().default_value(30.0))
            .field("score", NumberSchema::number().default_value(95.5))
            .field("status", status.default_value("active"))
            .field("verified", BooleanSchema::new().default_value(true));
        ask(ctx, "Please review and update the form fields with defaults", form).await
    }

    /// Asks with every kind of choice.
    #[tool]
    async fn test_elicitation_sep1330_enums(&self, ctx: &Context) -> Result<String, AskError> {
        let names = ["option1", "option2", "option3"].map(String::from);
        let options = || {
            [("value1", "First Option"), ("value2", "Second Option"), ("value3", "Third Option")]
                .map(|(value, title)| EnumOption::new(value, title))
        };
        let titles = ["Option One", "Option Two", "Option Three"].map(String::from);
        let form = ElicitSchema::new()
            .field("untitledSingle", UntitledSingleSelectEnumSchema::new(names.clone()))
            .field("titledSingle", TitledSingleSelectEnumSchema::new(options()))
            .field("legacyEnum", LegacyTitledEnumSchema::new(names.clone(), titles))
            .field("untitledMulti", UntitledMultiSelectEnumSchema::new(EnumItems::new(names)))
            .field(
                "titledMulti",
                TitledMultiSelectEnumSchema::new(TitledEnumItems::new(options())),
            );
        ask(ctx, "Please select options from the enum fields", form).await
    }

    /// Sends the user to a page.
    #[tool]
    async fn visit_url(&self, ctx: &Context, url: String) -> Result<&'static str, AskError> {
        Ok(match ctx.elicit_url("Please visit this page", url).await? {
            Answer::Accept(()) => "visit: accept",
            Answer::Decline => "visit: decline",
            Answer::Cancel => "visit: cancel",
        })
    }

    /// Lists the client's roots.
    #[tool]
    async fn list_roots(&self, ctx: &Context) -> Result<String, AskError> {
        let roots = ctx.list_roots().await?;
        Ok(roots.into_iter().map(|root| root.uri).collect::<Vec<_>>().join("\n"))
    }
}

async fn ask(ctx: &Context, message: &str, form: ElicitSchema) -> Result<String, AskError> {
    let answer = ctx.elicit_with(ElicitParams::form(message, form)).await?;
    let content = Value::Object(answer.content.unwrap_or_default());
    Ok(format!("User response: action={}, content={content}", answer.action.as_str()))
}
