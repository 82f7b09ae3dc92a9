//! The ids of tasks, and their owners.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcp_core::jsonrpc::ErrorObject;

use crate::seal::{digest, random};

/// The owner of the tasks of callers without a principal.
pub(super) const ANONYMOUS: &str = "anonymous";

/// Returns an id of 192 random bits. Without a principal, every caller that knows it may use the
/// task.
///
/// # Errors
/// −32603 if there are no random bytes.
pub(super) fn new_id() -> Result<Arc<str>, ErrorObject> {
    let bytes = random::<24>()
        .map_err(|error| crate::error::internal("creating the id of a task", &error))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes).into())
}

/// Returns the owner of the tasks of a principal. It is a digest, so that a store reveals no names.
pub(super) fn owner(principal: Option<&str>) -> Arc<str> {
    match principal {
        None => ANONYMOUS.into(),
        Some(principal) => {
            let digest = digest(&[b"mcp task owner 1\0", principal.as_bytes()]);
            format!("p.{}", URL_SAFE_NO_PAD.encode(digest)).into()
        }
    }
}
