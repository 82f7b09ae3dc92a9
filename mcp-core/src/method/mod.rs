//! The methods of the protocol: a marker type for each, and the table of who may send them in which
//! revision.
//!
//! Both come from one list in `table.rs`, with one entry for each method. Dispatch (step 5 of a
//! call, see ARCHITECTURE.md) looks methods up in the table; typed calls and typed handlers name
//! the marker types:
//!
//! ```
//! use mcp_core::method::{self, Direction, Method, ToolsCall};
//! use mcp_core::revision::Revision;
//!
//! assert_eq!(ToolsCall::NAME, "tools/call");
//! let row = method::find_in("ping", Revision::V2025_11_25).expect("legacy sessions have ping");
//! assert_eq!(row.direction, Direction::Both);
//! assert!(method::find_in("ping", Revision::V2026_07_28).is_none());
//! ```

mod methods;
mod retry;
mod row;
mod table;
mod traits;

pub use methods::Methods;
pub use retry::retry_safety;
pub use row::{Direction, Kind, RetrySafety, Revisions, Row};
pub use table::*;
pub use traits::{Method, NotificationMethod};
