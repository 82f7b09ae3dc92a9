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
    /// With everything
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
fn every_kind_of_field() {
    let titled = json!([
        { "const": "full", "title": "With everything" },
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

/// Asks for all of it.
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

/// Asks with what is known at run time.
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

/// Asks for a field that is not there.
#[tool]
async fn mistaken(ctx: &Context) -> Result<String, AskError> {
    ctx.elicit::<Trip>("Where to?").title("town", "Town").await.map(|trip| trip.city)
}

/// Asks by hand.
#[tool]
async fn by_hand(ctx: &Context) -> Result<String, AskError> {
    let answer = ctx.elicit_with(ElicitParams::form("Register", Registration::schema())).await?;
    Ok(Value::Object(answer.content.unwrap_or_default()).to_string())
}

fn server() -> ServerBuilder {
    Server::builder("test", "1").routes(routes![register, trip, mistaken, by_hand])
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
async fn what_is_filled_in_is_checked_and_completed() {
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
            ("email", json!("nobody")),
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
            for tool in ["register", "by_hand"] {
                let told = match filled(revision, tool, content.clone()).await {
                    Err(error) => {
                        assert_eq!((revision, error.code()), (Revision::V2026_07_28, -32602));
                        error.message().to_owned()
                    }
                    Ok(result) => {
                        assert_eq!(result["isError"], true, "{field} {wrong}");
                        result["content"][0]["text"].as_str().unwrap().to_owned()
                    }
                };
                assert!(told.contains(field), "{field} {wrong}: {told}");
            }
        }
    }
}

#[tokio::test]
async fn the_builder_changes_a_form() {
    everywhere(async |link, revision| {
        let client =
            Client::open(server(), link, revision, |_, _| accept(json!({ "city": "par" }))).await;
        assert_eq!(client.text("trip", json!({})).await, "par 3");
        let asked = client.asked.lock().unwrap()[0].1["requestedSchema"].clone();
        assert_eq!(asked["properties"]["seats"]["title"], "Seats");
        assert_eq!(asked["properties"]["seats"]["default"], 3);
        let city = &asked["properties"]["city"];
        // 2025-06-18 has the labels in a list of their own.
        if revision == Revision::V2025_06_18 {
            assert_eq!(city["enumNames"], json!(["Paris", "Berlin"]));
        } else {
            assert_eq!(city["oneOf"][0], json!({ "const": "par", "title": "Paris" }));
        }
        let told = client.tool("mistaken", json!({})).await.unwrap();
        assert!(
            told["content"][0]["text"].as_str().unwrap().contains("the form has no field town"),
            "{told}"
        );
    })
    .await;
}
