//! `logging/setLevel` of the legacy era. Spec: server/utilities/logging.

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::types::SetLevelParams;

use super::request::RoutedRequest;

pub(super) async fn set_level(request: &RoutedRequest<'_>) -> Result<JsonBytes, ErrorObject> {
    let SetLevelParams { level, .. } = request.parse()?;
    if let Some(session) = &request.context.call().session {
        session.set_log_level(level).await?;
    }
    request.empty()
}
