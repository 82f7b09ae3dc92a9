//! A browser without a user: it follows redirects and keeps cookies.

use std::collections::BTreeMap;

use http::header::{COOKIE, LOCATION, SET_COOKIE};
use mcp_client::http::{Bytes, HttpStack as _, Network, Request, StatusCode, Uri};

/// Most redirects of one visit.
const REDIRECTS: usize = 16;

/// Opens a URL, follows it through the log-in to the listener of the client, and returns the
/// number of pages.
pub(super) async fn visit(url: &str) -> usize {
    let network = Network::new();
    let mut cookies = BTreeMap::new();
    let mut uri: Uri = url.parse().expect("a URL");
    for pages in 1..=REDIRECTS {
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = uri.clone();
        let sent: Vec<String> =
            cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !sent.is_empty() {
            request.headers_mut().insert(COOKIE, sent.join("; ").parse().expect("a header"));
        }
        let response = network.send(request).await.expect("a response");
        for cookie in response.headers().get_all(SET_COOKIE) {
            let cookie = cookie.to_str().expect("a cookie");
            let (pair, _attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
            let (name, value) = pair.split_once('=').expect("a name and a value");
            cookies.insert(name.to_owned(), value.to_owned());
        }
        let Some(location) = response.headers().get(LOCATION) else {
            assert_eq!(response.status(), StatusCode::OK, "{uri}");
            return pages;
        };
        let location = location.to_str().expect("a location");
        uri = match location.starts_with('/') {
            true => format!("http://{}{location}", uri.authority().expect("a host")).parse(),
            false => location.parse(),
        }
        .expect("a URL");
    }
    panic!("{url} redirects more than {REDIRECTS} times");
}
