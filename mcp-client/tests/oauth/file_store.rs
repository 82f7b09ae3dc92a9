//! Credentials in a file that several programs use: each opens the file for itself.

use mcp_client::oauth::{AuthorizationCode, FileStore, OAuth, OAuthBuilder, RegisteredClient};
use serde_json::json;
use tempfile::TempDir;

use crate::world::{World, bound};

const TOKEN: &str = "https://as.example.com/token";

fn builder(world: &World, folder: &TempDir) -> OAuthBuilder<AuthorizationCode> {
    let store = FileStore::open(folder.path().join("credentials.json")).unwrap();
    world.oauth().client(RegisteredClient::new("desktop")).store(store)
}

fn program(world: &World, folder: &TempDir) -> OAuth {
    bound(builder(world, folder))
}

#[tokio::test]
async fn the_next_program_needs_no_log_in() {
    let (world, folder) = (World::new(), TempDir::new().unwrap());
    assert_eq!(world.call(&program(&world, &folder), "x").await.unwrap(), 200);
    assert_eq!(world.call(&program(&world, &folder), "x").await.unwrap(), 200);
    assert_eq!(world.logins().len(), 1);
    assert!(world.grants("refresh_token").is_empty());

    // A client that was registered dynamically is found too.
    let (world, folder) = (World::new(), TempDir::new().unwrap());
    for _ in 0..2 {
        let store = FileStore::open(folder.path().join("credentials.json")).unwrap();
        assert_eq!(world.call(&bound(world.oauth().store(store)), "x").await.unwrap(), 200);
    }
    assert_eq!(world.logins().len(), 1);
    assert_eq!(world.sent_to("https://as.example.com/register").len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn programs_with_one_file_make_one_refresh() {
    let (world, folder) = (World::new(), TempDir::new().unwrap());
    assert_eq!(world.call(&program(&world, &folder), "x").await.unwrap(), 200);
    // Each refresh token is valid once.
    let used = std::sync::Mutex::new(std::collections::HashSet::new());
    world.route(TOKEN, move |world, sent| {
        let fresh =
            sent.field("refresh_token").is_some_and(|token| used.lock().unwrap().insert(token));
        assert!(fresh, "a refresh token was used twice");
        world.issue(sent, json!({}))
    });
    world.expire_all();
    let calls = (0..8).map(|_| {
        let (world, oauth) = (world.clone(), program(&world, &folder));
        tokio::spawn(async move { world.call(&oauth, "x").await })
    });
    for call in calls.collect::<Vec<_>>() {
        assert_eq!(call.await.unwrap().unwrap(), 200);
    }
    assert_eq!(world.grants("refresh_token").len(), 1);
    assert_eq!(world.logins().len(), 1);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_needs_no_log_in() {
    let (world, folder) = (World::new(), TempDir::new().unwrap());
    let oauth = program(&world, &folder);
    std::fs::write(folder.path().join("credentials.json"), "{").unwrap();
    let error = world.call(&oauth, "x").await.unwrap_err();
    assert_eq!(error.kind(), mcp_client::oauth::ErrorKind::Store);
    let shown = format!("{error:?}");
    assert!(shown.contains("credentials.json"), "{shown}");
    assert!(world.logins().is_empty());
}
