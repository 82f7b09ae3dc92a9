//! Typed calls: builders that are awaited.

mod cancel;
mod fetch;
mod list;
mod list_bounds;
mod list_limits;
mod listed;
mod once;
mod options;
mod output_schemas;
mod saved;
mod tool;
mod typed;

pub use list::{List, Listing};
pub use list_limits::ListLimits;
pub use listed::Listed;
pub use once::{CallOnce, Outcome, PendingInput};
pub(crate) use options::Options;
pub(crate) use output_schemas::{OutputSchemas, OutputValidator};
pub use saved::SavedInput;
pub use tool::ToolReply;
pub use typed::Call;
