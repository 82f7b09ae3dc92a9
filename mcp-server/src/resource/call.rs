//! A call that reads a resource.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

use crate::context::{Context, HandlerCall};
use crate::extract::{Args, Extract, Rejection, from_texts};

/// A call of `resources/read`.
#[derive(Debug)]
pub struct ResourceCall {
    context: Context,
    uri: String,
    variables: BTreeMap<String, String>,
    mime_type: Option<String>,
}

impl ResourceCall {
    pub(super) fn new(
        context: Context,
        uri: String,
        variables: BTreeMap<String, String>,
        mime_type: Option<String>,
    ) -> Self {
        Self { context, uri, variables, mime_type }
    }

    /// Returns the context of the call.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Returns the requested URI.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// Returns the variables of the URI template by name, percent-decoded.
    #[must_use]
    pub fn variables(&self) -> &BTreeMap<String, String> {
        &self.variables
    }

    /// Returns one variable of the URI template.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// Returns the MIME type of the resource in lists.
    #[must_use]
    pub fn mime_type(&self) -> Option<&str> {
        self.mime_type.as_deref()
    }
}

impl HandlerCall for ResourceCall {
    fn context(&self) -> &Context {
        &self.context
    }
}

impl<T: DeserializeOwned> Extract<ResourceCall> for Args<T> {
    fn extract(call: &ResourceCall) -> Result<Self, Rejection> {
        Ok(Self(from_texts(call.variables())?))
    }
}
