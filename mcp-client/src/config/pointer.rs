//! JSON pointers. Spec: RFC 6901.

/// The pointer of a member.
pub(super) fn join(at: &str, name: &str) -> String {
    format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"))
}
