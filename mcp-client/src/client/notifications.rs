//! What the server reports without being asked, and what it should report.

use mcp_core::json::JsonBytes;
use mcp_core::method::notification::RootsListChanged;
use mcp_core::method::{Method as _, NotificationMethod as _, SetLevel};
use mcp_core::types::{EmptyResult, LoggingLevel, Root, SubscriptionFilter};

use super::handle::Client;
use crate::call::Call;
use crate::error::{Error, ErrorKind};
use crate::notifications::{LogMessages, Notifications};
use crate::params::Params;
use crate::subscription::{self, Subscription};

/// Notifications.
impl Client {
    /// Subscribes to changes. Completes when the server has agreed.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use futures::StreamExt as _;
    /// use mcp_client::Event;
    /// use mcp_client::types::SubscriptionFilter;
    ///
    /// let filter = SubscriptionFilter::new().tools_list_changed(true);
    /// let mut changes = client.subscribe(filter).await?;
    /// while let Some(event) = changes.next().await {
    ///     if matches!(event, Event::ToolsListChanged | Event::Gap) {
    ///         println!("{} tools", client.list_tools().await?.len());
    ///     }
    /// #     break;
    /// }
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// When the server refuses, or does not answer in time. Dropping the future cancels the
    /// subscription.
    pub async fn subscribe(&self, filter: SubscriptionFilter) -> Result<Subscription, Error> {
        subscription::subscribe(self, filter).await
    }

    /// Everything that the server reports from now on, except progress.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use futures::StreamExt as _;
    ///
    /// let mut events = client.notifications();
    /// # client.close().await;
    /// while let Some(event) = events.next().await {
    ///     println!("{event:?}");
    /// }
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn notifications(&self) -> Notifications {
        Notifications::new(self.wire().inbound.hub.listen(None))
    }

    /// The server's log messages from now on. See [`Client::set_log_level`].
    ///
    /// Deprecated by the 2026-07-28 revision (SEP-2577), to be removed from the protocol no earlier
    /// than 2027-07-28.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use futures::StreamExt as _;
    /// use mcp_client::types::LoggingLevel;
    ///
    /// let mut messages = client.log_messages();
    /// client.set_log_level(LoggingLevel::Info).await?;
    /// client.call_tool("index", &()).await?;
    /// let message = messages.next().await.ok_or("the connection has ended")?;
    /// assert_eq!(message.data.get(), r#""2 notes are new""#);
    /// # Ok(())
    /// # });
    /// ```
    #[deprecated(
        note = "MCP 2026-07-28 deprecates logging (SEP-2577), with removal no earlier than \
                2027-07-28; read the standard error of the server, or use OpenTelemetry"
    )]
    #[must_use]
    pub fn log_messages(&self) -> LogMessages {
        LogMessages::new(self.notifications())
    }

    /// Asks for log messages of this severity and above. A legacy server gets one request; a modern
    /// one learns of it with every request from now on.
    ///
    /// Deprecated by the 2026-07-28 revision (SEP-2577), to be removed from the protocol no earlier
    /// than 2027-07-28.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use mcp_client::types::LoggingLevel;
    ///
    /// // A user who looks for a mistake wants to see everything.
    /// client.set_log_level(LoggingLevel::Debug).await?;
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// When a legacy server refuses.
    #[deprecated(
        note = "MCP 2026-07-28 deprecates logging (SEP-2577), with removal no earlier than \
                2027-07-28; read the standard error of the server, or use OpenTelemetry"
    )]
    pub async fn set_log_level(&self, level: LoggingLevel) -> Result<(), Error> {
        self.request_log_level(level).await
    }

    /// [`Client::set_log_level`], which is deprecated.
    pub(super) async fn request_log_level(&self, level: LoggingLevel) -> Result<(), Error> {
        if !self.session().is_modern() {
            let params = Params::new().with("level", &level);
            Call::<EmptyResult>::new(self, SetLevel::NAME, params).await?;
        }
        self.choose_log_level(level);
        Ok(())
    }

    /// Replaces the roots, and notifies a legacy server; a modern one asks when it needs them.
    ///
    /// Deprecated by the 2026-07-28 revision (SEP-2577), to be removed from the protocol no earlier
    /// than 2027-07-28.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// use mcp_client::Client;
    /// use mcp_client::types::Root;
    ///
    /// let builder = Client::builder().roots([Root::new("file:///projects/app")]);
    /// let client = builder.connect(reader, writer).await?;
    /// // The user opens another folder.
    /// client.set_roots([Root::new("file:///projects/site").name("site")]).await?;
    /// assert_eq!(client.call_tool("find", &()).await?.text(), "file:///projects/site");
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] if the client was built without roots, so that it has not
    /// declared the capability, or if a root is not a `file:` URI.
    #[deprecated(
        note = "MCP 2026-07-28 deprecates roots (SEP-2577), with removal no earlier than \
                2027-07-28; take paths or URIs as arguments, or from the configuration"
    )]
    pub async fn set_roots(&self, roots: impl IntoIterator<Item = Root>) -> Result<(), Error> {
        self.wire()
            .inbound
            .handlers
            .replace_roots(roots.into_iter().collect())
            .map_err(|reason| Error::new(ErrorKind::InvalidArgument, reason))?;
        if !self.session().is_modern() {
            self.wire().notify(RootsListChanged::NAME, JsonBytes::empty_object()).await;
        }
        Ok(())
    }
}
