//! What a marker type says of its method.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A request, by its marker type: its name, what it takes and what it gives.
///
/// Implement it for methods of your own.
pub trait Method {
    /// The name on the wire.
    const NAME: &'static str;
    /// The params. A request without `params` is read as one with an empty object.
    type Params: Serialize + DeserializeOwned + Send;
    /// The result when it is complete.
    type Result: Serialize + DeserializeOwned + Send;
}

/// A notification, by its marker type: its name and what it tells.
///
/// Implement it for notifications of your own.
pub trait NotificationMethod {
    /// The name on the wire.
    const NAME: &'static str;
    /// The params. A notification without `params` is read as one with an empty object.
    type Params: Serialize + DeserializeOwned + Send;
}
