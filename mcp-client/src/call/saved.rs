//! Calls that wait for answers, stored for later or for another process.

use mcp_core::json::JsonObject;
use mcp_core::meta::Meta;
use mcp_core::method::{self, Method as _, ToolsCall};
use mcp_core::revision::Revision;
use mcp_core::text::PeerText;
use mcp_core::types::{InputRequiredResult, LoggingLevel};
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind};
use crate::params::Base;

/// A call that waits for answers, to be stored: by [`PendingInput::save`](crate::PendingInput::save),
/// for [`Client::restore`](crate::Client::restore).
///
/// It holds the arguments of the call and the server's state, which may be personal: protect it as
/// you protect these. It belongs to the server that asked, and the server's state may expire.
///
/// ```
/// # mcp_test_support::with_notes_server(async |reader, writer| {
/// # let client = mcp_client::Client::connect(reader, writer).await?;
/// use mcp_client::{Outcome, SavedInput, serde_json};
///
/// # let mut stored = String::new();
/// # if let Outcome::InputRequired(pending) = client.call_tool("delete", &()).once().await? {
/// #     stored = serde_json::to_string(&pending.save())?;
/// # }
/// let saved: SavedInput = serde_json::from_str(&stored)?;
/// assert_eq!((saved.server(), saved.method()), ("notes-server", "tools/call"));
/// let questions = saved.asked.input_requests; // What to ask the user.
/// # Ok(())
/// # });
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SavedInput {
    /// What the server asks, and its state.
    pub asked: InputRequiredResult,
    pub(super) method: String,
    /// The params of the first round as JSON text, so that whatever keeps them keeps each byte.
    pub(super) params: String,
    /// What the host calls the server, so that the answers do not go to another one.
    pub(super) server: String,
    pub(super) revision: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) meta: Option<Meta>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) log_level: Option<LoggingLevel>,
}

impl SavedInput {
    /// The method of the call.
    ///
    /// ```
    /// use mcp_client::SavedInput;
    ///
    /// /// What is shown beside the questions.
    /// fn title(saved: &SavedInput) -> String {
    ///     format!("{} of {}", saved.method(), saved.server()) // "tools/call of notes-server"
    /// }
    /// ```
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The revision that was spoken.
    ///
    /// ```
    /// use mcp_client::{Client, SavedInput};
    ///
    /// /// Whether a client can restore it.
    /// fn fits(saved: &SavedInput, client: &Client) -> bool {
    ///     saved.revision() == client.revision().as_str()
    /// }
    /// ```
    #[must_use]
    pub fn revision(&self) -> &str {
        &self.revision
    }

    /// The name of the server that asked: see
    /// [`ClientBuilder::server_name`](crate::ClientBuilder::server_name).
    ///
    /// ```
    /// use std::collections::HashMap;
    /// use mcp_client::{Client, SavedInput};
    ///
    /// /// The client of the server that asked.
    /// fn find<'a>(all: &'a HashMap<String, Client>, saved: &SavedInput) -> Option<&'a Client> {
    ///     all.get(saved.server())
    /// }
    /// ```
    #[must_use]
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Checks what was stored, for a client of the server with this name and revision.
    pub(super) fn restore(self, server: &str, revision: Revision) -> Result<Restored, Error> {
        if self.server != server {
            let theirs = PeerText::new(&self.server);
            return Err(invalid(&format!(
                "the server \"{theirs}\" asked, and this client is connected to \"{server}\""
            )));
        }
        if self.revision != revision.as_str() {
            let message = format!(
                "the call was begun in revision {}, and the client speaks {revision} with the server \
                 now; begin it again",
                PeerText::with_max(&self.revision, 32)
            );
            return Err(Error::new(ErrorKind::UnsupportedVersion, message));
        }
        let row = method::find(&self.method).filter(|row| row.may_require_input);
        let Some(row) = row else {
            let method = PeerText::with_max(&self.method, 64);
            return Err(invalid(&format!("the method \"{method}\" does not ask for input")));
        };
        let members: JsonObject = serde_json::from_str(&self.params)
            .map_err(|error| invalid(&format!("its params are not a JSON object: {error}")))?;
        for reserved in ["_meta", "inputResponses", "requestState"] {
            if members.contains_key(reserved) {
                return Err(invalid(&format!(
                    "its params have a member \"{reserved}\", which only a client adds"
                )));
            }
        }
        let base = self.params.trim();
        let base = base.strip_suffix('}').map_or(base, str::trim_end);
        Ok(Restored {
            asked: self.asked,
            method: row.name,
            tool: (row.name == ToolsCall::NAME)
                .then(|| members.get("name")?.as_str().map(str::to_owned))
                .flatten(),
            base: Base::from_open(if members.is_empty() { "{" } else { base }),
            meta: self.meta,
            log_level: self.log_level,
        })
    }
}

/// What a stored call consists of, checked.
pub(super) struct Restored {
    pub(super) asked: InputRequiredResult,
    pub(super) method: &'static str,
    /// The tool that is called, if one is.
    pub(super) tool: Option<String>,
    pub(super) base: Base,
    pub(super) meta: Option<Meta>,
    pub(super) log_level: Option<LoggingLevel>,
}

fn invalid(reason: &str) -> Error {
    Error::new(ErrorKind::InvalidArgument, format!("the saved call cannot be resumed: {reason}"))
}
