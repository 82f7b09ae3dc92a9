//! What a server can ask during a call, and the client that answers: a form with defaults and
//! choices, a visit to a URL and its end, the client's model, and the client's roots.
//!
//! `cargo run -p mcp-examples --example questions`
//!
//! It prints what the tools made of the answers. The client speaks 2025-11-25, the revision that
//! has all of these; in 2026-07-28 the same tools ask in rounds, which needs the feature
//! `sealed-state` of `mcp-server`. A layer of the server hears that the roots have changed.

#![allow(clippy::print_stdout, reason = "this process is the client; the server is in memory")]
#![allow(
    deprecated,
    reason = "2026-07-28 deprecates sampling and roots (SEP-2577); they work until they are removed"
)]

use std::time::Duration;

use futures::StreamExt as _;
use mcp_client::types::{
    CreateMessageResult, ElicitResult, Role, Root, SamplingContent, SamplingContents,
};
use mcp_client::{Client, Event, Revision};
use mcp_server::input::{Answer, AskError};
use mcp_server::layer::Layer;
use mcp_server::service::{Notification, Reply, Request, Service};
use mcp_server::types::{CreateMessageParams, SamplingMessage};
use mcp_server::{Context, Elicit, Server, routes, tool};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// The form: a choice, a number with bounds and a default, and text with a format.
#[derive(Deserialize, Elicit)]
struct Booking {
    /// The meal.
    menu: Menu,
    #[elicit(min = 1, max = 9, default = 2)]
    seats: u8,
    #[elicit(title = "Mail address", format = "email")]
    mail: Option<String>,
}

#[derive(Debug, Deserialize, Elicit)]
#[serde(rename_all = "lowercase")]
enum Menu {
    /// With everything
    Full,
    #[elicit(title = "Without meat")]
    Vegetarian,
}

/// Book a table.
#[tool]
async fn book(ctx: &Context) -> Result<String, AskError> {
    Ok(match ctx.elicit::<Booking>("Which table?").answer().await? {
        Answer::Accept(Booking { menu, seats, mail }) => {
            format!("{seats} seats, {menu:?}, {}", mail.as_deref().unwrap_or("no mail"))
        }
        Answer::Decline => "no table".to_owned(),
        Answer::Cancel => "later".to_owned(),
    })
}

/// Pay for the table, on a page that the client cannot read.
#[tool]
async fn pay(ctx: &Context) -> Result<&'static str, AskError> {
    let visit = ctx.elicit_url("Pay for the table.", "https://pay.example.com/1");
    Ok(match visit.elicitation_id("payment-1").await? {
        Answer::Accept(()) => {
            // The page's own server says when the user is done. Then the client may close the page.
            ctx.elicitation_complete("payment-1").await;
            "paid"
        }
        Answer::Decline | Answer::Cancel => "not paid",
    })
}

/// Praise the kitchen, in the words of the client's model.
#[tool]
async fn praise(ctx: &Context) -> Result<String, AskError> {
    let request = CreateMessageParams::new([SamplingMessage::user("Praise the kitchen.")], 50);
    let answer = ctx.create_message(request).await?;
    Ok(answer.content.as_text().unwrap_or_default().to_owned())
}

/// List the folders that the user shares.
#[tool]
async fn folders(ctx: &Context) -> Result<String, AskError> {
    let roots = ctx.list_roots().await?;
    Ok(roots.into_iter().map(|root| root.uri).collect::<Vec<_>>().join(", "))
}

/// A layer that tells which notifications arrive from the client.
struct Heard(mpsc::Sender<String>);

struct HeardService<S> {
    inner: S,
    methods: mpsc::Sender<String>,
}

impl<S> Layer<S> for Heard {
    type Service = HeardService<S>;

    fn layer(&self, inner: S) -> HeardService<S> {
        HeardService { inner, methods: self.0.clone() }
    }
}

impl<S: Service> Service for HeardService<S> {
    async fn call(&self, request: Request) -> Reply {
        self.inner.call(request).await
    }

    async fn notify(&self, notification: Notification) {
        // It does not matter if the receiver is gone.
        let _ = self.methods.try_send(notification.method.to_string());
        self.inner.notify(notification).await;
    }
}

/// Connects a host that answers everything. The server tells which notifications it receives.
async fn connect() -> Result<(Client, mpsc::Receiver<String>), Box<dyn std::error::Error>> {
    let routes = routes![book, pay, praise, folders];
    let (methods, heard) = mpsc::channel(16);
    let server =
        Server::builder("restaurant", "1.0.0").routes(routes).layer(Heard(methods)).build()?;
    let client = Client::builder()
        .revision(Revision::V2025_11_25)
        .on_elicit(|form| async move {
            let mut filled = form.requested_schema.defaults();
            filled.insert("menu".to_owned(), json!("vegetarian"));
            // A user who enters something else is shown what is wrong, and tries again.
            match form.requested_schema.check(&filled) {
                Ok(()) => ElicitResult::accept(filled),
                Err(_) => Ok(ElicitResult::decline()),
            }
        })
        .on_elicit_url(|visit| async move {
            // Show the URL and the server, and open it if the user agrees.
            Ok(if visit.url.starts_with("https://pay.example.com/") {
                ElicitResult::accept_url()
            } else {
                ElicitResult::decline()
            })
        })
        .on_create_message(|_| async move {
            let answer = SamplingContents::from(SamplingContent::text("Delicious!"));
            Ok(CreateMessageResult::new(Role::Assistant, answer, "a-model"))
        })
        .roots([Root::new("file:///path/to/recipes")])
        .connect_memory(&server)
        .await?;
    Ok((client, heard))
}

/// The next notification that the server receives within 5 s, after that of the handshake.
async fn next_heard(
    heard: &mut mpsc::Receiver<String>,
) -> Result<String, Box<dyn std::error::Error>> {
    loop {
        let method = timeout(Duration::from_secs(5), heard.recv()).await?;
        let method = method.ok_or("the server is gone")?;
        if method != "notifications/initialized" {
            return Ok(method);
        }
    }
}

/// Calls a tool and returns its text.
async fn text_of(client: &Client, tool: &str) -> Result<String, mcp_client::Error> {
    Ok(client.call_tool(tool, &()).await?.text())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (client, mut heard) = connect().await?;
    let mut events = client.notifications();
    for tool in ["book", "pay", "praise", "folders"] {
        println!("{tool}: {}", text_of(&client, tool).await?);
    }
    if let Some(Event::ElicitationComplete(end)) = events.next().await {
        println!("the visit {} is complete", end.elicitation_id);
    }
    // The user shares another folder: the client notifies the server, which asks again.
    client.set_roots([Root::new("file:///path/to/menus")]).await?;
    println!("the server hears {}", next_heard(&mut heard).await?);
    println!("folders: {}", text_of(&client, "folders").await?);
    Ok(())
}

#[tokio::test]
async fn everything_that_a_server_asks_is_answered() -> Result<(), Box<dyn std::error::Error>> {
    let (client, mut heard) = connect().await?;
    let mut events = client.notifications();
    assert_eq!(text_of(&client, "book").await?, "2 seats, Vegetarian, no mail");
    assert_eq!(text_of(&client, "pay").await?, "paid");
    let end = events.next().await;
    assert!(
        matches!(&end, Some(Event::ElicitationComplete(end)) if end.elicitation_id == "payment-1"),
        "{end:?}"
    );
    assert_eq!(text_of(&client, "praise").await?, "Delicious!");
    assert_eq!(text_of(&client, "folders").await?, "file:///path/to/recipes");
    client.set_roots([Root::new("file:///path/to/menus")]).await?;
    assert_eq!(next_heard(&mut heard).await?, "notifications/roots/list_changed");
    assert_eq!(text_of(&client, "folders").await?, "file:///path/to/menus");
    Ok(())
}
