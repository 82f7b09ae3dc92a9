//! The traits of the marker types: the name of a method and the types of its messages.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A request: its name, and the types of its parameters and its result.
///
/// Implement it for your own methods:
///
/// ```
/// use mcp_core::method::Method;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct EchoParams { text: String }
///
/// #[derive(Serialize, Deserialize)]
/// struct EchoResult { text: String }
///
/// enum Echo {}
///
/// impl Method for Echo {
///     const NAME: &'static str = "com.example/echo";
///     type Params = EchoParams;
///     type Result = EchoResult;
/// }
/// ```
pub trait Method {
    /// The name on the wire.
    const NAME: &'static str;
    /// The parameters. An absent `params` is read as an empty object.
    type Params: Serialize + DeserializeOwned + Send;
    /// The complete result.
    type Result: Serialize + DeserializeOwned + Send;
}

/// A notification: its name and the type of its parameters.
///
/// Implement it for your own notifications.
pub trait NotificationMethod {
    /// The name on the wire.
    const NAME: &'static str;
    /// The parameters. An absent `params` is read as an empty object.
    type Params: Serialize + DeserializeOwned + Send;
}
