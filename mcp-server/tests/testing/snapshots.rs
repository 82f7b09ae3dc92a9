//! Comparison of lists with files.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use mcp_server::tool::ToolRoute;
use mcp_server::{Revision, test};
use serde_json::{Value, json};

use crate::fixture::{panic_of, server};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[tokio::test]
async fn lists_are_compared_as_a_whole() {
    let folder = folder();
    let path = folder.path().join("lists.json");
    let lists = test::client(server()).await.lists().await;
    let json = lists.json();
    let names: Vec<_> = json.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["tools", "prompts", "resources", "resourceTemplates"]);
    assert_eq!(json["tools"].as_array().unwrap().len(), 4);
    assert_eq!(json["resourceTemplates"][0]["uriTemplate"], "note://{id}");
    fs::write(&path, json.to_string()).unwrap();
    // The layout of the file does not matter.
    lists.assert_unchanged(&path);

    let more = server().tool(ToolRoute::builder("more").handler(|| async { "" }));
    let more = test::client(more).await.lists().await;
    fs::write(&path, serde_json::to_string_pretty(&json).unwrap()).unwrap();
    let text = panic_of(|| more.assert_unchanged(&path).json());
    let begin = format!(
        "the lists of the server are not those in {} (- expected, + actual); if that is intended, \
         write them with MCP_SNAPSHOTS=write:\n",
        path.display()
    );
    assert!(text.starts_with(&begin), "{text}");
    assert!(text.contains("\n+       \"name\": \"more\","), "{text}");
    assert!(!text.contains("\n- "), "{text}");
}

#[tokio::test]
async fn the_schemas_of_a_tool_are_compared() {
    let folder = folder();
    let path = folder.path().join("weather.json");
    let lists = test::client(server()).revision(Revision::V2025_11_25).await.lists().await;
    let tool = lists.tool("weather").clone();
    let mut schemas =
        json!({"inputSchema": tool["inputSchema"], "outputSchema": tool["outputSchema"]});
    fs::write(&path, schemas.to_string()).unwrap();
    lists.assert_tool_schemas("weather", &path);
    schemas["inputSchema"]["required"] = json!(["city", "days"]);
    fs::write(&path, serde_json::to_string_pretty(&schemas).unwrap()).unwrap();
    let text = panic_of(|| lists.assert_tool_schemas("weather", &path).json());
    assert!(text.starts_with("the schemas of the tool \"weather\" are not those in "), "{text}");
    assert!(text.contains("-       \"days\""), "{text}");
    assert_eq!(
        panic_of(|| lists.tool("other").clone()),
        "the server lists no tool \"other\"; it lists weather, add, fail, poem"
    );
}

#[tokio::test]
async fn a_snapshot_that_does_not_exist_is_an_error() {
    let lists = test::client(server()).await.lists().await;
    let path = PathBuf::from("tests/testing/no-such-file.json");
    assert_eq!(
        panic_of(|| lists.assert_unchanged(&path).json()),
        "the snapshot tests/testing/no-such-file.json does not exist; write it with \
         MCP_SNAPSHOTS=write"
    );
}

/// The environment variable belongs to the process, so another one writes the snapshot.
#[tokio::test]
async fn a_snapshot_is_written_if_the_environment_says_so() {
    const PATH: &str = "MCP_TEST_SNAPSHOT_PATH";
    let lists = test::client(server()).await.lists().await;
    if let Some(path) = std::env::var_os(PATH) {
        lists.assert_unchanged(PathBuf::from(path));
        return;
    }
    let folder = folder();
    let path = folder.path().join("new/lists.json");
    let test = "snapshots::a_snapshot_is_written_if_the_environment_says_so";
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test])
        .env("MCP_SNAPSHOTS", "write")
        .env(PATH, &path)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let written: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(written, lists.json());
    lists.assert_unchanged(&path);
}

#[tokio::test]
async fn all_pages_are_read() {
    let lists = test::client(server().page_size(1)).await.lists().await;
    assert_eq!(lists.json()["tools"].as_array().unwrap().len(), 4);
}
