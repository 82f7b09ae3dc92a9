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
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use mcp_client::extension::{NoSettings, ProtocolExtension};
    ///
    /// /// Settings of servers of the extension.
    /// #[derive(serde::Serialize, serde::Deserialize)]
    /// #[serde(rename_all = "camelCase")]
    /// struct NoteSettings {
    ///     max_bytes: usize,
    /// }
    ///
    /// enum Notes {}
    ///
    /// impl ProtocolExtension for Notes {
    ///     const ID: &'static str = "com.example/notes";
    ///     type ServerSettings = NoteSettings;
    ///     type ClientSettings = NoSettings;
    /// }
    ///
    /// let settings = client.server_extension::<Notes>()?.ok_or("not a server of notes")?;
    /// assert_eq!(settings.max_bytes, 4096);
    /// # Ok(())
    /// # });
    /// ```
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
