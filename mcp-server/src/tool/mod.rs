//! Tools: the route from a name to a function, its arguments and its results (step 6 of the walk of a call).
//!
//! Spec: server/tools.

mod arguments;
mod reply;
mod route;
mod schema;
mod value;

pub use arguments::{ArgumentErrors, Field, decode};
pub(crate) use reply::structured;
pub use reply::{Audio, Image, IntoToolResult, Structured};
pub use route::{ToolBuilder, ToolCall, ToolFuture, ToolRoute};
pub use schema::{Described, DescribedArgument, input_schema, output_schema};
