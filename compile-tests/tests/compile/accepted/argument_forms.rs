#![deny(warnings)]

use std::borrow::Cow;

use mcp_server::{routes, tool};

#[derive(serde::Deserialize, schemars::JsonSchema, Default)]
struct Point {
    x: f64,
    y: f64,
}

type Perhaps<T> = Option<T>;

const TEN: u32 = 10;

#[tool]
fn forms(
    r#type: String,
    mut count: u32,
    _unused: bool,
    optional: Option<Vec<Point>>,
    aliased: Perhaps<u8>,
    owned: Cow<'static, str>,
    #[arg(default)] origin: Point,
    #[arg(default = TEN * 2)] limit: u32,
    #[arg(default = "celsius")] unit: String,
    #[arg(name = "from-date")] from: String,
    #[arg(name = "corner")] Point { x, y }: Point,
    #[arg(header = "Region")] region: Option<String>,
    #[arg(header = "Tenant")] tenant: u64,
) -> String {
    count += limit;
    let lengths = (optional.map_or(0, |points| points.len()), owned.len(), origin.x + origin.y);
    format!("{type} {count} {aliased:?} {lengths:?} {unit} {from} {x} {y} {region:?} {tenant}", type = r#type)
}

#[tool]
fn spread(#[arg(flatten)] Point { x, y }: Point) -> f64 {
    x.hypot(y)
}

macro_rules! echo {
    ($name:ident, $ty:ty) => {
        #[tool]
        fn $name(value: $ty) -> $ty {
            value
        }
    };
}

echo!(echo_text, String);
echo!(echo_numbers, Vec<u8>);

#[test]
fn every_form_of_an_argument_is_accepted() {
    let _ = routes![forms, spread, echo_text, echo_numbers];
}
