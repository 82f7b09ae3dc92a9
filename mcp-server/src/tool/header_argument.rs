//! Arguments that HTTP clients mirror in headers.

use mcp_core::http::{ParamHeader, param_headers};
use mcp_core::types::Schema;

use crate::schema::Outline;

/// A tool argument that clients may mirror in an `Mcp-Param-*` header. Its schema is an integer, a
/// string or a boolean, inline and not a `$ref`.
///
/// Implement it for newtypes over one of these, with an inline schema (`#[schemars(inline)]`).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent as a header",
    label = "only integers, strings and booleans can be sent as headers",
    note = "implement `HeaderArgument` for a type whose schema is one of these and inline (`#[schemars(inline)]`)"
)]
pub trait HeaderArgument {}

#[diagnostic::do_not_recommend]
impl<T: HeaderArgument> HeaderArgument for Option<T> {}

macro_rules! header_arguments {
    // The label lists the types; the compiler's own list of implementations is incomplete.
    ($($ty:ty)*) => { $(#[diagnostic::do_not_recommend] impl HeaderArgument for $ty {})* };
}
header_arguments!(bool i8 i16 i32 i64 u8 u16 u32 u64 isize usize char String Box<str> std::borrow::Cow<'_, str>);

/// Returns the arguments that an input schema mirrors in headers. An error says why a tool with
/// this schema cannot be registered.
pub(super) fn mirrored_arguments(
    schema: &Schema,
    outline: Outline,
) -> Result<Vec<ParamHeader>, String> {
    if !outline.is_object {
        let reason =
            "the root of the input schema must have \"type\": \"object\"; use a struct or a map";
        return Err(reason.to_owned());
    }
    if !outline.may_mirror {
        return Ok(Vec::new());
    }
    param_headers(&schema.as_value()).map_err(|error| format!("the input schema: {error}"))
}
