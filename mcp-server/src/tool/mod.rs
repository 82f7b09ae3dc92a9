//! Tools: routes from a name to a function, with its arguments and results. Spec: server/tools.

mod arguments;
mod builder;
mod call;
mod dialect;
mod header_argument;
mod host_arguments;
mod output;
mod reply;
mod route;
mod route_translation;
mod schema;
#[cfg(feature = "tasks")]
mod task_builder;
mod translation;
mod value;

pub use arguments::{Field, decode};
pub use builder::ToolBuilder;
pub use call::ToolCall;
pub use header_argument::HeaderArgument;
pub(crate) use reply::structured;
pub use reply::{Audio, Image, IntoToolResult, Structured};
pub use route::{ToolFuture, ToolRoute};
pub use schema::{Described, DescribedArgument, input_schema, output_schema};
#[cfg(feature = "jsonrpsee")]
pub(crate) use schema::{composed_input_schema, composed_output_schema};
#[cfg(feature = "tasks")]
pub(crate) use translation::Translated;
pub(crate) use translation::Translation;

pub use crate::error::IntoToolError;
