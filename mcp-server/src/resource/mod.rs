//! Resources and resource templates: routes from a URI to a function that reads it. Spec:
//! server/resources.

mod call;
mod query;
mod reply;
mod route;
mod template;
mod template_error;
mod variable_value;

pub use call::ResourceCall;
pub use reply::IntoResourceResult;
pub(crate) use route::ResourceKind;
pub use route::{ResourceBuilder, ResourceFuture, ResourceRoute};
pub use template::Template;
pub use template_error::{Mismatch, TemplateError};
