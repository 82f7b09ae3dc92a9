//! Values that the transport or a layer attached to a request.

use std::sync::Arc;

use mcp_core::jsonrpc::ErrorObject;

use super::FromContext;
use crate::context::Context;

/// A value that the transport or a layer inserted into the extensions of the request.
///
/// The call fails with −32603 if it is missing; the log names the type.
///
/// ```
/// use std::time::Instant;
///
/// use mcp_server::extract::Extension;
/// use mcp_server::tool::ToolRoute;
///
/// /// What a layer inserts into the extensions of each request.
/// struct Deadline(Instant);
///
/// let search = ToolRoute::builder("search").handler(|Extension(deadline): Extension<Deadline>| async move {
///     let left = deadline.0.saturating_duration_since(Instant::now());
///     format!("searched for {left:?}")
/// });
/// ```
#[derive(Debug)]
pub struct Extension<T>(pub Arc<T>);

impl<T: Send + Sync + 'static> FromContext for Extension<T> {
    fn from_context(context: &Context) -> Result<Self, ErrorObject> {
        match context.extensions().get_shared() {
            Some(value) => Ok(Self(value)),
            None => {
                let missing = std::any::type_name::<T>();
                Err(crate::error::internal(
                    "extracting an extension",
                    &format!("no layer inserted a {missing}"),
                ))
            }
        }
    }
}
