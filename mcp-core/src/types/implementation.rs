//! Who a client or server says it is, and icons. Spec: basic, "Icons"; schema, "Implementation".

use crate::json::{object, string_enum};
use crate::meta::{CLIENT_INFO, Meta, SERVER_INFO};

object! {
    /// Name and version of a client or server, as it gives them. All revisions.
    ///
    /// For display and logs: neither behaviour nor security may rest on it.
    pub struct Implementation {
        /// Name for programs.
        name: String = "name",
        /// Version.
        version: String = "version",
        /// Name for people. Since 2025-06-18.
        title?: String = "title",
        /// What it does. Since 2025-11-25.
        description?: String = "description",
        /// Its web site. Since 2025-11-25.
        website_url?: String = "websiteUrl",
        /// Icons. Since 2025-11-25.
        icons?: Vec<Icon> = "icons",
    }

    /// An icon. Since 2025-11-25.
    pub struct Icon {
        /// An `https:` or `data:` URI. The client fetches it without credentials and checks what it gets.
        src: String = "src",
        /// Media type, if the source gives none or a vague one.
        mime_type?: String = "mimeType",
        /// Sizes such as `48x48`, or `any`.
        sizes?: Vec<String> = "sizes",
        /// The background it is made for.
        theme?: IconTheme = "theme",
    }
}

string_enum! {
    /// The background an icon is made for. Since 2025-11-25.
    pub enum IconTheme {
        /// A light one.
        Light = "light",
        /// A dark one.
        Dark = "dark",
        _ => Other,
    }
}

impl Meta {
    /// Who the client says it is: `None` when absent or malformed.
    #[must_use]
    pub fn client_info(&self) -> Option<Implementation> {
        self.read(CLIENT_INFO)
    }

    /// Who the server says it is: `None` when absent or malformed.
    #[must_use]
    pub fn server_info(&self) -> Option<Implementation> {
        self.read(SERVER_INFO)
    }
}
