//! Arguments that HTTP clients mirror in header fields.

/// A type of a tool argument that may travel in an `Mcp-Param-*` header: its schema is an integer,
/// a string or a boolean, written in place and not behind a `$ref` (HDR-12, HDR-13).
///
/// Implement it for a newtype over one of these whose schema is inline (`#[schemars(inline)]`).
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent as a header",
    label = "only an integer, a string or a boolean can",
    note = "implement `HeaderArgument` for your own type if its schema is one of these, in place (`#[schemars(inline)]`)"
)]
pub trait HeaderArgument {}

#[diagnostic::do_not_recommend]
impl<T: HeaderArgument> HeaderArgument for Option<T> {}

macro_rules! header_arguments {
    // The label says which types there are; the compiler's list of them leaves some out.
    ($($ty:ty)*) => { $(#[diagnostic::do_not_recommend] impl HeaderArgument for $ty {})* };
}
header_arguments!(bool i8 i16 i32 i64 u8 u16 u32 u64 isize usize char String Box<str> std::borrow::Cow<'_, str>);
