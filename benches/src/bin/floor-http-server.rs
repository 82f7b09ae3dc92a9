//! The practical limit of an HTTP server: hyper's HTTP/1 and a hand-written answer that checks
//! nothing. It tells neither sessions nor headers apart.
//!
//! `floor-http-server [--tools N] [--legacy]`. It prints the address that it serves, and knows
//! 2026-07-28, or 2025-11-25 with `--legacy`.
#![expect(clippy::print_stdout, reason = "the load generator reads the address from there")]

use std::{convert::Infallible, env, sync::Arc};

use http_body_util::{BodyExt as _, Full};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{CONTENT_TYPE, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use mcp_benches::{Error, floor::Floor, messages::Era, tools};
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

async fn serve(floor: Arc<Floor>, stream: TcpStream) -> Result<(), Error> {
    stream.set_nodelay(true)?;
    let service = service_fn(move |request| answer(Arc::clone(&floor), request));
    Ok(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await?)
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let era =
        if env::args().any(|argument| argument == "--legacy") { Era::Legacy } else { Era::Modern };
    let floor = Arc::new(Floor::new(era, tools::count_from_arguments()));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        // A connection that breaks is the client's affair.
        tokio::spawn(serve(Arc::clone(&floor), stream));
    }
}
