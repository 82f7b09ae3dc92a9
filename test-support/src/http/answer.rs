//! A response that was read to its end.

use std::fmt::Debug;

use http::{HeaderMap, Response, StatusCode};
use http_body::Body;
use http_body_util::BodyExt as _;
use serde_json::Value;

use crate::message::{result_of, text_of};

/// A response that was read to its end.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The header fields.
    pub headers: HeaderMap,
    /// The body.
    pub text: String,
}

impl Answer {
    /// Reads a response to its end.
    ///
    /// # Panics
    /// If the body fails or is not UTF-8.
    pub async fn read<B: Body<Error: Debug>>(response: Response<B>) -> Self {
        let (head, body) = response.into_parts();
        let body = body.collect().await.expect("the body ends").to_bytes();
        let text = String::from_utf8(body.to_vec()).expect("the body is UTF-8");
        Self { status: head.status, headers: head.headers, text }
    }

    /// Returns a header field; `None` if it is absent.
    ///
    /// # Panics
    /// If it is not ASCII.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("ASCII"))
    }

    /// Returns the body as JSON.
    ///
    /// # Panics
    /// If it is something else.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// Returns the error code; 0 if there is none.
    #[must_use]
    pub fn code(&self) -> i64 {
        let message = serde_json::from_str::<Value>(&self.text).ok();
        message.and_then(|message| message["error"]["code"].as_i64()).unwrap_or(0)
    }

    /// Returns the text of a tool's result.
    ///
    /// # Panics
    /// If the body is something else.
    #[must_use]
    pub fn tool_text(&self) -> String {
        text_of(result_of(&self.json())).to_owned()
    }

    /// Returns the messages of a stream of events.
    ///
    /// # Panics
    /// If the body is something else.
    #[must_use]
    pub fn events(&self) -> Vec<Value> {
        assert_eq!(self.header("content-type"), Some("text/event-stream"), "{self:?}");
        let parse = |data| serde_json::from_str(data).expect("the data is JSON");
        super::data(&self.text).map(parse).collect()
    }
}
