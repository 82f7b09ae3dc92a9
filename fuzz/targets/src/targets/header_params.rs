//! `http::param_headers`: an accepted annotation is on a property that its path leads to, and its
//! header name is unique.

use std::collections::HashSet;

use mcp_core::http::param_headers;
use serde_json::Value;

pub(crate) fn run(data: &[u8]) {
    let Ok(schema) = serde_json::from_slice::<Value>(data) else { return };
    let Ok(headers) = param_headers(&schema) else { return };
    let mut names = HashSet::new();
    for header in headers {
        assert!(header.name.as_str().starts_with("mcp-param-"));
        assert!(names.insert(header.name.clone()), "{} occurs twice", header.name);
        let property =
            header.path.iter().fold(&schema, |schema, name| &schema["properties"][name.as_str()]);
        let annotation = property["x-mcp-header"].as_str().expect("an annotated property");
        let expected = format!("mcp-param-{annotation}").to_ascii_lowercase();
        assert_eq!(header.name.as_str(), expected);
        assert_eq!(header.find(&Value::Null), Ok(None));
    }
}
