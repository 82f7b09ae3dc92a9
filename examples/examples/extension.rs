//! A private protocol extension, both sides of it: a method, and notifications on a subscription.
//!
//! `cargo run -p mcp-examples --example extension`
//!
//! It prints the notes that contain a word, and one change of the index.

#![allow(clippy::print_stdout)] // This process is the client; the server is in memory.

use futures::{StreamExt as _, stream};
use mcp_client::extension::ClientExtension;
use mcp_client::types::SubscriptionFilter;
use mcp_client::{Client, Event};
use mcp_server::Server;
use mcp_server::extension::{Listening, NoSettings, ProtocolExtension, ServerExtension};
use mcp_server::method::{Direction, Kind, Method, NotificationMethod, RetrySafety, Row};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The extension, in a crate that server and client share.
enum Search {}

impl ProtocolExtension for Search {
    const ID: &'static str = "com.example/search";
    type ServerSettings = NoSettings;
    type ClientSettings = NoSettings;
    const METHODS: &'static [Row] =
        &[Row::of_extension(Self::ID, Find::NAME, Kind::Request, Direction::ClientToServer)
            .retry(RetrySafety::Safe)];
}

enum Find {}

#[derive(Serialize, Deserialize)]
struct FindParams {
    word: String,
}

#[derive(Serialize, Deserialize)]
struct FindResult {
    notes: Vec<String>,
}

impl Method for Find {
    const NAME: &'static str = "search/find";
    type Params = FindParams;
    type Result = FindResult;
}

enum IndexChanged {}

impl NotificationMethod for IndexChanged {
    const NAME: &'static str = "notifications/search/index_changed";
    type Params = Value;
}

/// The extension with the handlers of a server.
fn search() -> ServerExtension {
    ServerExtension::new::<Search>(&NoSettings::new())
        .method::<Find, _, _>(|FindParams { word }, _ctx| async move {
            let notes = ["buy milk", "sell the car", "buy a bicycle"].into_iter();
            let notes = notes.filter(|note| note.contains(&word)).map(str::to_owned).collect();
            Ok(FindResult { notes })
        })
        .listen("searchIndex", |_ctx, name: String| async move {
            let change = json!({ "index": name, "added": 1 });
            Ok(Some(Listening::new::<IndexChanged>(name, stream::iter([change]))))
        })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = Server::builder("notes", "1.0.0").extension(search()).build()?;
    let client = Client::builder()
        .extension(ClientExtension::new::<Search>(&NoSettings::new()))
        .connect_memory(&server)
        .await?;

    let found = client.request::<Find>(&FindParams { word: "buy".to_owned() }).await?;
    println!("{:?}", found.notes);

    let mut filter = SubscriptionFilter::new();
    filter.extra.insert("searchIndex", "notes");
    let mut changes = client.subscribe(filter).await?;
    if let Some(Event::Other { method, params }) = changes.next().await {
        println!("{method} {}", params.get());
    }
    Ok(())
}
