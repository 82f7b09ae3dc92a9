//! Resources and resource templates: the route from a URI to a function that reads it. Spec:
//! server/resources.

mod reply;
mod route;
mod template;

pub use reply::IntoResourceResult;
pub(crate) use route::ResourceKind;
pub use route::{ResourceBuilder, ResourceCall, ResourceFuture, ResourceRoute};
pub use template::{Template, TemplateError};
