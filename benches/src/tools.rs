//! The tools of every server in the benches: `echo`, `add` and any number of trivial ones.
//!
//! The programs in `benches/peers` include this file by path, so that names, descriptions and input
//! schemas are the same bytes everywhere. For that reason it uses the standard library only.

/// Name, description and input schema (JSON text) of one tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolSpec {
    /// The name of the tool.
    pub name: String,
    /// The description of the tool.
    pub description: String,
    /// The JSON Schema of its arguments.
    pub input_schema: String,
}

/// The description of the tool `echo`.
pub const ECHO: &str = "Give the text back.";
/// The description of the tool `add`.
pub const ADD: &str = "Add two numbers.";
/// The result of every trivial tool.
pub const TRIVIAL_ANSWER: &str = "done";

const ECHO_SCHEMA: &str = r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{"text":{"type":"string"}},"required":["text"],"additionalProperties":false}"#;
const ADD_SCHEMA: &str = r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{"a":{"type":"integer","format":"int64"},"b":{"type":"integer","format":"int64"}},"required":["a","b"],"additionalProperties":false}"#;
const TRIVIAL_SCHEMA: &str = r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{"path":{"type":"string","description":"Where to look"},"limit":{"type":"integer","minimum":0}},"required":["path"],"additionalProperties":false}"#;

/// Returns the first `count` tools, in the order of the list.
pub fn table(count: usize) -> Vec<ToolSpec> {
    let spec = |name: &str, description: &str, schema: &str| ToolSpec {
        name: name.to_owned(),
        description: description.to_owned(),
        input_schema: schema.to_owned(),
    };
    let mut tools = vec![spec("echo", ECHO, ECHO_SCHEMA), spec("add", ADD, ADD_SCHEMA)];
    tools.extend((2..count).map(|number| {
        let description =
            format!("Trivial tool number {number}: looks at a path and says that it is done.");
        spec(&format!("trivial_{number:03}"), &description, TRIVIAL_SCHEMA)
    }));
    tools.truncate(count);
    tools
}

/// Returns the number after `--tools` on the command line, or 2 if it is absent or not a number.
pub fn count_from_arguments() -> usize {
    std::env::args()
        .skip_while(|argument| argument != "--tools")
        .nth(1)
        .and_then(|number| number.parse().ok())
        .unwrap_or(2)
}
