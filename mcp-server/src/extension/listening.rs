//! Filters of extensions in `subscriptions/listen`.

use std::fmt;
use std::sync::Arc;

use futures::stream::{BoxStream, Stream, StreamExt as _};
use mcp_core::json::{JsonBytes, JsonObject};
use mcp_core::jsonrpc::{ErrorObject, RequestId};
use mcp_core::meta::SUBSCRIPTION_ID;
use mcp_core::method::NotificationMethod;
use mcp_core::service::Notification;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::context::Context;

/// What an extension agreed to report on a subscription.
pub struct Listening {
    pub(crate) accepted: Value,
    pub(crate) notifications: BoxStream<'static, Notification>,
}

impl Listening {
    /// Creates it from the part of the filter that is accepted, which the acknowledgement repeats,
    /// and a stream of the parameters of notifications. The id of the subscription is added to
    /// their `_meta`.
    ///
    /// The stream is polled only while the client reads, so what it holds back must be bounded. It
    /// is dropped when the subscription ends. The subscription stays open when the stream ends.
    pub fn new<N: NotificationMethod>(
        accepted: impl Into<Value>,
        notifications: impl Stream<Item = N::Params> + Send + 'static,
    ) -> Self {
        let notifications = notifications.filter_map(|params| {
            let written = JsonBytes::new(&params);
            async move {
                match written {
                    Ok(params) => Some(Notification::new(N::NAME, params)),
                    Err(error) => {
                        tracing::error!(
                            method = N::NAME,
                            %error,
                            "a notification could not be written"
                        );
                        None
                    }
                }
            }
        });
        Self { accepted: accepted.into(), notifications: notifications.boxed() }
    }
}

impl fmt::Debug for Listening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listening").field("accepted", &self.accepted).finish_non_exhaustive()
    }
}

type Listen = dyn Fn(&Context, &Value) -> Result<Option<Listening>, ErrorObject> + Send + Sync;

/// A member of the filter of `subscriptions/listen` that an extension defines.
#[derive(Clone)]
pub(crate) struct ListenFilter {
    pub(crate) extension: Arc<str>,
    pub(crate) member: &'static str,
    listen: Arc<Listen>,
}

impl ListenFilter {
    pub(crate) fn new<T: DeserializeOwned>(
        extension: Arc<str>,
        member: &'static str,
        listen: impl Fn(&Context, T) -> Result<Option<Listening>, ErrorObject> + Send + Sync + 'static,
    ) -> Self {
        let listen = move |context: &Context, asked: &Value| {
            let asked = T::deserialize(asked).map_err(|error| {
                ErrorObject::invalid_params(format!("/notifications/{member}: {error}"))
            })?;
            listen(context, asked)
        };
        Self { extension, member, listen: Arc::new(listen) }
    }

    /// Begins to listen.
    ///
    /// # Errors
    /// −32021 if the client did not declare the extension, −32602 if the filter is malformed, and
    /// the errors of the extension.
    pub(crate) fn listen(
        &self,
        context: &Context,
        asked: &Value,
    ) -> Result<Option<Listening>, ErrorObject> {
        context.check_extension(&self.extension)?;
        (self.listen)(context, asked)
    }
}

impl fmt::Debug for ListenFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListenFilter").field("member", &self.member).finish_non_exhaustive()
    }
}

/// Adds the id of its subscription to the `_meta` of a notification.
///
/// # Errors
/// If the parameters are not an object.
pub(crate) fn with_subscription_id(
    notification: Notification,
    id: &RequestId,
) -> Result<Notification, serde_json::Error> {
    let mut params: JsonObject = notification.params.parse()?;
    let meta = params.entry("_meta").or_insert_with(|| Value::Object(JsonObject::new()));
    if let Value::Object(meta) = meta {
        meta.insert(SUBSCRIPTION_ID.to_owned(), serde_json::to_value(id)?);
    }
    Ok(Notification::new(notification.method, JsonBytes::new(&params)?))
}
