//! JSON objects as maps.

/// A JSON object that keeps the order of its members.
pub type JsonObject = serde_json::Map<String, serde_json::Value>;
