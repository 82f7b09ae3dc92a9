//! Dialects of JSON Schema: the forms in which hosts and model providers accept the schemas of
//! tools.
//!
//! A schema is rewritten once, when the server is built or at its first use, from the schema that
//! was derived or set. A call is written in the form of the listed schema. `CallForm`
//! translates its arguments back once, when the call arrives: scopes, layers, tasks and the handler
//! see the form of the schema as written, and errors name the places that the client sent. A layer
//! that replaces the tool or the arguments of a call writes them in the form of the schema as
//! written; they are not translated again. What the dialects do is documented at [`SchemaDialect`].

mod alternatives;
mod apply;
mod call_form;
mod containers;
mod error;
mod form_facets;
mod kind;
mod merge;
mod notes;
mod output;
mod parts;
mod references;
mod rewriter;

pub(crate) use call_form::CallForm;
pub use error::{DialectError, DialectErrorKind};
pub use kind::SchemaDialect;
pub(crate) use kind::ServerDialect;
pub(crate) use parts::accepts_any;

#[cfg(test)]
mod tests;
