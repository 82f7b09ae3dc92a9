//! Bodies that do not end, and the room that they take.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, StreamExt as _};
use futures::{FutureExt as _, Stream};
use http::Request;
use http_body::Frame;
use http_body_util::StreamBody;
use mcp_server::Limits;
use mcp_server::http::{HttpFuture, HttpService};
use mcp_test_support::http::Call;
use serde_json::json;
use tower_service::Service as _;

use crate::fixture;

fn service(bytes_in_flight: usize) -> HttpService {
    let mut limits = Limits::new();
    limits.http.max_body_bytes_in_flight = bytes_in_flight;
    fixture::server().0.limits(limits).into_service().unwrap()
}

fn echo(length: usize) -> Call {
    Call::tool("echo", json!({ "text": "x".repeat(length) }))
}

/// A request all of whose body has come but the last byte.
fn unfinished(
    call: &Call,
) -> Request<StreamBody<impl Stream<Item = Result<Frame<Bytes>, Infallible>> + use<>>> {
    let (parts, _) = call.request().into_parts();
    let come = Bytes::copy_from_slice(&call.body[..call.body.len() - 1]);
    let body = StreamBody::new(stream::iter([Ok(Frame::data(come))]).chain(stream::pending()));
    Request::from_parts(parts, body)
}

/// Begins a request whose body does not end.
fn begin(service: &HttpService, length: usize) -> HttpFuture {
    let mut answer = service.clone().call(unfinished(&echo(length)));
    assert!((&mut answer).now_or_never().is_none(), "it waits for the rest");
    answer
}

/// The statuses of those that are answered.
fn statuses(answers: &mut [HttpFuture]) -> Vec<Option<u16>> {
    answers
        .iter_mut()
        .map(|answer| answer.now_or_never().map(|answer| answer.unwrap().status().as_u16()))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn the_largest_and_oldest_body_is_evicted() {
    let service = service(1_000_000);
    let mut waiting = vec![begin(&service, 1_000), begin(&service, 300_000)];
    tokio::time::advance(Duration::from_secs(1)).await;
    waiting.extend([begin(&service, 300_000), begin(&service, 300_000)]);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(echo(200_000).send(&service).await.status, 200);
    assert_eq!(statuses(&mut waiting), [None, Some(503), None, None]);
    drop(waiting.remove(1));
    // As much as two of them hold, and then nothing for a while.
    assert_eq!(echo(800_000).send(&service).await.status, 200);
    assert_eq!(statuses(&mut waiting), [None, Some(503), Some(503)]);
    tokio::time::advance(Limits::new().http.body_timeout).await;
    assert_eq!(statuses(&mut waiting[..1]), [Some(408)]);
}

#[tokio::test(start_paused = true)]
async fn no_body_is_evicted_for_one_that_is_larger_or_does_not_fit_even_then() {
    let service = service(1_000_000);
    let mut waiting = vec![begin(&service, 1_000), begin(&service, 400_000)];
    let refused = echo(1_100_000).send(&service).await;
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (503, Some("1")));
    assert_eq!(
        echo(700_000).send(&service).await.status,
        503,
        "it is the larger one, and as young"
    );
    assert_eq!(statuses(&mut waiting), [None, None]);
    assert_eq!(echo(500_000).send(&service).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn the_number_of_bodies_that_are_arriving_is_limited() {
    let mut limits = Limits::new();
    limits.http.max_pending_bodies = 2;
    let service = fixture::server().0.limits(limits).into_service().unwrap();
    let first = begin(&service, 10);
    let second = begin(&service, 10);
    let refused = echo(10).send(&service).await;
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (503, Some("1")));
    drop(second);
    assert_eq!(echo(10).send(&service).await.status, 200);
    drop(first);
}
