//! Skills of a server: lists them, or loads one and reads its files.
//!
//! `cargo run -p mcp-examples --features skills --example skills -- COMMAND` lists;
//! with `COMMAND URI FILE…` it loads the skill whose `SKILL.md` has this URI, and reads files of it
//! by their path, such as `references/FORMS.md`.
//!
//! It prints the URI and description of each skill, or the instructions and the sizes of the files.
//! A file that differs from what the server listed is an error.

#![allow(clippy::print_stdout)] // A client's standard output is its own.

use std::process::Command;

use mcp_client::Client;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((command, rest)) = arguments.split_first() else {
        return Err("usage: skills COMMAND [URI FILE…]".into());
    };
    let client = Client::connect_command(Command::new(command)).await?;
    match rest.split_first() {
        None => {
            for skill in client.list_skills().await? {
                println!("{}: {}", skill.uri, skill.frontmatter["description"]);
            }
        }
        Some((uri, files)) => {
            let entry = client.get_skill(uri).await?.skill;
            // A host would show the entry to its user here, who decides.
            let skill = client.load_skill(&entry).await?;
            println!("{}", skill.instructions());
            for file in files {
                println!("{file}: {} bytes", skill.read(file).await?.len());
            }
        }
    }
    client.close().await;
    Ok(())
}
