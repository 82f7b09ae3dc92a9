//! The tools which every server of the benches offers: `echo`, `add` and as many trivial ones as
//! asked for.
//!
//! The peers of `benches/peers` include this file by path, so that names, descriptions and input
//! schemas are the same bytes everywhere. It uses the standard library alone for that reason.

/// Name, description and input schema (JSON text) of one tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolSpec {
    /// The tool's name.
    pub name: String,
    /// What the tool does.
    pub description: String,
    /// The JSON Schema of its arguments.
    pub input_schema: String,
}

/// Description of the tool `echo`.
pub const ECHO: &str = "Give the text back.";
/// Description of the tool `add`.
pub const ADD: &str = "Add two numbers.";
/// Text of the answer of every trivial tool.
pub const TRIVIAL_ANSWER: &str = "done";

const ECHO_SCHEMA: &str = r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{"text":{"type":"string"}},"required":["text"],"additionalProperties":false}"#;
const ADD_SCHEMA: &str = r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{"a":{"type":"integer","format":"int64"},"b":{"type":"integer","format":"int64"}},"required":["a","b"],"additionalProperties":false}"#;
const TRIVIAL_SCHEMA: &str = r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{"path":{"type":"string","description":"Where to look"},"limit":{"type":"integer","minimum":0}},"required":["path"],"additionalProperties":false}"#;

/// The `count` tools of a server, in the order in which it lists them.
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

/// The number after `--tools` on the command line; 2 when it is absent or not a number.
pub fn count_from_arguments() -> usize {
    std::env::args()
        .skip_while(|argument| argument != "--tools")
        .nth(1)
        .and_then(|number| number.parse().ok())
        .unwrap_or(2)
}
