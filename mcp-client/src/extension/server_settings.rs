//! The extensions of the server.

use mcp_core::extension::ProtocolExtension;
use serde::Deserialize as _;

use crate::client::Client;
use crate::error::{Error, ErrorKind};

/// Extensions.
impl Client {
    /// Returns the settings of an extension that the server declared; `None` if it did not declare
    /// the extension.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] if the settings are not those of the extension.
    pub fn server_extension<E: ProtocolExtension>(
        &self,
    ) -> Result<Option<E::ServerSettings>, Error> {
        let Some(settings) = self.server_capabilities().extension(E::ID) else { return Ok(None) };
        E::ServerSettings::deserialize(settings).map(Some).map_err(|error| {
            let message = format!("the server's settings of the extension {}: {error}", E::ID);
            Error::new(ErrorKind::Decode, message)
        })
    }
}
