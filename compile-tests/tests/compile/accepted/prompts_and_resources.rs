#![deny(warnings)]

use mcp_server::types::PromptMessage;
use mcp_server::{Context, ErrorObject, prompt, resource, routes};

/// Greet somebody.
#[prompt(name = "say-hello")]
async fn greet(context: &Context, name: String, #[arg(default = "Hello")] word: String) -> String {
    let _ = context;
    format!("{word} {name}")
}

#[prompt]
fn several() -> Result<Vec<PromptMessage>, ErrorObject> {
    Ok(Vec::new())
}

#[resource("config://app", name = "Configuration", mime = "application/json", size = 2)]
fn config() -> &'static str {
    "{}"
}

#[resource("file:///{+path}", blocking)]
fn file(path: String) -> std::io::Result<Vec<u8>> {
    std::fs::read(path)
}

#[test]
fn functions_become_prompts_and_resources() {
    assert_eq!(config(), "{}");
    assert!(several().is_ok());
    let _ = |context: &Context| drop(greet(context, String::new(), String::new()));
    let _ = file;
    let routes = routes![greet, config, several, file];
    assert_eq!((routes.prompts.len(), routes.resources.len()), (2, 2));
}
