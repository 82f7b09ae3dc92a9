//! The practical lower limit of an HTTP server: hyper with hand-written answers. It checks nothing,
//! and ignores sessions and headers.
//!
//! `floor-http-server [--tools N] [--extra] [--legacy] [--http2]`. It serves 2026-07-28, or
//! 2025-11-25 with `--legacy`, over HTTP/1.1, or HTTP/2 with prior knowledge, and prints its
//! address.
#![expect(
    clippy::print_stdout,
    reason = "the load generator reads the address from standard output"
)]

use std::{convert::Infallible, env, sync::Arc};

use http_body_util::{BodyExt as _, Full};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{CONTENT_TYPE, HeaderValue},
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use mcp_benches::{Error, floor::Floor};
use tokio::net::{TcpListener, TcpStream};

async fn answer(
    floor: Arc<Floor>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let mut response = Response::new(Full::default());
    let status = match *request.method() {
        Method::POST => {
            let mut answer = Vec::new();
            let read = request.into_body().collect().await.map_err(Error::from);
            match read.and_then(|body| floor.answer(&body.to_bytes(), &mut answer)) {
                Err(_) => StatusCode::BAD_REQUEST,
                Ok(()) if answer.is_empty() => StatusCode::ACCEPTED,
                Ok(()) => {
                    *response.body_mut() = answer.into();
                    let json = HeaderValue::from_static("application/json");
                    response.headers_mut().insert(CONTENT_TYPE, json);
                    response
                        .headers_mut()
                        .insert("mcp-session-id", HeaderValue::from_static("floor"));
                    StatusCode::OK
                }
            }
        }
        Method::DELETE => StatusCode::OK,
        _ => StatusCode::METHOD_NOT_ALLOWED,
    };
    *response.status_mut() = status;
    Ok(response)
}

async fn serve(floor: Arc<Floor>, stream: TcpStream, is_http2: bool) -> Result<(), Error> {
    stream.set_nodelay(true)?;
    let service = service_fn(move |request| answer(Arc::clone(&floor), request));
    let stream = TokioIo::new(stream);
    if is_http2 {
        http2::Builder::new(TokioExecutor::new()).serve_connection(stream, service).await?;
    } else {
        http1::Builder::new().serve_connection(stream, service).await?;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let floor = Arc::new(Floor::from_arguments());
    let is_http2 = env::args().any(|argument| argument == "--http2");
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        // The load generator reports failed connections.
        tokio::spawn(serve(Arc::clone(&floor), stream, is_http2));
    }
}
