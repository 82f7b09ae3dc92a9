//! Lists that come in pages. Spec: server/utilities/pagination.

use std::collections::HashSet;
use std::collections::VecDeque;
use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::time::Duration;

use futures::Stream;
use futures::stream::{self, BoxStream, StreamExt as _};
use mcp_core::jsonrpc::code;
use mcp_core::meta::Meta;
use mcp_core::service::BoxFuture;
use mcp_core::types::{
    ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListSkillsResult,
    ListToolsResult, Prompt, ReadResourceDirectoryResult, Resource, ResourceTemplate, Skill, Tool,
};
use serde::de::DeserializeOwned;

use super::{Options, decode, obtain};
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::params::Params;
use crate::request::Timeouts;
use crate::skill::DirectoryEntry;

/// Most pages of one list.
const MOST_PAGES: usize = 1_000;

/// Most items of one list.
const MOST_ITEMS: usize = 100_000;

/// What a server lists: tools, prompts, resources, templates of resources, skills, the entries of a directory.
pub trait Listed: Sized + Send + 'static {
    /// The method.
    const METHOD: &'static str;
    /// The result of the method: one page.
    type Page: DeserializeOwned + Send;

    /// The items of a page, and where the next one begins.
    fn split(page: Self::Page) -> (Vec<Self>, Option<String>);
}

macro_rules! listed {
    ($($item:ident: $method:literal, $page:ident.$items:ident;)*) => {
        $(
            impl Listed for $item {
                const METHOD: &'static str = $method;
                type Page = $page;

                fn split(page: $page) -> (Vec<Self>, Option<String>) {
                    (page.$items, page.next_cursor)
                }
            }
        )*
    };
}

listed! {
    Tool: "tools/list", ListToolsResult.tools;
    Prompt: "prompts/list", ListPromptsResult.prompts;
    Resource: "resources/list", ListResourcesResult.resources;
    ResourceTemplate: "resources/templates/list", ListResourceTemplatesResult.resource_templates;
    Skill: "skills/list", ListSkillsResult.skills;
}

impl Listed for DirectoryEntry {
    const METHOD: &'static str = "resources/directory/read";
    type Page = ReadResourceDirectoryResult;

    fn split(page: ReadResourceDirectoryResult) -> (Vec<Self>, Option<String>) {
        (page.resources.into_iter().map(Self::new).collect(), page.next_cursor)
    }
}

/// A list that is ready to be asked for: awaiting it fetches all pages.
///
/// Pages that the server allows to be kept are kept, until they are old or the server tells of a change. A
/// list of more than 1,000 pages or 100,000 items, or one whose cursor comes again, is an error.
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
}

impl<T: Listed> List<T> {
    pub(crate) fn new(client: &Client) -> Self {
        let terms = Terms {
            params: Params::new(),
            refused: None,
            timeouts: client.timeouts(),
            meta: None,
            fresh: false,
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
    pub fn timeout(mut self, idle: Duration) -> Self {
        self.terms.timeouts.idle = idle;
        self
    }

    /// How long a page may take. Default: that of the client, 10 minutes.
    pub fn total_timeout(mut self, total: Duration) -> Self {
        self.terms.timeouts.total = total;
        self
    }

    /// Adds to the `_meta` of the requests. Their results are not kept.
    pub fn meta(mut self, meta: Meta) -> Self {
        self.terms.meta = Some(meta);
        self
    }

    /// Asks the server even if kept pages are fresh.
    pub fn fresh(mut self) -> Self {
        self.terms.fresh = true;
        self
    }

    /// One page as it is on the wire: the first one, or the one at a cursor.
    ///
    /// # Errors
    /// As for any call.
    pub async fn page(self, cursor: Option<&str>) -> Result<T::Page, Error> {
        fetch::<T>(&self.client, &self.terms, cursor).await
    }

    /// The items as they come, page after page.
    pub fn into_stream(self) -> Listing<T> {
        let state =
            Pages { list: self, next: Some(None), seen: Seen::default(), items: VecDeque::new() };
        Listing(
            stream::unfold(state, |mut pages| async move {
                let item = pages.next_item().await?;
                Some((item, pages))
            })
            .boxed(),
        )
    }

    async fn all(&self, terms: &Terms) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        let mut seen = Seen::default();
        let mut cursor: Option<String> = None;
        loop {
            let (items, next) = T::split(fetch::<T>(&self.client, terms, cursor.as_deref()).await?);
            seen.check(T::METHOD, items.len(), next.as_deref())?;
            all.extend(items);
            match next {
                Some(next) => cursor = Some(next),
                None => return Ok(all),
            }
        }
    }
}

impl<T: Listed> IntoFuture for List<T> {
    type Output = Result<Vec<T>, Error>;
    type IntoFuture = BoxFuture<'static, Result<Vec<T>, Error>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            match self.all(&self.terms).await {
                // A cursor of a kept page that the server does not know any more (CACHE-6).
                Err(error)
                    if self.client.session().is_modern()
                        && error
                            .peer()
                            .is_some_and(|error| error.code() == code::INVALID_PARAMS) =>
                {
                    self.client.wire().inbound.cache.forget(T::METHOD);
                    let terms = Terms { fresh: true, ..self.terms.clone() };
                    self.all(&terms).await.map_err(|_| error)
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
    seen: Seen,
    items: VecDeque<T>,
}

impl<T: Listed> Pages<T> {
    async fn next_item(&mut self) -> Option<Result<T, Error>> {
        loop {
            if let Some(item) = self.items.pop_front() {
                return Some(Ok(item));
            }
            let cursor = self.next.take()?;
            let page =
                match fetch::<T>(&self.list.client, &self.list.terms, cursor.as_deref()).await {
                    Ok(page) => page,
                    Err(error) => return Some(Err(error)),
                };
            let (items, next) = T::split(page);
            if let Err(error) = self.seen.check(T::METHOD, items.len(), next.as_deref()) {
                return Some(Err(error));
            }
            self.items = items.into();
            self.next = next.map(Some);
        }
    }
}

/// What stops a list that never ends.
#[derive(Default)]
struct Seen {
    cursors: HashSet<String>,
    items: usize,
}

impl Seen {
    fn check(
        &mut self,
        method: &'static str,
        items: usize,
        next: Option<&str>,
    ) -> Result<(), Error> {
        self.items += items;
        let reason = if self.items > MOST_ITEMS {
            format!("the list has more than {MOST_ITEMS} items")
        } else if next.is_some_and(|next| !self.cursors.insert(next.to_owned())) {
            "the list goes in circles: a cursor came twice".to_owned()
        } else if next.is_some() && self.cursors.len() >= MOST_PAGES {
            format!("the list has more than {MOST_PAGES} pages")
        } else {
            return Ok(());
        };
        Err(Error::new(ErrorKind::Limit, format!("{method}: {reason}")).during(method))
    }
}

async fn fetch<T: Listed>(
    client: &Client,
    terms: &Terms,
    cursor: Option<&str>,
) -> Result<T::Page, Error> {
    if let Some(reason) = &terms.refused {
        return Err(Error::new(ErrorKind::InvalidArgument, reason).during(T::METHOD));
    }
    let mut params = terms.params.clone();
    if let Some(cursor) = cursor {
        params = params.with("cursor", cursor)?;
    }
    let mut options = Options::new(terms.timeouts);
    options.meta.clone_from(&terms.meta);
    options.fresh = terms.fresh;
    let result = obtain(client, T::METHOD, params, &mut options).await?;
    decode(T::METHOD, &result)
}
