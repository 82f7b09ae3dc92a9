//! The errors of an authorization server. Spec: RFC 6749 §5.2, RFC 7591 §3.2.2.

use crate::json::object;

object! {
    /// The error of a token or registration endpoint.
    pub struct ErrorResponse {
        /// The code, such as `invalid_grant`.
        error: String = "error",
        /// A text for developers.
        error_description?: String = "error_description",
        /// The URL of a page for developers.
        error_uri?: String = "error_uri",
    }
}
