//! Translates the arguments of a call from the form of a dialect, when the call arrives and before
//! anything reads them: scopes, layers, tasks and the handler see the form of the schema as
//! written, so a caller cannot show them different values (THREAT-118).

use std::sync::Arc;

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::Params;
use mcp_core::method::{Method as _, ToolsCall};
use serde_json::Value;

use super::call::ToolCall;
use super::route::{ToolFuture, ToolRoute};
use super::translation::{Translated, Translation};
use crate::context::Context;
use crate::extract::ArgumentErrors;
use crate::json_text::read_text;

impl Translation {
    /// Translates the arguments of a request, if it calls a tool with a dialect. `find` looks up
    /// the tool. Otherwise `None`: parameters that are not valid are refused later.
    pub(crate) fn of<'a>(
        method: &str,
        params: &mut Params,
        find: impl FnOnce(&str) -> Option<&'a ToolRoute>,
    ) -> Option<Self> {
        if method != ToolsCall::NAME {
            return None;
        }
        let [name, arguments] = params.member_texts(["name", "arguments"]).ok()?;
        let route = find(&read_text(name?).ok()?).filter(|route| route.has_dialect())?;
        let Some(arguments) = arguments.filter(|text| text.starts_with('{')) else {
            return Some(Self::AsSent);
        };
        let sent = params.slice_ref(arguments);
        Some(match route.translate(arguments) {
            Ok(None) => Self::AsSent,
            Ok(Some(written)) => {
                *params = params.with_value("arguments", &written.to_string()).ok()??;
                let [written] = params.member_texts(["arguments"]).ok()?;
                Self::Translated(Translated { sent, written: params.slice_ref(written?) })
            }
            Err(errors) => Self::Refused { sent, errors },
        })
    }
}

impl ToolRoute {
    /// Answers a call whose arguments could not be translated.
    #[cold]
    pub(crate) fn refuse(
        &self,
        context: Context,
        arguments: JsonBytes,
        errors: ArgumentErrors,
    ) -> ToolFuture {
        let call = ToolCall::new(context, arguments, Arc::clone(&self.input));
        Box::pin(std::future::ready(call.reject(errors)))
    }

    /// Whether the arguments of calls may have to be translated.
    pub(crate) fn has_dialect(&self) -> bool {
        !self.dialect.is_as_written()
    }

    /// Returns the arguments of a call in the form of the schema as written. `None` if they have
    /// it.
    ///
    /// # Errors
    /// If they cannot be translated.
    fn translate(&self, arguments: &str) -> Result<Option<Value>, ArgumentErrors> {
        self.dialect.translate(arguments, self.input.schema())
    }
}
