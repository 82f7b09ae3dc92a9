//! Values that travel with one request.

use std::sync::Arc;

use mcp_core::jsonrpc::ErrorObject;

use super::FromContext;
use crate::context::Context;

/// A value that the binding or a layer put into the request's extensions.
#[derive(Debug)]
pub struct Extension<T>(pub Arc<T>);

impl<T: Send + Sync + 'static> FromContext for Extension<T> {
    fn from_context(context: &Context) -> Result<Self, ErrorObject> {
        match context.extensions().get_shared() {
            Some(value) => Ok(Self(value)),
            None => {
                let missing = std::any::type_name::<T>();
                Err(crate::error::internal(
                    "finding an extension",
                    &format!("no layer put in a {missing}"),
                ))
            }
        }
    }
}
