//! Sessions that come and go (THREAT-48).

use std::time::Duration;

use mcp_server::Limits;
use mcp_server::http::HttpService;

use super::{initialize, legacy_call, resident, stream_of, turn};
use crate::fixture;
use mcp_test_support::http::Call;

async fn begin(service: &HttpService) -> String {
    initialize().send(service).await.header("mcp-session-id").unwrap().to_owned()
}

/// A thousand sessions that call, stream and are deleted.
async fn thousand(service: &HttpService) {
    let mut open = Vec::new();
    for _ in 0..1_000 {
        let session = begin(service).await;
        let stream = stream_of(&session).begin(service).await;
        let told =
            legacy_call(&session, "tell", serde_json::json!({ "count": 3 })).send(service).await;
        assert_eq!(told.events().len(), 4);
        open.push((session, stream));
    }
    for (session, stream) in open {
        let mut delete = stream_of(&session);
        delete.method = http::Method::DELETE;
        assert!(delete.send(service).await.status.is_success());
        drop(stream);
    }
}

#[tokio::test]
async fn memory_is_back_after_a_thousand_sessions_are_deleted() {
    let _turn = turn().await;
    let service = fixture::server().0.into_service().unwrap();
    // The first ones stretch what every process has: allocator, code, tables.
    thousand(&service).await;
    thousand(&service).await;
    let before = resident();
    for _ in 0..3 {
        thousand(&service).await;
    }
    let after = resident();
    assert!(after <= before + before / 10, "{} KiB became {} KiB", before >> 10, after >> 10);
}

#[tokio::test(start_paused = true)]
async fn abandoned_sessions_make_room_for_others() {
    let _turn = turn().await;
    let mut limits = Limits::new();
    limits.http.max_sessions = 100;
    let service = fixture::server().0.limits(limits).into_service().unwrap();
    let mut first = String::new();
    for number in 0..5_000 {
        let session = begin(&service).await;
        if number == 0 {
            first = session;
        }
        if number % 100 == 99 {
            assert_eq!(initialize().send(&service).await.status, 503, "all places are taken");
            tokio::time::advance(Duration::from_secs(11)).await;
        }
    }
    let call: Call = legacy_call(&first, "echo", serde_json::json!({ "text": "late" }));
    assert_eq!(call.send(&service).await.status, 404);
}
