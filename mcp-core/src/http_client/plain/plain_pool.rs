//! Opens connections, and uses them again.

use std::fmt;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, Uri};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use tower_service::Service;

use super::connection::Connection;
use super::idle::IdleConnections;
use super::plain_body::PlainBody;
use crate::http_client::error::{BoxError, HttpError};
use crate::http_client::limits::NetworkLimits;
use crate::http_client::request_body::RequestBody;
use crate::http_client::stack::HttpBody;

/// HTTP/1 over TCP. Clones share their connections.
#[derive(Clone)]
pub(crate) struct PlainPool<R> {
    connector: HttpConnector<R>,
    idle: Arc<IdleConnections>,
}

impl<R> PlainPool<R>
where
    R: Service<Name> + Clone + Send + Sync + 'static,
    R::Response: Iterator<Item = SocketAddr>,
    R::Error: Into<BoxError>,
    R::Future: Send,
{
    pub(crate) fn new(connector: HttpConnector<R>, limits: &NetworkLimits) -> Self {
        Self { connector, idle: Arc::new(IdleConnections::new(limits)) }
    }

    /// Sends a request and returns the response once its head has arrived. Dropping the future, or
    /// the body before its end, closes the connection.
    ///
    /// # Errors
    /// There is no connection to the server, or it failed.
    pub(crate) async fn send(
        &self,
        request: Request<Bytes>,
    ) -> Result<Response<HttpBody>, HttpError> {
        let mut request = request.map(RequestBody::new);
        loop {
            let authority = request
                .uri()
                .authority()
                .ok_or_else(|| HttpError::unsent("the URL has no host"))?;
            let (connection, is_reused) = match self.idle.take(authority) {
                Some(connection) => (connection, true),
                // In a box of its own, because few requests have to wait for a connection.
                None => (Box::pin(self.open(request.uri())).await?, false),
            };
            let failed = match connection.send(request).await {
                Ok((response, connection)) => {
                    return Ok(response.map(|body| {
                        HttpBody::plain(PlainBody::new(body, connection, &self.idle))
                    }));
                }
                Err(failed) => failed,
            };
            match failed.unsent {
                // The server had closed it while it was not used.
                Some(unsent) if is_reused => request = unsent,
                Some(_) => return Err(HttpError::unsent(failed.error)),
                None if failed.error.is_parse() => {
                    let error = failed.error;
                    return Err(HttpError::lost(format!(
                        "the server did not answer with HTTP/1; if the port speaks TLS, the URL \
                         begins with https:// ({error})"
                    )));
                }
                None => return Err(HttpError::lost(failed.error)),
            }
        }
    }

    async fn open(&self, target: &Uri) -> Result<Box<Connection>, HttpError> {
        let authority =
            target.authority().ok_or_else(|| HttpError::unsent("the URL has no host"))?;
        let mut connector = self.connector.clone();
        poll_fn(|cx| connector.poll_ready(cx)).await.map_err(HttpError::unsent)?;
        let stream = connector.call(target.clone()).await.map_err(HttpError::unsent)?;
        let connection = Connection::new(stream, authority.clone()).await;
        Ok(Box::new(connection.map_err(HttpError::unsent)?))
    }
}

impl<R> fmt::Debug for PlainPool<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainPool")
    }
}
