//! What a handler can know about the extensions of the client.

use mcp_core::extension::ProtocolExtension;
use mcp_core::jsonrpc::ErrorObject;
use serde::Deserialize as _;

use crate::context::Context;

impl Context {
    /// Returns the settings of an extension that the client declared for this call (modern) or
    /// session (legacy); `None` if it did not declare the extension.
    ///
    /// ```
    /// use mcp_server::extension::{ProtocolExtension, Tasks};
    /// use mcp_server::{Context, ErrorObject, tool};
    ///
    /// /// Convert a video.
    /// #[tool]
    /// async fn convert(ctx: &Context) -> Result<&'static str, ErrorObject> {
    ///     Ok(match ctx.client_extension::<Tasks>()? {
    ///         Some(_settings) => "the client can wait for a long conversion",
    ///         None => "only a preview is converted",
    ///     })
    /// }
    /// ```
    ///
    /// # Errors
    /// −32602 if the settings are not those of the extension.
    pub fn client_extension<E: ProtocolExtension>(
        &self,
    ) -> Result<Option<E::ClientSettings>, ErrorObject> {
        let capabilities = self.client_capabilities();
        let Some(settings) = capabilities.extension(E::ID) else { return Ok(None) };
        E::ClientSettings::deserialize(settings).map(Some).map_err(|error| {
            ErrorObject::invalid_params(format!("the settings of the extension {}: {error}", E::ID))
        })
    }

    /// Returns the settings of an extension that the call needs.
    ///
    /// ```
    /// use mcp_server::extension::Tasks;
    /// use mcp_server::{Context, ErrorObject, tool};
    ///
    /// /// Only for clients with the tasks extension.
    /// #[tool]
    /// async fn report(ctx: &Context) -> Result<String, ErrorObject> {
    ///     ctx.require_extension::<Tasks>()?;
    ///     Ok("a long report".to_owned())
    /// }
    /// ```
    ///
    /// # Errors
    /// −32021 (−32600 until 2025-11-25) if the client did not declare the extension, and −32602 if
    /// the settings are not those of the extension.
    pub fn require_extension<E: ProtocolExtension>(
        &self,
    ) -> Result<E::ClientSettings, ErrorObject> {
        self.client_extension::<E>()?.ok_or_else(|| ErrorObject::missing_extension(E::ID))
    }

    /// Refuses a call that needs an extension which the client did not declare.
    pub(crate) fn check_extension(&self, id: &str) -> Result<(), ErrorObject> {
        match self.client_capabilities().extension(id) {
            Some(_) => Ok(()),
            None => Err(ErrorObject::missing_extension(id)),
        }
    }
}
