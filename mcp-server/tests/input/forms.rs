//! Types as forms.

use mcp_server::input::{AskError, Form};
use mcp_server::types::ElicitParams;
use mcp_server::{Context, Elicit, Revision, Server, ServerBuilder, routes, tool};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::client::{Client, Link, accept, everywhere};

#[derive(Debug, PartialEq, Serialize, Deserialize, Elicit)]
struct Registration {
    /// The address for the confirmation.
    #[elicit(title = "Mail address", format = "email", min_length = 3, max_length = 99)]
    email: String,
    #[elicit(min = 1, max = 9, default = 2)]
    seats: u8,
    #[serde(rename = "how_much")]
    #[elicit(min = 0.5, default = 1.5)]
    price: f64,
    menu: Menu,
    #[elicit(default = Size::DarkRed)]
    size: Size,
    #[elicit(min_items = 1, max_items = 2, default = vec![Menu::Full])]
    days: Vec<Menu>,
    #[elicit(default = "none")]
    remarks: Option<String>,
    newsletter: bool,
    #[serde(default)]
    later: String,
    r#type: Option<i64>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Elicit)]
#[serde(rename_all = "lowercase")]
enum Menu {
    /// All courses
    Full,
    #[elicit(title = "Without meat")]
    Vegetarian,
    Empty,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, Elicit)]
#[serde(rename_all = "kebab-case")]
enum Size {
    Small,
    DarkRed,
    #[serde(rename = "XXL")]
    Huge,
}

#[test]
fn every_kind_of_field_has_its_schema() {
    let titled = json!([
        { "const": "full", "title": "All courses" },
        { "const": "vegetarian", "title": "Without meat" },
        { "const": "empty", "title": "empty" },
    ]);
    assert_eq!(
        serde_json::to_value(Registration::schema()).unwrap(),
        json!({
            "type": "object",
            "properties": {
                "email": {
                    "type": "string", "title": "Mail address", "description": "The address for the confirmation.",
                    "minLength": 3, "maxLength": 99, "format": "email",
                },
                "seats": { "type": "integer", "minimum": 1, "maximum": 9, "default": 2 },
                "how_much": { "type": "number", "minimum": 0.5, "default": 1.5 },
                "menu": { "type": "string", "oneOf": titled },
                "size": { "type": "string", "enum": ["small", "dark-red", "XXL"], "default": "dark-red" },
                "days": {
                    "type": "array", "items": { "anyOf": titled }, "minItems": 1, "maxItems": 2, "default": ["full"],
                },
                "remarks": { "type": "string", "default": "none" },
                "newsletter": { "type": "boolean" },
                "later": { "type": "string" },
                "type": { "type": "integer" },
            },
            "required": ["email", "menu", "newsletter"],
        })
    );
}

/// Asks with all kinds of fields.
#[tool]
async fn register(ctx: &Context) -> Result<String, AskError> {
    let form: Registration = ctx.elicit("Register").await?;
    Ok(serde_json::to_string(&form).unwrap())
}

#[derive(Deserialize, Elicit)]
struct Trip {
    city: String,
    seats: u8,
}

/// Asks with attributes that are only known at run time.
#[tool]
async fn trip(ctx: &Context) -> Result<String, AskError> {
    let Trip { city, seats } = ctx
        .elicit("Where to?")
        .options("city", [("par", "Paris"), ("ber", "Berlin")])
        .default_value("city", "ber")
        .title("seats", "Seats")
        .description("seats", "How many?")
        .default_value("seats", 3)
        .key("trip")
        .await?;
    Ok(format!("{city} {seats}"))
}

/// Changes a field that the form does not have.
#[tool]
async fn unknown_field(ctx: &Context) -> Result<String, AskError> {
    ctx.elicit::<Trip>("Where to?").title("town", "Town").await.map(|trip| trip.city)
}

/// Asks without a type for the answer.
#[tool]
async fn untyped(ctx: &Context) -> Result<String, AskError> {
    let answer = ctx.elicit_with(ElicitParams::form("Register", Registration::schema())).await?;
    Ok(Value::Object(answer.content.unwrap_or_default()).to_string())
}

fn server() -> ServerBuilder {
    Server::builder("test", "1").routes(routes![register, trip, unknown_field, untyped])
}

async fn filled(
    revision: Revision,
    tool: &str,
    content: Value,
) -> Result<Value, mcp_server::ErrorObject> {
    Client::open(server(), Link::Memory, revision, move |_, _| accept(content.clone()))
        .await
        .tool(tool, json!({}))
        .await
}

#[tokio::test]
async fn answers_are_validated_and_defaults_filled_in() {
    let content = json!({ "email": "a@b.c", "menu": "full", "newsletter": true });
    for revision in [Revision::V2025_11_25, Revision::V2026_07_28] {
        let result = filled(revision, "register", content.clone()).await.unwrap();
        let form: Registration =
            serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).unwrap();
        assert_eq!((form.seats, form.price, &form.size), (2, 1.5, &Size::DarkRed));
        assert_eq!(
            (form.days, form.remarks.as_deref(), form.r#type),
            (vec![Menu::Full], Some("none"), None)
        );
        for (field, wrong) in [
            ("email", json!("not an address")),
            ("email", json!(7)),
            ("seats", json!(0)),
            ("seats", json!(2.5)),
            ("how_much", json!(0.1)),
            ("menu", json!("Full")),
            ("days", json!([])),
            ("days", json!(["full", "empty", "vegetarian"])),
            ("newsletter", json!("yes")),
            ("menu", json!(null)),
        ] {
            let mut content = content.clone();
            content[field] = wrong.clone();
            for tool in ["register", "untyped"] {
                let message = match filled(revision, tool, content.clone()).await {
                    Err(error) => {
                        assert_eq!((revision, error.code()), (Revision::V2026_07_28, -32602));
                        error.message().to_owned()
                    }
                    Ok(result) => {
                        assert_eq!(result["isError"], true, "{field} {wrong}");
                        result["content"][0]["text"].as_str().unwrap().to_owned()
                    }
                };
                assert!(message.contains(field), "{field} {wrong}: {message}");
            }
        }
    }
}

#[tokio::test]
async fn attributes_of_a_form_can_be_set_at_run_time() {
    everywhere(async |link, revision| {
        let client =
            Client::open(server(), link, revision, |_, _| accept(json!({ "city": "par" }))).await;
        assert_eq!(client.text("trip", json!({})).await, "par 3");
        let asked = client.asked.lock().unwrap()[0].1["requestedSchema"].clone();
        assert_eq!(asked["properties"]["seats"]["title"], "Seats");
        assert_eq!(asked["properties"]["seats"]["default"], 3);
        let city = &asked["properties"]["city"];
        // 2025-06-18 has the labels in a separate list.
        if revision == Revision::V2025_06_18 {
            assert_eq!(city["enumNames"], json!(["Paris", "Berlin"]));
        } else {
            assert_eq!(city["oneOf"][0], json!({ "const": "par", "title": "Paris" }));
        }
        let result = client.tool("unknown_field", json!({})).await.unwrap();
        assert!(
            result["content"][0]["text"].as_str().unwrap().contains("the form has no field town"),
            "{result}"
        );
    })
    .await;
}
