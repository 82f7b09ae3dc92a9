//! The code and the HTTP status of each kind of error, for each revision. Every error of a server
//! passes through one of these tables on its way out.

use serde_json::Value;

use super::code;
use super::error::ErrorObject;
use super::error_kind::ErrorKind;

/// A row of an [`ErrorTable`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorRow {
    /// The condition.
    pub kind: ErrorKind,
    /// The JSON-RPC code; `None` if the error keeps the one that it was created with.
    pub code: Option<i32>,
    /// The status of an HTTP response that has the error as its whole body.
    pub status: u16,
}

/// The code and the HTTP status of each [`ErrorKind`] in one revision.
///
/// ```
/// use mcp_core::Revision;
/// use mcp_core::jsonrpc::{ErrorKind, ErrorObject, code};
///
/// let unknown = || ErrorObject::new(code::RESOURCE_NOT_FOUND, "resource not found");
/// let sent = |revision: Revision| revision.rules().errors.fit(unknown()).code();
/// assert_eq!(sent(Revision::V2025_11_25), code::RESOURCE_NOT_FOUND);
/// assert_eq!(sent(Revision::V2026_07_28), code::INVALID_PARAMS);
/// ```
#[derive(Debug, PartialEq, Eq)]
pub struct ErrorTable {
    /// One row for each kind, in the order of [`ErrorKind::ALL`].
    rows: [ErrorRow; KINDS],
    /// Whether errors have the members of `data` that the registry of errors defines.
    has_details: bool,
}

const KINDS: usize = ErrorKind::ALL.len();

impl ErrorTable {
    /// Returns the rows, in the order of [`ErrorKind::ALL`].
    #[must_use]
    pub const fn rows(&self) -> &[ErrorRow] {
        &self.rows
    }

    /// Returns the row of a kind.
    #[must_use]
    pub const fn row(&self, kind: ErrorKind) -> ErrorRow {
        self.rows[kind as usize]
    }

    /// Returns the error as the revision has it: with the code of its kind, and with its
    /// [details](ErrorObject::with_kind) if the revision has them.
    #[must_use]
    pub fn fit(&self, error: ErrorObject) -> ErrorObject {
        let code = self.row(error.kind()).code.unwrap_or_else(|| error.code());
        let error = if code == error.code() { error } else { error.with_code(code) };
        match error.details() {
            Some(details) if self.has_details => {
                let data = merge(&error, details);
                error.with_data(&data)
            }
            _ => error,
        }
    }

    /// Returns the HTTP status of an error that [`ErrorTable::fit`] returned.
    #[must_use]
    pub fn status(&self, error: &ErrorObject) -> u16 {
        let kind = error.kind();
        let defined = || self.rows.iter().find(|row| row.code == Some(error.code()));
        match kind {
            // A handler may use a code that only this revision defines.
            ErrorKind::Other => defined().copied().unwrap_or_else(|| self.row(kind)).status,
            kind => self.row(kind).status,
        }
    }

    /// Returns a copy of the table in which these kinds have other codes and statuses.
    const fn with<const N: usize>(&self, changed: [(ErrorKind, i32, u16); N]) -> Self {
        let mut rows = self.rows;
        let mut index = 0;
        while index < N {
            let (kind, code, status) = changed[index];
            rows[kind as usize] = ErrorRow { kind, code: Some(code), status };
            index += 1;
        }
        Self { rows, has_details: self.has_details }
    }
}

/// Returns the data of an error with the members of its details, which replace members of the same
/// name.
fn merge(error: &ErrorObject, details: &Value) -> Value {
    let data = error.data().and_then(|data| serde_json::from_str(data.get()).ok());
    match (data, details) {
        (Some(Value::Object(mut data)), Value::Object(details)) => {
            data.extend(details.clone());
            Value::Object(data)
        }
        _ => details.clone(),
    }
}

/// Revisions until 2025-06-18. Answers to calls have status 200. What is refused before it belongs
/// to a session has the status of the latest revision. Kinds that only the draft defines keep the
/// code that the error was created with. A rate limit has the status that clients and proxies know:
/// with `Retry-After` it says that the call was not handled.
pub(crate) const LEGACY: ErrorTable = {
    let mut rows = [ErrorRow { kind: ErrorKind::Other, code: None, status: 200 }; KINDS];
    let mut index = 0;
    while index < KINDS {
        rows[index].kind = ErrorKind::ALL[index];
        index += 1;
    }
    rows[ErrorKind::RateLimited as usize].status = 429;
    ErrorTable { rows, has_details: false }.with([
        (ErrorKind::ParseError, code::PARSE_ERROR, 200),
        (ErrorKind::InvalidRequest, code::INVALID_REQUEST, 200),
        (ErrorKind::MethodNotFound, code::METHOD_NOT_FOUND, 200),
        (ErrorKind::MalformedParams, code::INVALID_PARAMS, 200),
        (ErrorKind::InvalidParams, code::INVALID_PARAMS, 200),
        (ErrorKind::ResourceNotFound, code::RESOURCE_NOT_FOUND, 200),
        (ErrorKind::Internal, code::INTERNAL_ERROR, 200),
        (ErrorKind::UrlElicitationRequired, code::INTERNAL_ERROR, 200),
        (ErrorKind::HeaderMismatch, code::HEADER_MISMATCH, 200),
        (ErrorKind::MissingCapability, code::INVALID_REQUEST, 200),
        (ErrorKind::UnsupportedVersion, code::UNSUPPORTED_PROTOCOL_VERSION, 200),
        (ErrorKind::MessageTooLarge, code::INVALID_REQUEST, 413),
        (ErrorKind::Overloaded, code::INTERNAL_ERROR, 503),
        (ErrorKind::OverQuota, code::INTERNAL_ERROR, 429),
        (ErrorKind::InsufficientScope, code::INVALID_REQUEST, 403),
        (ErrorKind::Forbidden, code::INVALID_REQUEST, 200),
    ])
};

/// 2025-11-25.
pub(crate) const V2025_11_25: ErrorTable =
    LEGACY.with([(ErrorKind::UrlElicitationRequired, code::URL_ELICITATION_REQUIRED, 200)]);

/// 2026-07-28 (HTTP-10, TRAP-16). What a handler says of a call that was well formed is an answer
/// like any other.
pub(crate) const V2026_07_28: ErrorTable = LEGACY.with([
    (ErrorKind::ParseError, code::PARSE_ERROR, 400),
    (ErrorKind::InvalidRequest, code::INVALID_REQUEST, 400),
    (ErrorKind::MethodNotFound, code::METHOD_NOT_FOUND, 404),
    (ErrorKind::MalformedParams, code::INVALID_PARAMS, 400),
    (ErrorKind::ResourceNotFound, code::INVALID_PARAMS, 200),
    (ErrorKind::HeaderMismatch, code::HEADER_MISMATCH, 400),
    (ErrorKind::MissingCapability, code::MISSING_REQUIRED_CLIENT_CAPABILITY, 400),
    (ErrorKind::UnsupportedVersion, code::UNSUPPORTED_PROTOCOL_VERSION, 400),
]);

/// The draft of the revision after 2026-07-28: its registry of errors. The codes −32024 to −32027
/// are placeholders there, so they are not among the constants of [`code`].
pub(crate) const DRAFT: ErrorTable = {
    let mut table = V2026_07_28.with([
        (ErrorKind::InvalidParams, code::INVALID_PARAMS, 400),
        (ErrorKind::ResourceNotFound, code::INVALID_PARAMS, 400),
        (ErrorKind::Internal, code::INTERNAL_ERROR, 500),
        (ErrorKind::UrlElicitationRequired, code::INTERNAL_ERROR, 500),
        (ErrorKind::MessageTooLarge, REQUEST_TOO_LARGE, 400),
        (ErrorKind::Overloaded, UNAVAILABLE, 503),
        (ErrorKind::OverQuota, RATE_LIMITED, 429),
        (ErrorKind::RateLimited, RATE_LIMITED, 429),
        (ErrorKind::Unavailable, UNAVAILABLE, 503),
        (ErrorKind::StaleState, STALE_STATE, 400),
        (ErrorKind::UnsupportedFeature, UNSUPPORTED_FEATURE, 400),
    ]);
    // The draft wants 400 or 500, by who is to blame, which a code of a handler does not tell. 400
    // is the one that nothing on the way repeats.
    table.rows[ErrorKind::Other as usize].status = 400;
    table.has_details = true;
    table
};

const RATE_LIMITED: i32 = -32023;
const UNAVAILABLE: i32 = -32024;
const REQUEST_TOO_LARGE: i32 = -32025;
const STALE_STATE: i32 = -32026;
const UNSUPPORTED_FEATURE: i32 = -32027;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TABLES: [&ErrorTable; 4] = [&LEGACY, &V2025_11_25, &V2026_07_28, &DRAFT];

    #[test]
    fn every_kind_has_its_row_in_every_table() {
        for table in TABLES {
            for (row, kind) in table.rows().iter().zip(ErrorKind::ALL) {
                assert_eq!(row.kind, *kind);
            }
        }
    }

    #[test]
    fn published_revisions_send_no_code_and_no_details_of_the_draft() {
        for table in [&LEGACY, &V2025_11_25, &V2026_07_28] {
            for kind in ErrorKind::ALL {
                let error = ErrorObject::invalid_params("x")
                    .with_data(&json!({ "a": 1 }))
                    .with_kind(*kind, &json!({ "reason": "other" }));
                let sent = table.fit(error);
                assert!(!(-32_027..=-32_023).contains(&sent.code()), "{kind:?}");
                assert_eq!(sent.data().unwrap().get(), r#"{"a":1}"#);
            }
            // A layer of a user may choose any code with a kind that only the draft defines.
            let error = ErrorObject::new(7, "x").with_kind(ErrorKind::RateLimited, &());
            assert_eq!((table.fit(error.clone()).code(), table.status(&error)), (7, 429));
        }
    }

    #[test]
    fn the_draft_adds_the_details_of_an_error_to_its_data() {
        let error = || ErrorObject::internal();
        let details = json!({ "retryAfterMs": 5 });
        let sent = DRAFT.fit(error().with_kind(ErrorKind::RateLimited, &details));
        assert_eq!((sent.code(), DRAFT.status(&sent)), (RATE_LIMITED, 429));
        assert_eq!(sent.data().unwrap().get(), r#"{"retryAfterMs":5}"#);
        let error = error().with_data(&json!({ "retryable": true }));
        let sent = DRAFT.fit(error.with_kind(ErrorKind::Unavailable, &details));
        assert_eq!(sent.data().unwrap().get(), r#"{"retryable":true,"retryAfterMs":5}"#);
    }

    #[test]
    fn a_code_that_a_handler_chose_is_kept() {
        for table in TABLES {
            for code in [-32_023, -32_000, 7] {
                assert_eq!(table.fit(ErrorObject::new(code, "x")).code(), code);
            }
        }
        let status = |table: &ErrorTable, code| table.status(&ErrorObject::new(code, "x"));
        assert_eq!((status(&V2026_07_28, -32_023), status(&V2026_07_28, 7)), (200, 200));
        assert_eq!((status(&DRAFT, -32_023), status(&DRAFT, 7)), (429, 400));
    }
}
