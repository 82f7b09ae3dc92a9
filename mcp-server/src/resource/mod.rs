//! Resources and resource templates: routes from a URI to a function that reads it. Spec:
//! server/resources.

mod reply;
mod route;
mod template;

pub use reply::IntoResourceResult;
pub(crate) use route::ResourceKind;
pub use route::{ResourceBuilder, ResourceCall, ResourceFuture, ResourceRoute};
pub(crate) use template::percent_decode;
pub use template::{Template, TemplateError};
