//! Everything that a tool, a resource or a prompt can contain: text, images, audio, links, and
//! resources with text or bytes; and what completes their arguments.
//!
//! `cargo run -p mcp-examples --example content`
//!
//! It prints the blocks of each result as the client decodes them.

#![allow(clippy::print_stdout)] // This process is the client; the server is in memory.

use mcp_client::Client;
use mcp_client::types::CompletionReference;
use mcp_server::tool::{Audio, Image};
use mcp_server::types::{Content, PromptMessage, ResourceContents};
use mcp_server::{Server, prompt, resource, routes, tool};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// A PNG file of one pixel.
const PIXEL: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, b'I', b'H', b'D', b'R', 0, 0, 0,
    1, 0, 0, 0, 1, 8, 0, 0, 0, 0, 0x3a, 0x7e, 0x9b, 0x55, 0, 0, 0, 10, b'I', b'D', b'A', b'T',
    0x78, 0x9c, 0x63, 0x60, 0, 0, 0, 2, 0, 1, 0x48, 0xaf, 0xa4, 0x71, 0, 0, 0, 0, b'I', b'E', b'N',
    b'D', 0xae, 0x42, 0x60, 0x82,
];

/// Draw a pixel.
#[tool(read_only)]
fn draw() -> Image<&'static [u8]> {
    Image { bytes: PIXEL, mime_type: "image/png".into() }
}

/// Record silence, as samples of 8 bits.
#[tool(read_only)]
fn record() -> Audio {
    Audio { bytes: vec![0x80; 8_000], mime_type: "audio/L8;rate=8000".into() }
}

/// Report the sales of a month, with everything that belongs to them.
#[tool(read_only)]
fn sales(month: u8) -> Vec<Content> {
    let table = ResourceContents::text(format!("sales://{month}/table"), "day,units\n1,3\n");
    let chart = ResourceContents::blob(format!("sales://{month}/chart"), PIXEL);
    vec![
        Content::text("3 units were sold."),
        Content::resource(table.mime_type("text/csv")),
        Content::resource(chart.mime_type("image/png")),
        Content::resource_link(format!("sales://{month}/report"), "the whole report"),
    ]
}

/// The months of a period. Its schema is in the `$defs` of a tool's schema.
#[derive(Deserialize, JsonSchema)]
struct Period {
    first: u8,
    last: u8,
}

/// Compare the sales of two periods.
#[tool(read_only)]
fn compare(before: Period, after: Period) -> String {
    let units = |period: Period| 3 * (period.first..=period.last).count();
    format!("{} and {} units were sold.", units(before), units(after))
}

/// The report of a month, as text.
#[resource("sales://{month}/report", mime = "text/plain")]
fn report(#[arg(complete = ["1", "2", "10", "11", "12"])] month: u8) -> String {
    format!("In month {month} 3 units were sold.")
}

/// The logo, as bytes.
#[resource("image://logo", mime = "image/png")]
fn logo() -> &'static [u8] {
    PIXEL
}

/// Ask for advice.
#[prompt]
fn advise() -> &'static str {
    "How can we sell more?"
}

/// Explain a month's sales, with the chart and the report.
#[prompt]
fn explain(#[arg(complete = ["6", "7"])] month: u8) -> Vec<PromptMessage> {
    let uri = format!("sales://{month}/report");
    let report = ResourceContents::text(uri, report(month)).mime_type("text/plain");
    vec![
        PromptMessage::user("Explain this chart with the report."),
        PromptMessage::user(Content::image(PIXEL, "image/png")),
        PromptMessage::user(Content::resource(report)),
    ]
}

fn server() -> Result<Server, mcp_server::BuildError> {
    let routes = routes![draw, record, sales, compare, report, logo, advise, explain];
    Server::builder("sales", "1.0.0").routes(routes).build()
}

/// Describes a block of content.
fn describe(content: &Content) -> Result<String, Box<dyn std::error::Error>> {
    Ok(match content {
        Content::Text(text) => format!("text: {}", text.text),
        Content::Image(image) => {
            format!("image: {} bytes of {}", image.bytes()?.len(), image.mime_type)
        }
        Content::Audio(audio) => {
            format!("audio: {} bytes of {}", audio.bytes()?.len(), audio.mime_type)
        }
        Content::ResourceLink(link) => format!("link: {}", link.uri),
        Content::Resource(embedded) => describe_contents(&embedded.resource)?,
        other => format!("{other:?}"),
    })
}

/// Describes what a resource contains.
fn describe_contents(contents: &ResourceContents) -> Result<String, Box<dyn std::error::Error>> {
    Ok(match contents {
        ResourceContents::Text(text) => format!("resource {}: {:?}", text.uri, text.text),
        ResourceContents::Blob(blob) => {
            format!("resource {}: {} bytes", blob.uri, blob.bytes()?.len())
        }
    })
}

/// The values that complete an argument: of a template, and of a prompt.
async fn completions(client: &Client) -> Result<[Vec<String>; 2], mcp_client::Error> {
    let template = CompletionReference::resource("sales://{month}/report");
    let prompt = CompletionReference::prompt("explain");
    let months = client.complete(template, "month", "1").await?.completion.values;
    Ok([months, client.complete(prompt, "month", "").await?.completion.values])
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::connect_memory(&server()?).await?;
    for (tool, arguments) in
        [("draw", json!({})), ("record", json!({})), ("sales", json!({ "month": 7 }))]
    {
        for content in &client.call_tool(tool, &arguments).await?.content {
            println!("{tool} → {}", describe(content)?);
        }
    }
    for uri in ["sales://7/report", "image://logo"] {
        for contents in &client.read_resource(uri).await?.contents {
            println!("{}", describe_contents(contents)?);
        }
    }
    for message in client.get_prompt("explain", &json!({ "month": "7" })).await?.messages {
        println!("explain → {}", describe(&message.content)?);
    }
    for message in client.get_prompt("advise", &()).await?.messages {
        println!("advise → {}", describe(&message.content)?);
    }
    for values in completions(&client).await? {
        println!("month: {}", values.join(", "));
    }
    Ok(())
}

#[tokio::test]
async fn every_kind_of_content_arrives() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::connect_memory(&server()?).await?;
    let mut found = Vec::new();
    for (tool, arguments) in
        [("draw", json!({})), ("record", json!({})), ("sales", json!({ "month": 7 }))]
    {
        for content in &client.call_tool(tool, &arguments).await?.content {
            found.push(describe(content)?);
        }
    }
    for message in client.get_prompt("explain", &json!({ "month": "7" })).await?.messages {
        found.push(describe(&message.content)?);
    }
    for contents in &client.read_resource("image://logo").await?.contents {
        found.push(describe_contents(contents)?);
    }
    let expected = [
        "image: 67 bytes of image/png",
        "audio: 8000 bytes of audio/L8;rate=8000",
        "text: 3 units were sold.",
        "resource sales://7/table: \"day,units\\n1,3\\n\"",
        "resource sales://7/chart: 67 bytes",
        "link: sales://7/report",
        "text: Explain this chart with the report.",
        "image: 67 bytes of image/png",
        "resource sales://7/report: \"In month 7 3 units were sold.\"",
        "resource image://logo: 67 bytes",
    ];
    assert_eq!(found, expected);
    Ok(())
}

#[tokio::test]
async fn a_prompt_without_arguments_is_text() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::connect_memory(&server()?).await?;
    let [message] = &client.get_prompt("advise", &()).await?.messages[..] else { panic!() };
    assert_eq!(message.content.as_text(), Some("How can we sell more?"));
    Ok(())
}

#[tokio::test]
async fn arguments_of_prompts_and_templates_are_completed() -> Result<(), Box<dyn std::error::Error>>
{
    let client = Client::connect_memory(&server()?).await?;
    assert_eq!(completions(&client).await?, [vec!["1", "10", "11", "12"], vec!["6", "7"]]);
    Ok(())
}

#[tokio::test]
async fn a_struct_is_an_argument_whose_schema_is_shared() -> Result<(), Box<dyn std::error::Error>>
{
    let client = Client::connect_memory(&server()?).await?;
    let tools = client.list_tools().await?;
    let tool = tools.iter().find(|tool| tool.name == "compare").ok_or("no tool")?;
    let schema = serde_json::to_value(&tool.input_schema)?;
    for argument in ["before", "after"] {
        assert_eq!(schema["properties"][argument]["$ref"], "#/$defs/Period", "{schema}");
    }
    assert_eq!(schema["$defs"]["Period"]["required"], json!(["first", "last"]), "{schema}");
    let periods =
        json!({ "before": { "first": 1, "last": 2 }, "after": { "first": 3, "last": 6 } });
    let reply = client.call_tool("compare", &periods).await?;
    assert_eq!(reply.text(), "6 and 12 units were sold.");
    let wrong =
        json!({ "before": { "first": 1, "last": "x" }, "after": { "first": 3, "last": 6 } });
    let mistake = client.call_tool("compare", &wrong).await?;
    assert!(mistake.text().contains("/before/last"), "{}", mistake.text());
    Ok(())
}
