//! What the head of a request decides, before or beside its body.

pub(super) mod accept;
pub(super) mod fields;
pub(super) mod mirrored;
pub(super) mod security;
pub(super) mod version;
