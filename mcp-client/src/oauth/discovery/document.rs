//! One metadata document.

use serde::de::DeserializeOwned;

use crate::http::{ShownUrl, media_type};
use crate::oauth::error::{Error, ErrorKind};
use crate::oauth::fetch::{Fetched, Fetcher, refusal};

/// A document, or `None` where there is none.
pub(crate) async fn document<T: DeserializeOwned>(
    fetcher: &Fetcher,
    url: &str,
) -> Result<Option<T>, Error> {
    let answer = fetcher.get(url).await?;
    if answer.is_transient_failure() {
        return Err(refusal(&answer, url));
    }
    if !answer.status.is_success() || is_page(&answer) {
        return Ok(None);
    }
    serde_json::from_slice(&answer.body).map(Some).map_err(|error| {
        let message = format!("the document at {} cannot be read", ShownUrl(url));
        Error::new(ErrorKind::InvalidMetadata, message).with_source(error)
    })
}

/// Whether it is a page for people, with which some sites answer every URL.
fn is_page(answer: &Fetched) -> bool {
    media_type(&answer.headers).eq_ignore_ascii_case("text/html")
}

/// The first document of several URLs that `accept` accepts, or `None` where there is none.
///
/// A document that is wrong ends the search with its error; one that cannot be fetched does so
/// only if no other URL has one.
pub(crate) async fn first_document<T: DeserializeOwned>(
    fetcher: &Fetcher,
    urls: &[String],
    accept: impl Fn(&T, &str) -> Result<(), Error>,
) -> Result<Option<T>, Error> {
    let mut failure = None;
    for url in urls {
        match document::<T>(fetcher, url).await {
            Ok(Some(found)) => return accept(&found, url).map(|()| Some(found)),
            Ok(None) => {}
            Err(error) if error.kind() == ErrorKind::InvalidMetadata => return Err(error),
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    failure.map_or(Ok(None), Err)
}
