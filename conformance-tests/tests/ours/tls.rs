//! Over TLS, by HTTP/1 and by HTTP/2: what the client's pool does on a socket that the other tests
//! do not have.

use std::sync::{Arc, Mutex};

use futures::future::join_all;
use http::Version;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use mcp_client::http::{Network, rustls};
use mcp_client::{Client, ErrorKind, Revision};
use rustls::pki_types::PrivateKeyDer;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tower_service::Service as _;

use crate::server::fixture;
use crate::ways::host;

/// A server with a certificate that nobody else trusts.
struct Secure {
    url: String,
    trusting: rustls::ClientConfig,
    /// The version of HTTP of each request.
    seen: Arc<Mutex<Vec<Version>>>,
}

async fn serve(protocol: &[u8]) -> Secure {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
    let mut config = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .expect("a configuration");
    config.alpn_protocols = vec![protocol.to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("https://localhost:{}/mcp", listener.local_addr().expect("bound").port());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let service = fixture().server.into_service();
    let (log, is_http2) = (Arc::clone(&seen), protocol == b"h2");
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let (acceptor, service, log) = (acceptor.clone(), service.clone(), Arc::clone(&log));
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(socket).await else { return };
                let answer = service_fn(move |request: http::Request<hyper::body::Incoming>| {
                    log.lock().expect("no panic").push(request.version());
                    service.clone().call(request)
                });
                let stream = TokioIo::new(stream);
                if is_http2 {
                    let http = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                    drop(http.serve_connection(stream, answer).await);
                } else {
                    let mut http = hyper::server::conn::http1::Builder::new();
                    drop(http.timer(TokioTimer::new()).serve_connection(stream, answer).await);
                }
            });
        }
    });
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate).expect("a root");
    let trusting = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Secure { url, trusting, seen }
}

#[tokio::test]
async fn calls_go_over_tls_by_the_version_of_http_that_is_agreed_on() {
    for (protocol, version) in [(&b"http/1.1"[..], Version::HTTP_11), (b"h2", Version::HTTP_2)] {
        for revision in [Revision::V2025_11_25, Revision::V2026_07_28] {
            let server = serve(protocol).await;
            let network = Network::new().with_tls_config(server.trusting.clone());
            let client =
                host(revision).http_stack(network).connect_http(&server.url).await.expect("TLS");
            let calls = (0..50).map(|number| {
                let client = client.clone();
                async move {
                    let reply = client
                        .call_tool("multiply", &json!({ "a": number, "b": 2 }))
                        .await
                        .expect("a reply");
                    assert_eq!(reply.text(), (2 * number).to_string());
                }
            });
            join_all(calls).await;
            let talk =
                client.call_tool("talk", &json!({})).on_progress(|_| {}).await.expect("a stream");
            assert_eq!(talk.text(), "talked");
            client.close().await;
            let seen = server.seen.lock().expect("no panic");
            assert!(seen.len() > 50 && seen.iter().all(|seen| *seen == version), "{seen:?}");
        }
    }
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused() {
    let server = serve(b"h2").await;
    let error = Client::connect_http(&server.url).await.expect_err("not trusted");
    assert_eq!(error.kind(), ErrorKind::Transport);
    assert!(format!("{error:?}").to_lowercase().contains("certificate"), "{error:?}");
    assert!(server.seen.lock().expect("no panic").is_empty());
}
