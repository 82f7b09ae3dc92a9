//! Skills: lists, directories, and reading that lets nothing through that was not listed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use mcp_client::json::JsonBytes;
use mcp_client::service::{Notification, Reply, Request, Service};
use mcp_client::types::Skill;
use mcp_client::{Client, ClientBuilder, ErrorKind, ErrorObject, Limits};
use serde_json::{Value, json};

const MAIN: &str = "skill://pdf-processing/SKILL.md";
const FORMS: &str = "skill://pdf-processing/references/FORMS.md";
const TEXT: &str = "---\nname: pdf-processing\ndescription: Fills forms\nmetadata:\n  version: \"2.1\"\n---\n# Read\n";
// Of `TEXT` and of `FORM`, by another program.
const TEXT_DIGEST: &str = "sha256:2de1cb1c21fd7d679f67b5ef6f86d119fcd1d281dab2c17d2831fb3cfccc30d0";
const FORM: &[u8] = b"\x00\xffform";
const FORM_DIGEST: &str = "sha256:dec7963c2ecebe2504ad1bf6ae98c2419aa6d43fda6fa6eb7374b8e67ea036a5";

#[derive(Clone)]
struct Shelf {
    is_legacy: bool,
    declared: Value,
    files: Arc<Mutex<BTreeMap<String, Value>>>,
    read: Arc<Mutex<Vec<String>>>,
}

fn entry() -> Value {
    json!({
        "uri": MAIN,
        "frontmatter": {
            "metadata": {"version": "2.1"}, "name": "pdf-processing", "description": "Fills forms",
        },
        "resources": [
            {"uri": MAIN, "digest": TEXT_DIGEST, "size": TEXT.len()},
            {"uri": FORMS, "digest": FORM_DIGEST, "size": FORM.len()},
        ],
    })
}

fn skill(entry: Value) -> Skill {
    serde_json::from_value(entry).unwrap()
}

impl Service for Shelf {
    async fn call(&self, request: Request) -> Reply {
        let params: Value = request.params.parse().unwrap();
        let uri = params["uri"].as_str().unwrap_or_default();
        let capabilities = json!({"extensions": {"io.modelcontextprotocol/skills": self.declared}});
        let result = match &*request.method {
            "server/discover" if !self.is_legacy => {
                json!({"supportedVersions": ["2026-07-28"], "capabilities": capabilities})
            }
            "initialize" => json!({
                "protocolVersion": "2025-11-25",
                "capabilities": capabilities,
                "serverInfo": {"name": "shelf", "version": "1"},
            }),
            "skills/list" if params.get("cursor").is_none() => {
                json!({"skills": [entry()], "nextCursor": "2", "ttlMs": 1_000})
            }
            "skills/list" => {
                let other = json!({
                    "uri": "skill://daily/SKILL.md",
                    "frontmatter": {"name": "daily", "description": "d"},
                    "resources": "dynamic",
                });
                json!({"skills": [other]})
            }
            "skills/get" if uri == MAIN => json!({"skill": entry()}),
            "resources/directory/read" if params.get("cursor").is_none() => json!({
                "resources": [{"uri": format!("{uri}/a"), "name": "a", "mimeType": "inode/directory"}],
                "nextCursor": "",
            }),
            "resources/directory/read" => {
                json!({"resources": [{"uri": format!("{uri}/b.md"), "name": "b.md"}]})
            }
            "resources/read" => {
                self.read.lock().unwrap().push(uri.to_owned());
                let files = self.files.lock().unwrap();
                let Some(contents) = files.get(uri) else {
                    return Err(ErrorObject::invalid_params("no such file").into());
                };
                let mut contents = contents.clone();
                contents["uri"] = json!(uri);
                json!({"contents": [contents], "ttlMs": 3_600_000})
            }
            other => return Err(ErrorObject::method_not_found(other).into()),
        };
        Ok(JsonBytes::new(&result).unwrap())
    }

    async fn notify(&self, _: Notification) {}
}

async fn shelf(is_legacy: bool) -> (Client, Shelf) {
    shelf_with(Client::builder(), is_legacy).await
}

async fn shelf_with(builder: ClientBuilder, is_legacy: bool) -> (Client, Shelf) {
    let files = BTreeMap::from([
        (MAIN.to_owned(), json!({ "text": TEXT })),
        (FORMS.to_owned(), json!({ "blob": "AP9mb3Jt" })),
        ("skill://pdf-processing/unlisted.md".to_owned(), json!({"text": "psst"})),
    ]);
    let files = Arc::new(Mutex::new(files));
    let shelf =
        Shelf { is_legacy, declared: json!({"directoryRead": true}), files, read: Arc::default() };
    let service = shelf.clone();
    (builder.connect_service(|_| service).await.unwrap(), shelf)
}

#[tokio::test]
async fn skills_are_listed_without_reading_a_file_and_loaded_one_by_one() {
    for is_legacy in [false, true] {
        let (client, shelf) = shelf(is_legacy).await;
        let skills = client.list_skills().await.unwrap();
        assert_eq!(skills.len(), 2);
        assert_eq!(skills[0], skill(entry()));
        assert_eq!(client.get_skill(MAIN).await.unwrap().skill, skills[0]);
        assert_eq!(
            client.get_skill("skill://x/SKILL.md").await.unwrap_err().kind(),
            ErrorKind::Peer
        );
        assert!(shelf.read.lock().unwrap().is_empty(), "nothing ahead of need");

        let loaded = client.load_skill(&skills[0]).await.unwrap();
        assert_eq!((loaded.text(), loaded.instructions()), (TEXT, "# Read\n"));
        assert!(loaded.is_verified());
        assert_eq!(*shelf.read.lock().unwrap(), [MAIN]);
        for reference in ["references/FORMS.md", "./references/../references/FORMS.md", FORMS] {
            assert_eq!(loaded.read(reference).await.unwrap(), FORM);
        }
    }
}

#[tokio::test]
async fn what_is_not_as_it_was_listed_is_not_given_out() {
    let (client, shelf) = shelf(false).await;
    let same_size = TEXT.replace("# Read", "# Reap");
    let other_head = |head: &str| TEXT.replace("description: Fills forms", head);
    let tampered =
        |text: &str| shelf.files.lock().unwrap().insert(MAIN.to_owned(), json!({ "text": text }));
    for (text, named) in
        [(same_size.as_str(), "digest"), ("", "bytes"), (&format!("{TEXT} "), "bytes")]
    {
        tampered(text);
        let error = client.load_skill(&skill(entry())).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Mismatch);
        assert!(error.to_string().contains(named), "{error}");
    }
    tampered(TEXT);
    // The digest is right, and the entry shows the user something else than the model would read.
    let mut lies = entry();
    lies["frontmatter"]["description"] = json!("Harmless");
    let error = client.load_skill(&skill(lies)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Mismatch);
    assert!(error.to_string().contains("description"), "{error}");
    let mut lies = entry();
    lies["frontmatter"]["allowed-tools"] = json!("Bash");
    assert_eq!(client.load_skill(&skill(lies)).await.unwrap_err().kind(), ErrorKind::Mismatch);

    // What has no digests is compared too.
    let mut dynamic = entry();
    dynamic["resources"] = json!("dynamic");
    let loaded = client.load_skill(&skill(dynamic.clone())).await.unwrap();
    assert!(!loaded.is_verified());
    assert_eq!(loaded.read("unlisted.md").await.unwrap(), b"psst");
    tampered(&other_head("description: Another"));
    assert_eq!(client.load_skill(&skill(dynamic)).await.unwrap_err().kind(), ErrorKind::Mismatch);
}

#[tokio::test]
async fn files_that_were_not_listed_are_refused_without_being_read() {
    let (client, shelf) = shelf(false).await;
    let loaded = client.load_skill(&skill(entry())).await.unwrap();
    shelf.read.lock().unwrap().clear();
    for (reference, kind) in [
        ("unlisted.md", ErrorKind::Mismatch),
        ("skill://pdf-processing/unlisted.md", ErrorKind::Mismatch),
        ("../other/SKILL.md", ErrorKind::InvalidArgument),
        ("/etc/passwd", ErrorKind::InvalidArgument),
        ("%2e%2e/x", ErrorKind::InvalidArgument),
        ("file:///etc/passwd", ErrorKind::InvalidArgument),
        ("skill://other/SKILL.md", ErrorKind::InvalidArgument),
    ] {
        assert_eq!(loaded.read(reference).await.unwrap_err().kind(), kind, "{reference}");
    }
    assert!(shelf.read.lock().unwrap().is_empty());
    // A listed file that changed meanwhile.
    shelf.files.lock().unwrap().insert(FORMS.to_owned(), json!({"blob": "AP9mb3Ju"}));
    assert_eq!(loaded.read(FORMS).await.unwrap_err().kind(), ErrorKind::Mismatch);
}

#[tokio::test]
async fn an_unsound_entry_is_refused_before_anything_is_read() {
    let (client, shelf) = shelf(false).await;
    let mut huge = entry();
    huge["resources"][1]["size"] = json!(1 << 30);
    assert_eq!(client.load_skill(&skill(huge)).await.unwrap_err().kind(), ErrorKind::Decode);
    assert!(shelf.read.lock().unwrap().is_empty());
}

#[tokio::test]
async fn directories_are_read_page_by_page_where_the_server_can() {
    let (client, shelf) = shelf(false).await;
    let entries = client.read_directory("skill://pdf-processing").await.unwrap();
    let shown: Vec<_> =
        entries.iter().map(|entry| (entry.name.as_str(), entry.is_directory())).collect();
    assert_eq!(shown, [("a", true), ("b.md", false)]);
    assert_eq!(entries[1].uri, "skill://pdf-processing/b.md");

    let without = Shelf { declared: json!({}), ..shelf };
    let client = Client::builder().connect_service(|_| without).await.unwrap();
    let error = client.read_directory("skill://pdf-processing").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.to_string().contains("directoryRead"), "{error}");
    client.list_skills().await.unwrap();
}

#[tokio::test]
async fn a_server_without_skills_is_not_asked_for_them() {
    let (client, _fake) = crate::fake::modern().await;
    assert_eq!(client.list_skills().await.unwrap_err().kind(), ErrorKind::InvalidArgument);
    assert_eq!(client.get_skill(MAIN).await.unwrap_err().kind(), ErrorKind::InvalidArgument);
}

#[tokio::test]
async fn files_bytes_and_front_matter_of_a_skill_are_bounded() {
    let limited = async |change: fn(&mut Limits)| {
        let mut limits = Limits::new();
        change(&mut limits);
        shelf_with(Client::builder().limits(limits), false).await.0
    };
    let refused = async |client: Client, entry: Value| {
        client.load_skill(&skill(entry)).await.unwrap_err().to_string()
    };
    let client = limited(|limits| limits.skills.max_files = 1).await;
    let error = refused(client, entry()).await;
    assert!(error.contains("2 files, more than 1 (Limits::skills.max_files)"), "{error}");

    let client = limited(|limits| limits.skills.max_bytes = 20).await;
    let error = refused(client.clone(), entry()).await;
    assert!(error.contains("more than 20 (Limits::skills.max_bytes)"), "{error}");
    // Without listed sizes the bytes that are read count.
    let mut dynamic = entry();
    dynamic["resources"] = json!("dynamic");
    let error = refused(client, dynamic).await;
    assert!(error.contains("more than 20 bytes (Limits::skills.max_bytes)"), "{error}");

    let client = limited(|limits| limits.skills.max_front_matter_bytes = 20).await;
    let error = refused(client, entry()).await;
    assert!(error.contains("exceeds the limit of 20 bytes (max_front_matter_bytes)"), "{error}");
}
