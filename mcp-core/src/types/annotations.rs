//! Annotations of content and resources, and the two roles. Spec: server/resources, "Annotations".

use crate::json::{Float, object, string_enum};

string_enum! {
    /// Who speaks, or for whom something is meant. All revisions.
    pub enum Role {
        /// The person.
        User = "user",
        /// The model.
        Assistant = "assistant",
    }
}

object! {
    /// Hints to the client on how to use or show an object. All revisions.
    pub struct Annotations {
        /// For whom it is meant.
        audience?: Vec<Role> = "audience",
        /// How important it is, from 0 (optional) to 1 (required).
        priority?: f64 = "priority" via Float,
        /// When it was last changed, as an ISO 8601 date and time. Since 2025-06-18.
        last_modified?: String = "lastModified",
    }
}
