//! Log messages. Spec: server/utilities/logging.
//!
//! Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.

use crate::json::{RawJson, object, string_enum};
use crate::meta::{LOG_LEVEL, Meta};

string_enum! {
    /// The severity of a log message, in ascending order; the levels are those of syslog. All
    /// revisions.
    ///
    /// Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.
    pub enum LoggingLevel {
        /// Detailed information for debugging.
        Debug = "debug",
        /// General information.
        Info = "info",
        /// A normal but significant event.
        Notice = "notice",
        /// A condition that may become a problem.
        Warning = "warning",
        /// An operation failed.
        Error = "error",
        /// A component failed.
        Critical = "critical",
        /// Immediate action is required.
        Alert = "alert",
        /// The system is unusable.
        Emergency = "emergency",
    }
}

object! {
    /// Params of `logging/setLevel`. Until 2025-11-25; later the level is in the `_meta` of each
    /// request.
    ///
    /// Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.
    pub struct SetLevelParams {
        /// The minimum severity that the client wants to receive.
        level: LoggingLevel = "level",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Params of `notifications/message`. All revisions.
    ///
    /// Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.
    pub struct LogMessageParams {
        /// The severity.
        level: LoggingLevel = "level",
        /// The message, which can be any JSON value.
        data: RawJson = "data",
        /// The name of the component that logs.
        logger?: String = "logger",
        /// Metadata.
        meta?: Meta = "_meta",
    }
}

impl Meta {
    /// Returns the minimum severity of log messages for this request, or `None` if it is absent or
    /// malformed.
    ///
    /// Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.
    #[must_use]
    pub fn log_level(&self) -> Option<LoggingLevel> {
        self.read(LOG_LEVEL)
    }

    /// Requests log messages of this severity and above.
    ///
    /// Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.
    #[must_use]
    pub fn with_log_level(self, level: LoggingLevel) -> Self {
        self.with(LOG_LEVEL, level.as_str())
    }
}
