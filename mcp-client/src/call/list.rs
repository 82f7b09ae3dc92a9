//! Lists that come in pages. Spec: server/utilities/pagination.

use std::collections::VecDeque;
use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::time::Duration;

use futures::Stream;
use futures::stream::{self, BoxStream, StreamExt as _};
use mcp_core::deadline::later;
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::code;
use mcp_core::meta::Meta;
use mcp_core::service::BoxFuture;
use tokio::time::Instant;

use super::Options;
#[cfg(feature = "policy")]
use super::fetch::decode;
use super::fetch::fetch;
use super::list_bounds::ListBounds;
use super::listed::Listed;
use crate::client::Client;
use crate::deadline::Timeouts;
use crate::error::{Error, ErrorKind};
use crate::params::Params;

/// A list that is ready to be asked for: awaiting it fetches all pages.
///
/// Pages that the server allows to be cached are cached until they are stale or the server
/// announces a change. A list that exceeds [`ListLimits`](crate::ListLimits), or that repeats a
/// cursor, is an error.
///
/// ```
/// # mcp_test_support::with_notes_server(async |reader, writer| {
/// # let client = mcp_client::Client::connect(reader, writer).await?;
/// use std::time::Duration;
///
/// let tools = client.list_tools().timeout(Duration::from_secs(5)).await?;
/// assert_eq!(tools.len(), 2); // from two pages
/// # Ok(())
/// # });
/// ```
#[must_use = "a list is not fetched until it is awaited or made a stream"]
pub struct List<T> {
    client: Client,
    terms: Terms,
    item: PhantomData<fn() -> T>,
}

/// What every page of a list is asked for with.
#[derive(Clone)]
struct Terms {
    /// What is listed, where the method alone does not say it.
    params: Params,
    /// Why it is not asked for at all.
    refused: Option<String>,
    timeouts: Timeouts,
    meta: Option<Meta>,
    fresh: bool,
    /// A bound of items below that of the client, and the name of its field.
    max_items: Option<(usize, &'static str)>,
}

impl<T: Listed> List<T> {
    pub(crate) fn new(client: &Client) -> Self {
        let terms = Terms {
            params: Params::new(),
            refused: None,
            timeouts: client.timeouts(),
            meta: None,
            fresh: false,
            max_items: None,
        };
        Self { client: client.clone(), terms, item: PhantomData }
    }

    /// Lists what the params say.
    pub(crate) fn of(mut self, params: Result<Params, Error>) -> Self {
        match params {
            Ok(params) => self.terms.params = params,
            Err(error) => self.terms.refused = Some(error.to_string()),
        }
        self
    }

    /// Does not ask, for this reason.
    pub(crate) fn refused(mut self, reason: Option<String>) -> Self {
        self.terms.refused = self.terms.refused.or(reason);
        self
    }

    /// How long the server may be silent about a page. Default: that of the client, 60 s.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use std::time::Duration;
    ///
    /// let tools = client.list_tools().timeout(Duration::from_secs(5)).await?;
    /// # Ok(())
    /// # });
    /// ```
    pub fn timeout(mut self, idle: Duration) -> Self {
        self.terms.timeouts.idle = idle;
        self
    }

    /// Lowers the bound of items to that of another field of the limits.
    pub(crate) fn max_items(mut self, max: usize, field: &'static str) -> Self {
        self.terms.max_items = Some((max, field));
        self
    }

    /// How long the server may take for all pages together. Default: that of the client, 10
    /// minutes.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use std::time::Duration;
    ///
    /// // A menu must open within 2 s, even if it is empty then.
    /// let listing = client.list_resources().total_timeout(Duration::from_secs(2));
    /// let resources = listing.await.unwrap_or_default();
    /// # Ok(())
    /// # });
    /// ```
    pub fn total_timeout(mut self, total: Duration) -> Self {
        self.terms.timeouts.total = total;
        self
    }

    /// Adds to the `_meta` of the requests. Their results are not kept.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use mcp_client::meta::Meta;
    ///
    /// let meta = Meta::new().with("com.example/tenant", "research");
    /// let tools = client.list_tools().meta(meta).await?;
    /// # Ok(())
    /// # });
    /// ```
    pub fn meta(mut self, meta: Meta) -> Self {
        self.terms.meta = Some(meta);
        self
    }

    /// Asks the server even if kept pages are fresh.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// let kept = client.list_tools().await?;
    /// let asked = client.list_tools().fresh().await?; // The user pressed reload.
    /// assert_eq!(kept.len(), asked.len());
    /// # Ok(())
    /// # });
    /// ```
    pub fn fresh(mut self) -> Self {
        self.terms.fresh = true;
        self
    }

    /// One page as it is on the wire: the first one, or the one at a cursor.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// let first = client.list_tools().page(None).await?;
    /// assert_eq!(first.tools[0].name, "add");
    /// let next = client.list_tools().page(first.next_cursor.as_deref()).await?;
    /// assert_eq!((&*next.tools[0].name, next.next_cursor), ("index", None));
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// As for any call.
    pub async fn page(self, cursor: Option<&str>) -> Result<T::Page, Error> {
        let page = Page {
            client: &self.client,
            terms: &self.terms,
            total_at: later(Instant::now(), self.terms.timeouts.total),
        };
        let mut bounds = self.bounds();
        page.fetch::<T, _>(cursor, |result, page| {
            bounds.check_page::<T>(result)?;
            Ok(page)
        })
        .await
    }

    fn bounds(&self) -> ListBounds {
        ListBounds::new(self.client.limits().list).max_items(self.terms.max_items)
    }

    /// The items as they come, page after page.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use std::time::Duration;
    /// use futures::TryStreamExt as _;
    ///
    /// let mut tools = client.list_tools().timeout(Duration::from_secs(5)).into_stream();
    /// while let Some(tool) = tools.try_next().await? {
    ///     println!("{}", tool.name); // The second page is fetched when the first one is used up.
    /// }
    /// # Ok(())
    /// # });
    /// ```
    pub fn into_stream(self) -> Listing<T> {
        let state = Pages {
            next: Some(None),
            bounds: self.bounds(),
            items: VecDeque::new(),
            left: self.terms.timeouts.total,
            list: self,
        };
        Listing(
            stream::unfold(state, |mut pages| async move {
                let item = pages.next_item().await?;
                Some((item, pages))
            })
            .boxed(),
        )
    }

    async fn all(&self, terms: &Terms, total_at: Instant) -> Result<Vec<T>, Error> {
        let mut page = Page { client: &self.client, terms, total_at };
        let mut bounds = self.bounds();
        let mut excluded = Excluded::begin(&self.client, terms.timeouts);
        let (mut all, mut next) = page.take(None, &mut bounds).await?;
        while let Some(cursor) = next {
            page.total_at = later(page.total_at, excluded.take(&self.client));
            let items: Vec<T>;
            (items, next) = page.take(Some(&cursor), &mut bounds).await?;
            all.extend(items);
        }
        Ok(all)
    }
}

impl<T: Listed> IntoFuture for List<T> {
    type Output = Result<Vec<T>, Error>;
    type IntoFuture = BoxFuture<'static, Result<Vec<T>, Error>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let total_at = later(Instant::now(), self.terms.timeouts.total);
            match self.all(&self.terms, total_at).await {
                // The server does not know the cursor of a cached page any more (CACHE-6).
                Err(error)
                    if self.client.session().is_modern()
                        && error
                            .peer()
                            .is_some_and(|error| error.code() == code::INVALID_PARAMS) =>
                {
                    self.client.wire().inbound.cache.forget(T::METHOD);
                    let terms = Terms { fresh: true, ..self.terms.clone() };
                    self.all(&terms, total_at).await.map_err(|_| error)
                }
                all => all,
            }
        })
    }
}

impl<T> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("List")
    }
}

/// The items of a list, fetched page by page as they are read. Ends after an error.
///
/// ```
/// # mcp_test_support::with_notes_server(async |reader, writer| {
/// # let client = mcp_client::Client::connect(reader, writer).await?;
/// use futures::{StreamExt as _, TryStreamExt as _};
///
/// let first: Vec<_> = client.resources().take(1).try_collect().await?;
/// assert_eq!(first[0].uri, "note://1");
/// # Ok(())
/// # });
/// ```
pub struct Listing<T>(BoxStream<'static, Result<T, Error>>);

impl<T> Stream for Listing<T> {
    type Item = Result<T, Error>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<T, Error>>> {
        self.0.poll_next_unpin(cx)
    }
}

impl<T> fmt::Debug for Listing<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listing")
    }
}

struct Pages<T> {
    list: List<T>,
    /// The cursor of the next page, `None` for the first; no page is left otherwise.
    next: Option<Option<String>>,
    bounds: ListBounds,
    items: VecDeque<T>,
    /// How long the server may still take for all pages.
    left: Duration,
}

impl<T: Listed> Pages<T> {
    async fn next_item(&mut self) -> Option<Result<T, Error>> {
        loop {
            if let Some(item) = self.items.pop_front() {
                return Some(Ok(item));
            }
            let cursor = self.next.take()?;
            let began = Instant::now();
            let List { client, terms, .. } = &self.list;
            let mut excluded = Excluded::begin(client, terms.timeouts);
            let page = Page { client, terms, total_at: later(began, self.left) };
            match page.take(cursor.as_deref(), &mut self.bounds).await {
                Ok((items, next)) => {
                    self.items = items.into();
                    self.next = next.map(Some);
                }
                Err(error) => return Some(Err(error)),
            }
            let spent = began.elapsed().saturating_sub(excluded.take(client));
            self.left = self.left.saturating_sub(spent);
        }
    }
}

/// The time that the total timeout of a list leaves out, since people were waited for.
struct Excluded {
    /// `None` if it leaves out nothing.
    before: Option<Duration>,
}

impl Excluded {
    fn begin(client: &Client, timeouts: Timeouts) -> Self {
        let handling = &client.wire().inbound.handling;
        Self { before: timeouts.exclude_input.then(|| handling.answering_time()) }
    }

    /// The time since the last page.
    fn take(&mut self, client: &Client) -> Duration {
        let Some(before) = &mut self.before else { return Duration::ZERO };
        let now = client.wire().inbound.handling.answering_time();
        now.saturating_sub(std::mem::replace(before, now))
    }
}

/// What one page is fetched with.
struct Page<'a> {
    client: &'a Client,
    terms: &'a Terms,
    total_at: Instant,
}

impl Page<'_> {
    /// Fetches a page and splits it.
    async fn take<T: Listed>(
        &self,
        cursor: Option<&str>,
        bounds: &mut ListBounds,
    ) -> Result<(Vec<T>, Option<String>), Error> {
        self.fetch::<T, _>(cursor, |result, page| {
            let taken = bounds.take(result, page)?;
            self.client.learn_output_schemas(T::METHOD, result);
            Ok(taken)
        })
        .await
    }

    async fn fetch<T: Listed, R>(
        &self,
        cursor: Option<&str>,
        accept: impl FnOnce(&JsonBytes, T::Page) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let terms = self.terms;
        if let Some(reason) = &terms.refused {
            return Err(Error::new(ErrorKind::InvalidArgument, reason).during(T::METHOD));
        }
        let mut params = terms.params.clone();
        if let Some(cursor) = cursor {
            params = params.with("cursor", cursor)?;
        }
        let mut options = Options::new(terms.timeouts);
        options.total_at = Some(self.total_at);
        options.meta.clone_from(&terms.meta);
        options.fresh = terms.fresh;
        #[cfg(feature = "policy")]
        let accept = |result: &JsonBytes, page| {
            let policy = self.client.policy();
            let page = match policy.and_then(|it| it.without_hidden(T::METHOD, T::ITEMS, result)) {
                Some(listed) => decode(&T::METHOD.into(), &listed, |page| page.parse())?,
                None => page,
            };
            accept(result, page)
        };
        fetch(self.client, &T::METHOD.into(), params, &mut options, |page| page.parse(), accept)
            .await
    }
}
