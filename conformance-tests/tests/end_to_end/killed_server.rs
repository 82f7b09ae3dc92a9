//! Calls in flight when the server process is killed.

use std::process::Command;
use std::time::{Duration, Instant};

use futures::future::{join_all, poll_immediate};
use mcp_client::{ErrorKind, Revision};
use serde_json::json;

use crate::transports::{everything_server, host};

#[tokio::test]
async fn a_thousand_calls_in_flight_fail_immediately_with_the_exit_status() {
    for revision in [Revision::V2025_11_25, Revision::V2026_07_28] {
        let client = host(revision).connect_command(everything_server()).await.expect("initialize");
        let call = || client.call_tool("slow", &json!({ "ms": 600_000 })).into_future();
        let mut calls: Vec<_> = (0..1_000).map(|_| call()).collect();
        for call in &mut calls {
            assert!(poll_immediate(call).await.is_none(), "the first poll sends the call");
        }
        let child = client.child_id().expect("a child process").to_string();
        let killed = Instant::now();
        assert!(
            Command::new("kill").args(["-KILL", &child]).status().expect("kill runs").success()
        );
        for outcome in join_all(calls).await {
            let error = outcome.expect_err("the server was killed");
            assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error:?}");
            assert!(format!("{error:?}").contains("signal: 9"), "{error:?}");
        }
        assert!(killed.elapsed() < Duration::from_millis(500), "{:?}", killed.elapsed());
    }
}
