//! The prompts.

use mcp_server::completion::CompletionCall;
use mcp_server::tools;
use mcp_server::types::PromptMessage;

use crate::content::{embedded, image};

pub(crate) struct Prompts;

#[tools]
impl Prompts {
    /// A prompt without arguments.
    #[prompt]
    fn test_simple_prompt(&self) -> &'static str {
        "This is a simple prompt for testing."
    }

    /// A prompt with two arguments.
    #[prompt]
    fn test_prompt_with_arguments(
        &self,
        /** First test argument */
        #[arg(complete = ["alpha", "beta", "test-one", "test-two"])]
        arg1: String,
        /** Second test argument */
        #[arg(complete = Self::second)]
        arg2: String,
    ) -> String {
        format!("Prompt with arguments: arg1='{arg1}', arg2='{arg2}'")
    }

    /// A prompt with a resource in it.
    #[prompt]
    fn test_prompt_with_embedded_resource(
        &self,
        /** URI of the resource to embed */
        #[arg(name = "resourceUri")]
        uri: String,
    ) -> Vec<PromptMessage> {
        vec![
            PromptMessage::user(embedded(&uri, "Embedded resource content for testing.")),
            PromptMessage::user("Please process the embedded resource above."),
        ]
    }

    /// A prompt with an image in it.
    #[prompt]
    fn test_prompt_with_image(&self) -> Vec<PromptMessage> {
        vec![PromptMessage::user(image()), PromptMessage::user("Please analyze the image above.")]
    }

    async fn second(&self, call: &CompletionCall) -> Vec<String> {
        let Some(first) = call.argument("arg1") else { return Vec::new() };
        let choices = [format!("{first}-1"), format!("{first}-2")];
        choices.into_iter().filter(|choice| choice.starts_with(call.value())).collect()
    }
}
