//! Requests and notifications of any method.

use mcp_core::json::{JsonBytes, RawJson};
use mcp_core::jsonrpc::MethodName;
use mcp_core::method::{Discover, Method, NotificationMethod, Ping};
use mcp_core::types::{DiscoverResult, EmptyResult};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::handle::Client;
use crate::call::Call;
use crate::error::{Error, ErrorKind};
use crate::params::Params;

/// Everything else.
impl Client {
    /// Asks a legacy server for a sign of life.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let builder = mcp_client::Client::builder().revision(mcp_client::Revision::V2025_11_25);
    /// # let client = builder.connect(reader, writer).await?;
    /// use std::time::Duration;
    ///
    /// let is_there = client.ping().timeout(Duration::from_secs(5)).await.is_ok();
    /// assert!(is_there);
    /// # Ok(())
    /// # });
    /// ```
    pub fn ping(&self) -> Call<EmptyResult> {
        Call::new(self, Ping::NAME, Ok(Params::new()))
    }

    /// Asks a modern server again what it is and can do.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// let now = client.discover().await?;
    /// assert_eq!(now.instructions.as_deref(), Some("Search before you add a note."));
    /// # Ok(())
    /// # });
    /// ```
    pub fn discover(&self) -> Call<DiscoverResult> {
        Call::new(self, Discover::NAME, Ok(Params::new()))
    }

    /// Any request, by the marker of its [`Method`].
    ///
    /// `_meta` of the params is sent with what the client adds to it. A method of an
    /// [extension](crate::extension) that the server does not declare fails with
    /// [`ErrorKind::InvalidArgument`] and is not sent.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use mcp_client::method::Method;
    /// use mcp_client::serde_json::{Value, json};
    ///
    /// enum Count {}
    ///
    /// impl Method for Count {
    ///     const NAME: &'static str = "com.example/count";
    ///     type Params = Value;
    ///     type Result = Value;
    /// }
    ///
    /// let count = client.request::<Count>(&json!({ "tag": "milk" })).await?;
    /// assert_eq!(count["notes"], 2);
    /// # Ok(())
    /// # });
    /// ```
    pub fn request<M: Method>(&self, params: &M::Params) -> Call<M::Result>
    where
        M::Result: DeserializeOwned + 'static,
    {
        self.any(M::NAME.into(), params)
    }

    /// Any request by its name, with the JSON text of the result. The params are an object, such as
    /// a struct, a map, `json!({…})` or a [`RawJson`]; `&()` for none.
    ///
    /// A method of the protocol, or of an extension that the client declares, is treated like by
    /// the methods of this type: it is sent again where its row in the method table says that this
    /// is harmless, and questions go to the handlers. A request of another method is never sent
    /// twice, since it may do anything. For the rest see [`Client::request`].
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use mcp_client::serde_json::json;
    ///
    /// # let (name, params) = ("com.example/count", json!({}));
    /// // A name and parameters that came from a script.
    /// let result = client.call_raw(name, &params).await?;
    /// assert_eq!(result.to_value()["notes"], 2);
    /// # Ok(())
    /// # });
    /// ```
    pub fn call_raw<P: Serialize + ?Sized>(
        &self,
        method: impl Into<MethodName>,
        params: &P,
    ) -> Call<RawJson> {
        self.any(method.into(), params)
    }

    fn any<P: Serialize + ?Sized, R: DeserializeOwned>(
        &self,
        method: MethodName,
        params: &P,
    ) -> Call<R> {
        // Some methods of 2025-11-25 have the names of methods of a later extension.
        let methods = &self.wire().methods;
        let row = methods.find_in(&method, self.revision()).or_else(|| methods.find(&method));
        if let Some(id) = row.and_then(|row| row.extension)
            && self.server_capabilities().extension(id).is_none()
        {
            let reason =
                format!("the server does not declare the extension {id}, which has {method}");
            return Call::new(self, method, Err(Error::new(ErrorKind::InvalidArgument, reason)));
        }
        // One of the table is shared by all calls.
        let method = row.map_or(method, |row| row.name.into());
        match Params::of(params) {
            Ok((params, meta)) => {
                let call = Call::new(self, method, Ok(params));
                match meta {
                    Some(meta) => call.meta(meta),
                    None => call,
                }
            }
            Err(error) => Call::new(self, method, Err(error)),
        }
    }

    /// Any notification, by the marker of its [`NotificationMethod`].
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use mcp_client::method::NotificationMethod;
    /// use mcp_client::serde_json::{Value, json};
    ///
    /// enum Opened {}
    ///
    /// impl NotificationMethod for Opened {
    ///     const NAME: &'static str = "com.example/opened";
    ///     type Params = Value;
    /// }
    ///
    /// client.notify::<Opened>(&json!({ "uri": "note://1" })).await?;
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// When the params cannot be serialized. Whether it arrives is not known.
    pub async fn notify<N: NotificationMethod>(&self, params: &N::Params) -> Result<(), Error> {
        let params =
            JsonBytes::new(params).map_err(|error| Error::argument("the params", error))?;
        self.wire().notify(N::NAME, params).await;
        Ok(())
    }

    /// Any notification by its name. The params are an object; `&()` for none.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use mcp_client::serde_json::json;
    ///
    /// client.notify_raw("com.example/opened", &json!({ "uri": "note://1" })).await?;
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// When the params cannot be serialized, or are not an object. Whether it arrives is not known.
    pub async fn notify_raw<P: Serialize + ?Sized>(
        &self,
        method: impl Into<MethodName>,
        params: &P,
    ) -> Result<(), Error> {
        let params =
            JsonBytes::new(params).map_err(|error| Error::argument("the params", error))?;
        let params = match params.as_bytes() {
            b"null" => JsonBytes::empty_object(),
            text if text.starts_with(b"{") => params,
            _ => {
                let message = "the params must be a JSON object";
                return Err(Error::new(ErrorKind::InvalidArgument, message));
            }
        };
        self.wire().notify(method, params).await;
        Ok(())
    }
}
