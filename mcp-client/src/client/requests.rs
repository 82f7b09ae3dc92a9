//! Requests and notifications of any method.

use mcp_core::json::JsonBytes;
use mcp_core::method::{Discover, Method, NotificationMethod, Ping};
use mcp_core::types::{DiscoverResult, EmptyResult};
use serde::de::DeserializeOwned;

use super::handle::Client;
use crate::call::Call;
use crate::error::{Error, ErrorKind};
use crate::params::Params;

/// Everything else.
impl Client {
    /// Asks a legacy server for a sign of life.
    pub fn ping(&self) -> Call<EmptyResult> {
        Call::new(self, Ping::NAME, Ok(Params::new()))
    }

    /// Asks a modern server again what it is and can do.
    pub fn discover(&self) -> Call<DiscoverResult> {
        Call::new(self, Discover::NAME, Ok(Params::new()))
    }

    /// Any request, by the marker of its [`Method`].
    ///
    /// `_meta` of the params is sent with what the client adds to it. A method of an
    /// [extension](crate::extension) that the server does not declare fails with
    /// [`ErrorKind::InvalidArgument`] and is not sent.
    pub fn request<M: Method>(&self, params: &M::Params) -> Call<M::Result>
    where
        M::Result: DeserializeOwned + 'static,
    {
        // Some methods of 2025-11-25 have the names of methods of a later extension.
        let methods = &self.wire().methods;
        let row = methods.find_in(M::NAME, self.revision()).or_else(|| methods.find(M::NAME));
        if let Some(id) = row.and_then(|row| row.extension)
            && self.server_capabilities().extension(id).is_none()
        {
            let name = M::NAME;
            let reason =
                format!("the server does not declare the extension {id}, which has {name}");
            return Call::new(self, name, Err(Error::new(ErrorKind::InvalidArgument, reason)));
        }
        match Params::of(params) {
            Ok((params, meta)) => {
                let call = Call::new(self, M::NAME, Ok(params));
                match meta {
                    Some(meta) => call.meta(meta),
                    None => call,
                }
            }
            Err(error) => Call::new(self, M::NAME, Err(error)),
        }
    }

    /// Any notification, by the marker of its [`NotificationMethod`].
    ///
    /// # Errors
    /// When the params cannot be serialized. Whether it arrives is not known.
    pub async fn notify<N: NotificationMethod>(&self, params: &N::Params) -> Result<(), Error> {
        let params =
            JsonBytes::new(params).map_err(|error| Error::argument("the params", error))?;
        self.wire().notify(N::NAME, params).await;
        Ok(())
    }
}
