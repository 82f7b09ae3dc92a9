//! A client that logs in: opens the browser when the server requires a token, and stores the tokens
//! in a file.
//!
//! `cargo run -p mcp-examples --features http --example oauth_client -- URL FILE`, such as
//! `https://mcp.example.com/mcp credentials.json`
//!
//! The second run needs no log-in. Without a file, the tokens are lost when the program exits.

use std::error::Error as _;

use mcp_client::oauth::{Error, ErrorKind, FileStore, OAuth};
use mcp_client::{Client, ErrorKind as CallErrorKind};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().ok_or("say the URL of the server")?;

    let mut oauth = OAuth::authorization_code().client_name("oauth-client-example");
    if let Some(file) = arguments.next() {
        oauth = oauth.store(FileStore::open(file)?);
    }
    let client = match Client::builder().authorizer(oauth.build()).connect_http(&url).await {
        Err(error) if error.kind() == CallErrorKind::Unauthorized => {
            return Err(explained(&error).into());
        }
        connected => connected?,
    };
    for tool in client.list_tools().await? {
        eprintln!("{}: {}", tool.name, tool.description.as_deref().unwrap_or_default());
    }
    client.close().await;
    Ok(())
}

/// Describes an error to the user.
fn explained(error: &mcp_client::Error) -> String {
    let mut source = error.source();
    while let Some(reason) = source {
        if let Some(reason) = reason.downcast_ref::<Error>() {
            return match reason.kind() {
                ErrorKind::Denied => "access was denied".to_owned(),
                ErrorKind::TimedOut => "the log-in timed out".to_owned(),
                ErrorKind::Unreachable => format!("try again later: {reason}"),
                _ => reason.to_string(),
            };
        }
        source = reason.source();
    }
    error.to_string()
}
