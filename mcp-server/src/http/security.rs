//! Who may call: decided by the head of a request, before anything else of it is read (threats T1, T2, T9).

use http::request::Parts;

use super::{HttpOptions, Response};

/// Checks the head of a request.
pub(super) fn check(_parts: &Parts, _options: &HttpOptions) -> Result<(), Response> {
    Ok(())
}
