//! The answer of a tool, with assertions.

use mcp_core::jsonrpc::ErrorObject;
use mcp_core::types::{CallToolResult, Content};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::diff::diff;
use super::snapshot::pretty;

/// The answer of a tool. Its assertions return it, so that they chain.
///
/// ```
/// # use mcp_server::{Server, ToolError, routes, test, tool};
/// # use serde_json::json;
/// # /// Divide two numbers.
/// # #[tool]
/// # async fn divide(a: f64, b: f64) -> Result<f64, ToolError> {
/// #     if b == 0.0 { Err(ToolError::new("b must not be 0")) } else { Ok(a / b) }
/// # }
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// # let client = test::client(Server::builder("calculator", "1.0.0").routes(routes![divide])).await;
/// client.call("divide", json!({ "a": 1, "b": 2 })).await.assert_text("0.5");
/// client.call("divide", json!({ "a": 1, "b": 0 })).await.assert_error("must not be 0");
/// client.call("divide", json!({ "a": "one" })).await.assert_error_at("/a").assert_error_at("/b");
/// # });
/// ```
#[derive(Debug, Clone)]
#[must_use = "assert what the tool answered"]
pub struct ToolAnswer {
    tool: String,
    outcome: Result<Value, ErrorObject>,
}

impl ToolAnswer {
    pub(super) fn new(tool: &str, outcome: Result<Value, ErrorObject>) -> Self {
        Self { tool: tool.to_owned(), outcome }
    }

    /// Returns the result, which may be an error of the tool (`isError`).
    ///
    /// ```
    /// # use mcp_server::{Server, routes, test, tool};
    /// # use mcp_server::tool::Image;
    /// # /// Render a chart.
    /// # #[tool]
    /// # async fn chart() -> Image { Image { bytes: vec![1], mime_type: "image/png".into() } }
    /// use mcp_server::types::Content;
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let client = test::client(Server::builder("charts", "1.0.0").routes(routes![chart])).await;
    /// let result = client.call("chart", serde_json::json!({})).await.result();
    /// assert!(matches!(&result.content[..], [Content::Image(image)] if image.mime_type == "image/png"));
    /// # });
    /// ```
    ///
    /// # Panics
    /// If the server answered with an error of the protocol, or the result is invalid.
    #[track_caller]
    #[must_use]
    pub fn result(&self) -> CallToolResult {
        let result = self.json();
        match serde_json::from_value(result.clone()) {
            Ok(decoded) => decoded,
            Err(error) => panic!("the result of {:?} is invalid: {error}: {result}", self.tool),
        }
    }

    /// Returns the result as JSON.
    ///
    /// ```
    /// # use mcp_server::{Server, routes, tool};
    /// # /// Add two numbers.
    /// # #[tool]
    /// # async fn add(a: i64, b: i64) -> i64 { a + b }
    /// # use mcp_server::test;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let client = test::client(Server::builder("calculator", "1.0.0").routes(routes![add])).await;
    /// let answer = client.call("add", serde_json::json!({ "a": 1, "b": 2 })).await;
    /// assert_eq!(answer.json()["content"][0]["text"], "3"); // As the client receives it.
    /// # });
    /// ```
    ///
    /// # Panics
    /// If the server answered with an error of the protocol.
    #[track_caller]
    #[must_use]
    pub fn json(&self) -> &Value {
        match &self.outcome {
            Ok(result) => result,
            Err(error) => panic!(
                "{:?} was answered with the error {}: {}",
                self.tool,
                error.code(),
                error.message()
            ),
        }
    }

    /// Returns the error of the protocol, if the server answered with one.
    ///
    /// ```
    /// # use mcp_server::{Server, routes, tool};
    /// # /// Add two numbers.
    /// # #[tool]
    /// # async fn add(a: i64, b: i64) -> i64 { a + b }
    /// # use mcp_server::test;
    /// use mcp_server::jsonrpc::code;
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let client = test::client(Server::builder("calculator", "1.0.0").routes(routes![add])).await;
    /// // The error of a tool is a result; that of a tool that does not exist is one of the protocol.
    /// let answer = client.call("ad", serde_json::json!({ "a": 1, "b": 2 })).await;
    /// assert_eq!(answer.error().unwrap().code(), code::INVALID_PARAMS);
    /// # });
    /// ```
    #[must_use]
    pub fn error(&self) -> Option<&ErrorObject> {
        self.outcome.as_ref().err()
    }

    /// Returns the text blocks of a successful result, joined by line breaks.
    ///
    /// ```
    /// # use mcp_server::{Server, routes, test, tool};
    /// /// Name the weekday of a meeting.
    /// #[tool]
    /// async fn weekday() -> &'static str {
    ///     "Thursday"
    /// }
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let client = test::client(Server::builder("calendar", "1.0.0").routes(routes![weekday])).await;
    /// let text = client.call("weekday", serde_json::json!({})).await.text();
    /// assert!(text.ends_with("day"), "{text}");
    /// # });
    /// ```
    ///
    /// # Panics
    /// If the call failed.
    #[track_caller]
    #[must_use]
    pub fn text(&self) -> String {
        let result = self.successful();
        text_of(&result)
    }

    /// Returns the structured content of a successful result.
    ///
    /// ```
    /// # use mcp_server::{Server, routes, test, tool};
    /// #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
    /// struct Forecast {
    ///     celsius: f64,
    /// }
    ///
    /// /// Get the forecast.
    /// #[tool]
    /// async fn forecast() -> Forecast {
    ///     Forecast { celsius: 9.0 }
    /// }
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let client = test::client(Server::builder("weather", "1.0.0").routes(routes![forecast])).await;
    /// let answer = client.call("forecast", serde_json::json!({})).await;
    /// assert_eq!(answer.structured::<Forecast>(), Forecast { celsius: 9.0 });
    /// # });
    /// ```
    ///
    /// # Panics
    /// If the call failed, there is no structured content, or it is not a `T`.
    #[track_caller]
    #[must_use]
    pub fn structured<T: DeserializeOwned>(&self) -> T {
        let content = self.structured_content();
        match serde_json::from_value(content.clone()) {
            Ok(decoded) => decoded,
            Err(error) => panic!(
                "the structured content of {:?} is not of the expected type: {error}: {content}",
                self.tool
            ),
        }
    }

    /// Asserts that the call succeeded, whatever it returned.
    ///
    /// ```
    /// # use mcp_server::{Server, routes, tool};
    /// # /// Say when the server started.
    /// # #[tool]
    /// # fn started() -> String { "12:00".to_owned() }
    /// # use mcp_server::test;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let client = test::client(Server::builder("clock", "1.0.0").routes(routes![started])).await;
    /// // The time differs from run to run.
    /// client.call("started", ()).await.assert_success();
    /// # });
    /// ```
    ///
    /// # Panics
    /// If it failed, with the error.
    #[track_caller]
    pub fn assert_success(&self) -> &Self {
        let _ = self.successful();
        self
    }

    /// Asserts that the call succeeded with this text: its text blocks, joined by line breaks.
    ///
    /// ```should_panic
    /// # use mcp_server::{Server, routes, tool};
    /// # /// Add two numbers.
    /// # #[tool]
    /// # async fn add(a: i64, b: i64) -> i64 { a + b }
    /// # use mcp_server::test;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let client = test::client(Server::builder("calculator", "1.0.0").routes(routes![add])).await;
    /// // Fails, and prints `- 4` and `+ 3`.
    /// client.call("add", serde_json::json!({ "a": 1, "b": 2 })).await.assert_text("4");
    /// # });
    /// ```
    ///
    /// # Panics
    /// If it did not, with the difference.
    #[track_caller]
    pub fn assert_text(&self, expected: &str) -> &Self {
        let text = self.text();
        if text != expected {
            panic!(
                "the text of {:?} is not as expected (- expected, + actual):\n{}",
                self.tool,
                diff(expected, &text)
            );
        }
        self
    }

    /// Asserts that the call succeeded with this structured content. The order of members is not
    /// compared.
    ///
    /// In revisions whose structured content must be an object, other values are in its member
    /// `result`.
    ///
    /// ```
    /// # use mcp_server::{Server, routes, test, tool};
    /// # use serde_json::json;
    /// # #[derive(serde::Serialize, schemars::JsonSchema)]
    /// # struct Point { x: i32, y: i32 }
    /// # /// Mirror a point.
    /// # #[tool]
    /// # async fn mirror(x: i32, y: i32) -> Point { Point { x: -x, y } }
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let client = test::client(Server::builder("geometry", "1.0.0").routes(routes![mirror])).await;
    /// let answer = client.call("mirror", json!({ "x": 3, "y": 4 })).await;
    /// answer.assert_structured(json!({ "y": 4, "x": -3 }));
    /// # });
    /// ```
    ///
    /// # Panics
    /// If it did not, with the difference.
    #[track_caller]
    pub fn assert_structured(&self, expected: impl Serialize) -> &Self {
        let content = self.structured_content();
        let expected = match serde_json::to_value(expected) {
            Ok(expected) => expected,
            Err(error) => panic!("the expected content is not JSON: {error}"),
        };
        if content != expected {
            panic!(
                "the structured content of {:?} is not as expected (- expected, + actual):\n{}",
                self.tool,
                diff(&pretty(&expected), &pretty(&content))
            );
        }
        self
    }

    /// Asserts that the call failed, and that the text of the error has this part. The error is a
    /// result with `isError`, or an error of the protocol.
    ///
    /// ```
    /// # use mcp_server::{Server, routes, tool};
    /// # /// Add two numbers.
    /// # #[tool]
    /// # async fn add(a: i64, b: i64) -> i64 { a + b }
    /// # use mcp_server::test;
    /// # use serde_json::json;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let client = test::client(Server::builder("calculator", "1.0.0").routes(routes![add])).await;
    /// // The text tells the model what to correct.
    /// client.call("add", json!({ "a": 1 })).await.assert_error("is required");
    /// # });
    /// ```
    ///
    /// # Panics
    /// If it succeeded, or failed with another text.
    #[track_caller]
    pub fn assert_error(&self, part: &str) -> &Self {
        let text = self.error_text();
        if !text.contains(part) {
            panic!("the error of {:?} does not contain {part:?}:\n{text}", self.tool);
        }
        self
    }

    /// Asserts that an argument was refused, by its JSON pointer: `/city`, or `/points/0/x`.
    ///
    /// ```
    /// # use mcp_server::{Server, routes, test, tool};
    /// # use serde_json::json;
    /// #[derive(serde::Deserialize, schemars::JsonSchema)]
    /// struct Point {
    ///     x: i32,
    /// }
    ///
    /// /// Draw a line.
    /// #[tool]
    /// async fn draw(points: Vec<Point>) -> usize {
    ///     points.iter().filter(|point| point.x > 0).count()
    /// }
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let client = test::client(Server::builder("drawing", "1.0.0").routes(routes![draw])).await;
    /// let answer = client.call("draw", json!({ "points": [{ "x": 1 }, { "x": "left" }] })).await;
    /// answer.assert_error_at("/points/1/x");
    /// # });
    /// ```
    ///
    /// # Panics
    /// If the call succeeded, or the error is elsewhere.
    #[track_caller]
    pub fn assert_error_at(&self, pointer: &str) -> &Self {
        let text = self.error_text();
        let is_at = |line: &str| {
            let line = line.strip_prefix("- ").unwrap_or(line);
            line.strip_prefix(pointer).is_some_and(|rest| rest.starts_with(": "))
        };
        if !text.lines().any(is_at) {
            panic!("the error of {:?} is not at {pointer:?}:\n{text}", self.tool);
        }
        self
    }

    #[track_caller]
    fn successful(&self) -> CallToolResult {
        let result = self.result();
        if result.is_error == Some(true) {
            panic!("{:?} failed:\n{}", self.tool, text_of(&result));
        }
        result
    }

    #[track_caller]
    fn structured_content(&self) -> Value {
        match self.successful().structured_content {
            Some(content) => content.to_value(),
            None => {
                panic!("the result of {:?} has no structured content: {}", self.tool, self.json())
            }
        }
    }

    #[track_caller]
    fn error_text(&self) -> String {
        if let Err(error) = &self.outcome {
            return error.message().to_owned();
        }
        let result = self.result();
        if result.is_error != Some(true) {
            panic!("{:?} succeeded:\n{}", self.tool, text_of(&result));
        }
        text_of(&result)
    }
}

fn text_of(result: &CallToolResult) -> String {
    let texts = result.content.iter().filter_map(|block| match block {
        Content::Text(text) => Some(text.text.as_str()),
        _ => None,
    });
    texts.collect::<Vec<_>>().join("\n")
}
