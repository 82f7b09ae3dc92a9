//! Everything that a form can hold.

use mcp_server::Elicit;
use mcp_server::input::Form as _;

#[derive(serde::Deserialize, Elicit)]
#[allow(dead_code)]
struct Everything {
    /// Some text.
    text: String,
    #[elicit(title = "When", description = "The day", format = "date")]
    day: Option<String>,
    small: u8,
    #[elicit(min = -5, max = LIMIT, default = 0)]
    number: i64,
    fraction: f32,
    #[elicit(default = true)]
    flag: bool,
    choice: Color,
    #[elicit(default = vec![Color::Red], max_items = 2)]
    choices: Vec<Color>,
    maybe: Option<Vec<Color>>,
    aliased: Text,
    #[elicit(default = String::from("x"), min_length = 1)]
    computed: String,
}

type Text = String;

const LIMIT: i64 = 9;

#[derive(Clone, serde::Deserialize, Elicit)]
#[serde(rename_all = "snake_case")]
enum Color {
    Red,
    /// Dark red
    DarkRed,
}

/// Nothing but a button.
#[derive(serde::Deserialize, Elicit)]
struct Empty {}

#[test]
fn a_form_holds_every_kind_of_field() {
    let form = Everything::schema();
    assert_eq!(form.properties.len(), 11);
    let required = ["text", "small", "fraction", "choice", "aliased"].map(String::from);
    assert_eq!(form.required, Some(required.to_vec()));
    assert!(Empty::schema().properties.is_empty());
}
