//! Filters of extensions in `subscriptions/listen`.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::sync::Arc;

use futures::stream::{BoxStream, Stream, StreamExt as _};
use mcp_core::json::{JsonBytes, JsonObject};
use mcp_core::jsonrpc::{ErrorObject, RequestId};
use mcp_core::meta::SUBSCRIPTION_ID;
use mcp_core::method::NotificationMethod;
use mcp_core::service::Notification;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::context::{Context, HandlerFuture};

/// The methods and parameters of notifications.
pub(crate) type Notifications = BoxStream<'static, (&'static str, Value)>;

/// What an extension agreed to report on a subscription.
pub struct Listening {
    pub(crate) accepted: Value,
    pub(crate) notifications: Notifications,
}

impl Listening {
    /// Creates it from the part of the filter that is accepted, which the acknowledgement repeats,
    /// and a stream of the parameters of notifications, which must be objects. The id of the
    /// subscription is added to their `_meta`.
    ///
    /// The stream is polled only while the client reads, so what it holds back must be bounded. It
    /// is dropped when the subscription ends, with all that was not sent. The subscription stays
    /// open when the stream ends.
    pub fn new<N: NotificationMethod>(
        accepted: impl Into<Value>,
        notifications: impl Stream<Item = N::Params> + Send + 'static,
    ) -> Self {
        let notifications = notifications.map(|params| {
            // What cannot be written becomes null, which is reported as every other value that is
            // not an object.
            (N::NAME, serde_json::to_value(&params).unwrap_or_default())
        });
        Self { accepted: accepted.into(), notifications: notifications.boxed() }
    }
}

impl fmt::Debug for Listening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listening").field("accepted", &self.accepted).finish_non_exhaustive()
    }
}

type Listen = dyn Fn(Context, &Value) -> HandlerFuture<Option<Listening>> + Send + Sync;

/// A member of the filter of `subscriptions/listen` that an extension defines.
#[derive(Clone)]
pub(crate) struct ListenFilter {
    pub(crate) extension: Arc<str>,
    pub(crate) member: &'static str,
    /// Where it was registered.
    pub(crate) place: &'static Location<'static>,
    listen: Arc<Listen>,
}

impl ListenFilter {
    #[track_caller]
    pub(crate) fn new<T, F, Fut>(extension: Arc<str>, member: &'static str, listen: F) -> Self
    where
        T: DeserializeOwned,
        F: Fn(Context, T) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Option<Listening>, ErrorObject>> + Send + 'static,
    {
        let listen = move |context: Context, asked: &Value| -> HandlerFuture<Option<Listening>> {
            match T::deserialize(asked) {
                Ok(asked) => Box::pin(listen(context, asked)),
                Err(error) => Box::pin(std::future::ready(Err(ErrorObject::invalid_params(
                    format!("/notifications/{member}: {error}"),
                )))),
            }
        };
        Self { extension, member, place: Location::caller(), listen: Arc::new(listen) }
    }

    /// Begins to listen.
    ///
    /// # Errors
    /// −32021 if the client did not declare the extension, −32602 if the filter is malformed, and
    /// the errors of the extension.
    pub(crate) async fn listen(
        &self,
        context: &Context,
        asked: &Value,
    ) -> Result<Option<Listening>, ErrorObject> {
        context.check_extension(&self.extension)?;
        (self.listen)(context.clone(), asked).await
    }
}

impl fmt::Debug for ListenFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListenFilter").field("member", &self.member).finish_non_exhaustive()
    }
}

/// Creates a notification with the id of its subscription in `_meta`.
///
/// # Errors
/// If the parameters are not an object.
pub(crate) fn of_subscription(
    method: &'static str,
    params: Value,
    id: &RequestId,
) -> Result<Notification, serde_json::Error> {
    let Value::Object(mut params) = params else {
        return Err(serde::ser::Error::custom("the parameters must be an object"));
    };
    let mut meta = match params.remove("_meta") {
        Some(Value::Object(meta)) => meta,
        _ => JsonObject::new(),
    };
    meta.insert(SUBSCRIPTION_ID.to_owned(), serde_json::to_value(id)?);
    params.insert("_meta".to_owned(), Value::Object(meta));
    Ok(Notification::new(method, JsonBytes::new(&params)?))
}
