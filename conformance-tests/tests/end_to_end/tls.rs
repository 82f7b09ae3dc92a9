//! The client's connection pool over TLS, with HTTP/1.1 and HTTP/2.

use std::sync::{Arc, Mutex};

use futures::future::join_all;
use http::Version;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use mcp_client::http::{Bytes, HttpStack as _, Network, Request, rustls};
use mcp_client::{Client, ErrorKind, Revision};
use rustls::pki_types::PrivateKeyDer;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tower_service::Service as _;

use crate::server::fixture;
use crate::transports::host;

/// A server with a self-signed certificate.
struct SecureServer {
    url: String,
    /// The configuration of a client that trusts the certificate.
    trusting: rustls::ClientConfig,
    /// The HTTP version of each request.
    seen: Arc<Mutex<Vec<Version>>>,
}

/// The configurations of a server with a self-signed certificate, and of a client that trusts it.
fn configurations(protocol: &[u8]) -> (rustls::ServerConfig, rustls::ClientConfig) {
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
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate).expect("a root");
    let trusting = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    (config, trusting)
}

async fn serve(protocol: &[u8]) -> SecureServer {
    let (config, trusting) = configurations(protocol);
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
                let answer = service_fn(move |request: Request<hyper::body::Incoming>| {
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
    SecureServer { url, trusting, seen }
}

#[tokio::test]
async fn calls_over_tls_use_the_negotiated_http_version() {
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
async fn an_untrusted_certificate_is_refused() {
    let server = serve(b"h2").await;
    let error = Client::connect_http(&server.url).await.expect_err("not trusted");
    assert_eq!(error.kind(), ErrorKind::Transport);
    assert!(format!("{error:?}").to_lowercase().contains("certificate"), "{error:?}");
    assert!(server.seen.lock().expect("no panic").is_empty());
}

#[tokio::test]
async fn a_request_that_the_server_has_read_is_not_taken_for_unsent() {
    for reads in [true, false] {
        let (config, trusting) = configurations(b"http/1.1");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("https://localhost:{}/", listener.local_addr().expect("bound").port());
        let serve = async {
            let (mut socket, _) = listener.accept().await.expect("a connection");
            if reads {
                let acceptor = TlsAcceptor::from(Arc::new(config));
                let mut stream = acceptor.accept(socket).await.expect("a handshake");
                assert_ne!(stream.read(&mut [0; 1_024]).await.expect("a request"), 0);
                socket = stream.into_inner().0;
            }
            // No record of TLS.
            socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.expect("it is read");
        };
        let network = Network::new().with_tls_config(trusting);
        let request = Request::get(&url).body(Bytes::new()).expect("a request");
        let (response, ()) = tokio::join!(network.send(request), serve);
        let error = response.expect_err("no response");
        assert_eq!(error.may_have_left(), reads, "{error:?}");
        assert_eq!(format!("{error:?}").contains("does not speak TLS"), !reads, "{error:?}");
    }
}
