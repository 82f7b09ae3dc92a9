//! Lists contain what the caller may use.

use std::time::Duration;

use mcp_server::types::CacheScope;
use serde_json::{Value, json};

use crate::fixture::{ERAS, Era, protection, routes, send, serve, service};

const LISTS: [(&str, &str); 4] = [
    ("tools/list", "tools"),
    ("prompts/list", "prompts"),
    ("resources/list", "resources"),
    ("resources/templates/list", "resourceTemplates"),
];

fn names(result: &Value, member: &str) -> Vec<String> {
    let items = result[member].as_array().unwrap();
    items.iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn each_caller_sees_what_it_may_use() {
    let service = service();
    for era in ERAS {
        for (token, expected) in [
            ("low", [&["open", "clone_repository", "whoami", "whoami_perhaps"][..], &[], &[], &[]]),
            (
                "full",
                [
                    &["open", "read", "clone_repository", "whoami", "whoami_perhaps"],
                    &["greet"],
                    &["secret"],
                    &["note"],
                ],
            ),
        ] {
            for ((method, member), expected) in LISTS.into_iter().zip(expected) {
                let answer = send(&service, era, token, method, json!({})).await;
                let listed = names(&answer.json()["result"], member);
                assert_eq!(listed, expected, "{era:?} {token} {method}");
            }
        }
    }
}

#[tokio::test]
async fn lists_that_may_differ_are_private() {
    let public = |builder: mcp_server::ServerBuilder| {
        builder.cache(Duration::from_secs(60), CacheScope::Public)
    };
    let service = public(routes()).protect(protection()).into_service().unwrap();
    for token in ["low", "full"] {
        for (method, _) in LISTS {
            let answer = send(&service, Era::Modern, token, method, json!({})).await;
            assert_eq!(answer.json()["result"]["cacheScope"], "private", "{token} {method}");
        }
    }
    let answer =
        send(&service, Era::Modern, "full", "resources/read", json!({ "uri": "text://secret" }))
            .await;
    assert_eq!(answer.json()["result"]["cacheScope"], "private");
}

#[tokio::test]
async fn pages_have_no_gaps_and_no_hidden_names() {
    let service = routes().page_size(2).protect(protection()).into_service().unwrap();
    for era in ERAS {
        let (mut all, mut cursor) = (Vec::new(), Value::Null);
        loop {
            let params = match &cursor {
                Value::Null => json!({}),
                cursor => json!({ "cursor": cursor }),
            };
            let answer = send(&service, era, "low", "tools/list", params).await;
            assert!(!answer.text.contains("\"read\""), "{}", answer.text);
            let result = answer.json()["result"].clone();
            let page = names(&result, "tools");
            assert!(!page.is_empty() && page.len() <= 2);
            all.extend(page);
            cursor = result["nextCursor"].clone();
            if cursor.is_null() {
                break;
            }
        }
        assert_eq!(all, ["open", "clone_repository", "whoami", "whoami_perhaps"]);
    }
}

#[tokio::test]
async fn lists_may_show_everything() {
    let service = serve(protection().list_denied());
    for era in ERAS {
        let answer = send(&service, era, "low", "tools/list", json!({})).await;
        assert_eq!(names(&answer.json()["result"], "tools").len(), 5);
    }
}

#[tokio::test]
async fn a_hidden_name_is_no_cursor() {
    let service = service();
    let list = |cursor: &str| {
        let params = json!({ "cursor": cursor });
        send(&service, Era::Modern, "low", "tools/list", params)
    };
    let (hidden, unknown) = (list("read").await, list("unknown").await);
    assert_eq!(hidden.code(), -32602);
    assert_eq!(hidden.text, unknown.text);
    assert!(list("open").await.json()["result"].is_object());
}
