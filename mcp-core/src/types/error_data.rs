//! What the protocol's own errors carry in `data`. Spec: basic, "Error codes".

use super::{ClientCapabilities, ElicitUrlParams};
use crate::json::object;

object! {
    /// `data` of −32022, the revision is not supported. Since 2026-07-28.
    pub struct UnsupportedProtocolVersionData {
        /// The revisions that the server speaks; may hold those with a handshake.
        supported: Vec<String> = "supported",
        /// The revision of the request.
        requested: String = "requested",
    }

    /// `data` of −32021, the client did not declare a capability. Since 2026-07-28.
    pub struct MissingRequiredClientCapabilityData {
        /// What the request needs.
        required_capabilities: ClientCapabilities = "requiredCapabilities",
    }

    /// `data` of −32042, the user must visit a URL first. 2025-11-25 only.
    pub struct UrlElicitationRequiredData {
        /// The URLs to visit.
        elicitations: Vec<ElicitUrlParams> = "elicitations",
    }
}
