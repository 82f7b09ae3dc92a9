//! From names to addresses, of which only allowed ones are left. The connection goes to exactly these: between the
//! check and the use there is no second look-up that could answer otherwise.

use std::net::SocketAddr;
use std::task::{Context, Poll, ready};

use hyper_util::client::legacy::connect::dns::Name;
use mcp_core::service::BoxFuture;
use tower_service::Service;

use super::guard::{ForbiddenAddress, Guard};
use crate::http::BoxError;

/// Most addresses of one name that are tried.
const MOST_ADDRESSES: usize = 32;

/// A resolver behind the guard.
#[derive(Debug, Clone)]
pub(crate) struct GuardedResolver<R> {
    inner: R,
    guard: Guard,
}

impl<R> GuardedResolver<R> {
    pub(crate) fn new(inner: R, guard: Guard) -> Self {
        Self { inner, guard }
    }
}

impl<R> Service<Name> for GuardedResolver<R>
where
    R: Service<Name> + Send,
    R::Response: Iterator<Item = SocketAddr>,
    R::Error: Into<BoxError>,
    R::Future: Send + 'static,
{
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(ready!(self.inner.poll_ready(cx)).map_err(Into::into))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let guard = self.guard.clone();
        let text = name.as_str().to_owned();
        let resolved = self.inner.call(name);
        Box::pin(async move {
            let mut refused = None;
            let mut admitted = Vec::new();
            for address in resolved.await.map_err(Into::into)?.take(MOST_ADDRESSES) {
                if guard.admits(&text, address.ip()) {
                    admitted.push(address);
                } else {
                    refused = Some(address.ip());
                }
            }
            match refused {
                Some(address) if admitted.is_empty() => {
                    Err(ForbiddenAddress { name: text, address }.into())
                }
                _ => Ok(admitted.into_iter()),
            }
        })
    }
}
