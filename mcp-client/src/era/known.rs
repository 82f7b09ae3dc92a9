//! What was found out about a server, to be kept for the next time.

use mcp_core::revision::Revision;
use serde::{Deserialize, Serialize};

/// How a server is spoken to: found out while connecting, and worth keeping, since it saves the
/// question next time.
///
/// It is a guess then, not a promise: when it does not hold any more, the question is asked again.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use mcp_client::{Client, KnownServer, serde_json};
///
/// let client = Client::builder().connect_command(std::process::Command::new("notes-server")).await?;
/// let kept = serde_json::to_string(&client.known_server())?;
///
/// let known: KnownServer = serde_json::from_str(&kept)?;
/// let builder = Client::builder().known_server(known);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct KnownServer {
    /// The revision that is spoken, by its date.
    #[serde(with = "by_date")]
    pub revision: Revision,
    /// Over HTTP: whether it is the transport of 2024-11-05.
    #[serde(default)]
    pub http_sse: bool,
}

impl KnownServer {
    /// A server that speaks a revision. A legacy one is offered in the handshake, without a probe;
    /// another legacy one may be agreed on.
    ///
    /// ```
    /// use mcp_client::{Client, KnownServer, Revision};
    ///
    /// // The configuration says that the server is an old one, so that no probe is sent.
    /// let builder = Client::builder().known_server(KnownServer::new(Revision::V2024_11_05));
    /// ```
    #[must_use]
    pub fn new(revision: Revision) -> Self {
        Self { revision, http_sse: false }
    }
}

/// A revision as its date.
mod by_date {
    use mcp_core::revision::Revision;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(
        revision: &Revision,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(revision.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Revision, D::Error> {
        let date = String::deserialize(deserializer)?;
        date.parse().map_err(|_| {
            D::Error::custom(format!("{date:?} is no revision that this client speaks"))
        })
    }
}
