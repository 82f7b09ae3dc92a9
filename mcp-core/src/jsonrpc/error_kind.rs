//! The conditions that an error reports, independent of the code that a revision has for them.

use super::code;

macro_rules! kinds {
    ($( $(#[$doc:meta])* $kind:ident, )+) => {
        /// The condition that an error reports. The [`ErrorTable`](super::ErrorTable) of a revision
        /// has its code and its HTTP status.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorKind {
            $( $(#[$doc])* $kind, )+
        }

        impl ErrorKind {
            /// All kinds, in the order of the rows of an [`ErrorTable`](super::ErrorTable).
            pub const ALL: &'static [Self] = &[$( Self::$kind, )+];
        }
    };
}

kinds! {
    /// The bytes are not JSON.
    ParseError,
    /// The JSON is not a message, or the message is not allowed here.
    InvalidRequest,
    /// The method does not exist, or its capability is not offered.
    MethodNotFound,
    /// The parameters or their `_meta` are malformed: the request was refused before its method was
    /// looked up.
    MalformedParams,
    /// The parameters are not valid for the method.
    InvalidParams,
    /// The resource does not exist.
    ResourceNotFound,
    /// The server failed, and the client cannot do anything about it.
    Internal,
    /// The user must visit a URL first.
    UrlElicitationRequired,
    /// The HTTP header fields contradict the body.
    HeaderMismatch,
    /// The request needs a capability that the client did not declare.
    MissingCapability,
    /// The server does not support the revision.
    UnsupportedVersion,
    /// The message is longer than the receiver accepts.
    MessageTooLarge,
    /// A transport refused the request, because the server is at a limit for all callers.
    Overloaded,
    /// A transport refused the request, because this caller is at a limit.
    OverQuota,
    /// The caller exceeds a rate limit of the server.
    RateLimited,
    /// The server cannot answer the request now. It may be able to do so later.
    Unavailable,
    /// A cursor, a task or a state that the server issued earlier is no longer accepted.
    StaleState,
    /// The request names a feature that the server does not support.
    UnsupportedFeature,
    /// The token of the caller does not have all scopes that the operation needs.
    InsufficientScope,
    /// A rule of the server does not allow the caller to do this.
    Forbidden,
    /// A code that the protocol does not define.
    Other,
}

impl ErrorKind {
    /// Returns the kind that a code stands for if nothing else is known about the error.
    #[must_use]
    pub const fn of_code(code: i32) -> Self {
        match code {
            code::PARSE_ERROR => Self::ParseError,
            code::INVALID_REQUEST => Self::InvalidRequest,
            code::METHOD_NOT_FOUND => Self::MethodNotFound,
            code::INVALID_PARAMS => Self::InvalidParams,
            code::RESOURCE_NOT_FOUND => Self::ResourceNotFound,
            code::INTERNAL_ERROR => Self::Internal,
            code::URL_ELICITATION_REQUIRED => Self::UrlElicitationRequired,
            code::HEADER_MISMATCH => Self::HeaderMismatch,
            code::MISSING_REQUIRED_CLIENT_CAPABILITY => Self::MissingCapability,
            code::UNSUPPORTED_PROTOCOL_VERSION => Self::UnsupportedVersion,
            _ => Self::Other,
        }
    }
}
