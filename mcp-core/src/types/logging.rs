//! Log messages. Spec: server/utilities/logging.
//!
//! Deprecated by SEP-2577; to be removed no earlier than 2027-07-28.

use crate::json::{RawJson, object, string_enum};
use crate::meta::{LOG_LEVEL, Meta};

string_enum! {
    /// Severity of a log message, in ascending order (those of syslog). All revisions.
    pub enum LoggingLevel {
        /// Detail for debugging.
        Debug = "debug",
        /// What happens.
        Info = "info",
        /// Normal but significant.
        Notice = "notice",
        /// May become a problem.
        Warning = "warning",
        /// Something failed.
        Error = "error",
        /// A component failed.
        Critical = "critical",
        /// Act at once.
        Alert = "alert",
        /// The system is unusable.
        Emergency = "emergency",
    }
}

object! {
    /// Params of `logging/setLevel`. Until 2025-11-25; later the level is in each request's `_meta`.
    pub struct SetLevelParams {
        /// The least severe message that the client wants.
        level: LoggingLevel = "level",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Params of `notifications/message`. All revisions.
    pub struct LogMessageParams {
        /// How severe it is.
        level: LoggingLevel = "level",
        /// The message: any JSON.
        data: RawJson = "data",
        /// Which part of the server says it.
        logger?: String = "logger",
        /// Metadata.
        meta?: Meta = "_meta",
    }
}

impl Meta {
    /// The least severe log message wanted for this request: `None` when absent or malformed.
    #[must_use]
    pub fn log_level(&self) -> Option<LoggingLevel> {
        self.read(LOG_LEVEL)
    }

    /// Asks for log messages of this severity and above.
    #[must_use]
    pub fn with_log_level(self, level: LoggingLevel) -> Self {
        self.with(LOG_LEVEL, level.as_str())
    }
}
