//! Where records go, if not into a file.

use std::error::Error;

use async_trait::async_trait;

use super::record::AuditRecord;

/// Why a sink has not stored records.
pub type SinkError = Box<dyn Error + Send + Sync>;

/// Stores records, for example in a database or at a log service.
///
/// ```
/// use mcp_server::async_trait;
/// use mcp_server::audit::{AuditRecord, AuditSink, SinkError};
/// use tokio::sync::mpsc::Sender;
///
/// /// Passes records on to another task.
/// struct Forward(Sender<String>);
///
/// #[async_trait]
/// impl AuditSink for Forward {
///     async fn write(&self, records: &[AuditRecord]) -> Result<(), SinkError> {
///         for record in records {
///             self.0.send(record.as_json().to_owned()).await?;
///         }
///         Ok(())
///     }
/// }
/// ```
#[async_trait]
pub trait AuditSink: Send + Sync + 'static {
    /// Stores records, in this order, and returns when they are safe.
    ///
    /// After an error, and when [`AuditLimits::write_timeout`](super::AuditLimits::write_timeout)
    /// is over, which drops the future, the same records are passed again. Some of them may be
    /// stored already then; [`AuditRecord::event_id`] tells which.
    async fn write(&self, records: &[AuditRecord]) -> Result<(), SinkError>;
}
