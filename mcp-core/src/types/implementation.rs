//! The name and version of a client or server, and icons. Spec: basic, "Icons"; schema,
//! "Implementation".

use crate::json::{object, string_enum};
use crate::meta::{CLIENT_INFO, Meta, SERVER_INFO};

object! {
    /// The name and version of a client or server, as it states them. All revisions.
    ///
    /// For display and logs only: neither behaviour nor security may depend on it.
    pub struct Implementation {
        /// The programmatic name.
        name: String = "name",
        /// The version.
        version: String = "version",
        /// The display name. Since 2025-06-18.
        title?: String = "title",
        /// A description. Since 2025-11-25.
        description?: String = "description",
        /// The URL of a web site. Since 2025-11-25.
        website_url?: String = "websiteUrl",
        /// Icons. Since 2025-11-25.
        icons?: Vec<Icon> = "icons",
    }

    /// An icon. Since 2025-11-25.
    pub struct Icon {
        /// An `https:` or `data:` URI. The client fetches it without credentials and validates the
        /// response.
        src: String = "src",
        /// The media type, if the source provides none or a generic one.
        mime_type?: String = "mimeType",
        /// The sizes, such as `48x48` or `any`.
        sizes?: Vec<String> = "sizes",
        /// The background that the icon is designed for.
        theme?: IconTheme = "theme",
    }
}

string_enum! {
    /// The background that an icon is designed for. Since 2025-11-25.
    pub enum IconTheme {
        /// A light background.
        Light = "light",
        /// A dark background.
        Dark = "dark",
        _ => Other,
    }
}

impl Meta {
    /// Returns the name and version of the client, or `None` if they are absent or malformed.
    #[must_use]
    pub fn client_info(&self) -> Option<Implementation> {
        self.read(CLIENT_INFO)
    }

    /// Returns the name and version of the server, or `None` if they are absent or malformed.
    #[must_use]
    pub fn server_info(&self) -> Option<Implementation> {
        self.read(SERVER_INFO)
    }
}
