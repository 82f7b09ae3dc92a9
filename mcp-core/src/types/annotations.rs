//! Annotations of content and resources, and the roles of a conversation. Spec: server/resources,
//! "Annotations".

use crate::json::{Float, object, string_enum};

string_enum! {
    /// The sender or the intended recipient of content. All revisions.
    pub enum Role {
        /// The user.
        User = "user",
        /// The model.
        Assistant = "assistant",
    }
}

object! {
    /// Hints for the client on how to use or display an object. All revisions.
    pub struct Annotations {
        /// The intended recipients.
        audience?: Vec<Role> = "audience",
        /// The importance, from 0 (optional) to 1 (required).
        priority?: f64 = "priority" via Float,
        /// Time of the last change, as an ISO 8601 date and time. Since 2025-06-18.
        last_modified?: String = "lastModified",
    }
}
