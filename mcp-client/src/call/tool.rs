//! The result of a tool.

use std::ops::Deref;

use mcp_core::json::{JsonBytes, JsonObject, has_reserved_name};
use mcp_core::method::{Method as _, ToolsCall};
use mcp_core::text::PeerText;
use mcp_core::types::{CallToolResult, Content};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::error::{Error, ErrorKind};

/// Longest text of a failed tool that goes into an error, in characters. Fixed: the whole text is
/// in the result.
const MAX_SHOWN_CHARS: usize = 1_024;

/// The result of `tools/call`: a [`CallToolResult`] with ways to read it.
///
/// A tool that failed (`isError`) is a result too, because the model is meant to see it;
/// [`ToolReply::into_result`] turns it into an error.
///
/// ```
/// # mcp_test_support::with_notes_server(async |reader, writer| {
/// # let client = mcp_client::Client::connect(reader, writer).await?;
/// let reply = client.call_tool("read", &()).await?; // Ok, although the tool failed:
/// assert_eq!(reply.is_error, Some(true));
/// let for_the_model = reply.text();
/// assert_eq!(for_the_model, "there is no note 9");
/// # Ok(())
/// # });
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ToolReply(CallToolResult);

impl ToolReply {
    pub(crate) fn new(result: CallToolResult) -> Self {
        Self(result)
    }

    /// Reads the result of a call.
    pub(crate) fn read(result: &JsonBytes) -> Result<Self, serde_json::Error> {
        CallToolResult::from_json(result.as_str()).map(Self)
    }

    /// The structured result as a `T`.
    ///
    /// If it is not a `T` but an object with the single member `result`, that member is read:
    /// servers wrap values so for revisions in which a structured result must be an object. Without
    /// a structured result, a single block of text is read as JSON, which is what servers send to
    /// clients of revisions without structured results.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use mcp_client::ErrorKind;
    /// use mcp_client::serde_json::json;
    ///
    /// let reply = client.call_tool("add", &json!({ "a": 1, "b": 2 })).await?;
    /// assert_eq!(reply.structured::<u8>()?, 3);
    /// let error = reply.structured::<String>().expect_err("a number");
    /// assert_eq!((error.kind(), error.json()), (ErrorKind::Decode, Some("3")));
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Tool`] when the tool failed; [`ErrorKind::Decode`] when there is nothing to
    /// read or it is not a `T` ([`Error::json`] has it).
    pub fn structured<T: DeserializeOwned>(&self) -> Result<T, Error> {
        if self.0.failed() {
            return Err(self.failure());
        }
        let Some(structured) = &self.0.structured_content else { return self.text_as_json() };
        let wrong = match structured.parse::<T>() {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        if let Some(value) = unwrap_result(structured.get()) {
            return Ok(value);
        }
        Err(Error::wrong_type(
            "the tool's structured result has another type than expected",
            wrong,
            structured.get(),
        )
        .during(ToolsCall::NAME))
    }

    fn text_as_json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        match &self.0.content[..] {
            [Content::Text(only)] => read_json(&only.text).map_err(|error| {
                let message =
                    "the tool returned no structured result, and its text is not the JSON expected";
                Error::wrong_type(message, error, &only.text).during(ToolsCall::NAME)
            }),
            _ => Err(Error::new(ErrorKind::Decode, "the tool returned no structured result")
                .during(ToolsCall::NAME)),
        }
    }

    /// The text blocks, joined by line breaks.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use mcp_client::types::Content;
    ///
    /// let reply = client.call_tool("index", &()).await?;
    /// assert_eq!(reply.text(), "2 notes");
    /// // Images and other blocks:
    /// let others = reply.content.iter().filter(|block| !matches!(block, Content::Text(_)));
    /// assert_eq!(others.count(), 0);
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn text(&self) -> String {
        let texts: Vec<&str> = self.0.content.iter().filter_map(Content::as_text).collect();
        texts.join("\n")
    }

    /// The result of a tool that did not fail.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use mcp_client::ErrorKind;
    ///
    /// let error = client.call_tool("read", &()).await?.into_result().expect_err("no such note");
    /// assert_eq!(error.kind(), ErrorKind::Tool);
    /// assert_eq!(error.to_string(), "the tool failed: there is no note 9");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Tool`] with the tool's text when it failed.
    pub fn into_result(self) -> Result<CallToolResult, Error> {
        if self.0.failed() { Err(self.failure()) } else { Ok(self.0) }
    }

    /// The result as it is on the wire.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use mcp_client::serde_json;
    ///
    /// let result = client.call_tool("index", &()).await?.into_inner();
    /// let for_a_model = serde_json::to_string(&result.content)?;
    /// assert_eq!(for_a_model, r#"[{"type":"text","text":"2 notes"}]"#);
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn into_inner(self) -> CallToolResult {
        self.0
    }

    fn failure(&self) -> Error {
        let text = self.text();
        let message = format!("the tool failed: {}", PeerText::with_max(&text, MAX_SHOWN_CHARS));
        Error::new(ErrorKind::Tool, message).during(ToolsCall::NAME)
    }
}

impl Deref for ToolReply {
    type Target = CallToolResult;

    fn deref(&self) -> &CallToolResult {
        &self.0
    }
}

impl From<CallToolResult> for ToolReply {
    fn from(result: CallToolResult) -> Self {
        Self(result)
    }
}

impl From<ToolReply> for CallToolResult {
    fn from(reply: ToolReply) -> Self {
        reply.0
    }
}

/// Reads JSON from the text of a peer, which was a string when its message was checked.
fn read_json<T: DeserializeOwned>(text: &str) -> Result<T, serde_json::Error> {
    if has_reserved_name(text) {
        return Err(serde::de::Error::custom("a member has a name that is reserved by serde_json"));
    }
    serde_json::from_str(text)
}

/// The value inside `{"result": …}`, if it is the only member.
fn unwrap_result<T: DeserializeOwned>(structured: &str) -> Option<T> {
    #[derive(Deserialize)]
    struct Wrapped<'a> {
        #[serde(borrow)]
        result: &'a RawValue,
    }
    let members: JsonObject = serde_json::from_str(structured).ok()?;
    if members.len() != 1 {
        return None;
    }
    let wrapped: Wrapped<'_> = serde_json::from_str(structured).ok()?;
    serde_json::from_str(wrapped.result.get()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn reply(json: serde_json::Value) -> ToolReply {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_structured_result_is_read_from_wherever_the_revision_has_it() {
        let modern = reply(json!({"content": [], "structuredContent": 3}));
        let wrapped = reply(json!({"content": [], "structuredContent": {"result": 3}}));
        let text = reply(json!({"content": [{"type": "text", "text": "3"}]}));
        for reply in [modern, wrapped, text] {
            assert_eq!(reply.structured::<i64>().unwrap(), 3);
        }
        let null = reply(json!({"content": [], "structuredContent": null}));
        assert_eq!(null.structured::<Option<i64>>().unwrap(), None);
    }

    #[test]
    fn a_failed_tool_is_no_value() {
        let failed =
            reply(json!({"content": [{"type": "text", "text": "no such note"}], "isError": true}));
        assert_eq!(failed.text(), "no such note");
        let error = failed.structured::<i64>().unwrap_err();
        assert_eq!(
            (error.kind(), error.to_string()),
            (ErrorKind::Tool, "the tool failed: no such note".into())
        );
        assert_eq!(failed.into_result().unwrap_err().kind(), ErrorKind::Tool);
    }

    #[test]
    fn a_wrong_type_shows_the_json() {
        let error = reply(json!({"structuredContent": {"a": 1}})).structured::<i64>().unwrap_err();
        assert_eq!((error.kind(), error.json()), (ErrorKind::Decode, Some(r#"{"a":1}"#)));
    }
}
