//! The crate under another name, and a type made by a macro.

use mcp_server as sdk;

#[derive(serde::Deserialize, sdk::Elicit)]
#[elicit(crate = sdk)]
#[allow(dead_code)]
struct Form {
    name: String,
}

macro_rules! form {
    ($name:ident: $ty:ty) => {
        #[derive(serde::Deserialize, sdk::Elicit)]
        #[elicit(crate = crate::accepted::elicit_crate_path::sdk)]
        #[allow(dead_code)]
        struct $name {
            #[elicit(title = "Made")]
            made: $ty,
        }
    };
}

form!(Made: Option<u32>);

#[test]
fn the_derive_finds_the_runtime_under_another_name() {
    use sdk::input::Form as _;
    assert!(Form::schema().is_required("name"));
    assert!(!Made::schema().is_required("made"));
}
