//! Keys over a real connection, through the guard of URLs.

use mcp_core::jose::SigningAlgorithm;
use mcp_server::auth::{JwtVerifier, VerifyError};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::tokens::{Token, key_set, now, verify};

/// Answers one request for a document, and closes the connection.
async fn answer(mut stream: TcpStream, issuer: &str) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head);
    let path = head.split(' ').nth(1).unwrap_or_default();
    let (status, body) = match path {
        "/.well-known/openid-configuration" => {
            ("200 OK", json!({"issuer": issuer, "jwks_uri": format!("{issuer}/keys")}))
        }
        "/keys" => ("200 OK", key_set()),
        _ => ("404 Not Found", json!({})),
    };
    let body = body.to_string();
    let length = body.len();
    let fields = format!("Content-Length: {length}\r\nConnection: close");
    stream.write_all(format!("HTTP/1.1 {status}\r\n{fields}\r\n\r\n{body}").as_bytes()).await
}

/// An authorization server on this machine. Returns its issuer.
async fn authorization_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let served = issuer.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A client that closes early is none of this server's business.
            let _ = answer(stream, &served).await;
        }
    });
    issuer
}

#[tokio::test]
async fn keys_are_fetched_over_the_network() {
    let issuer = authorization_server().await;
    let builder = || JwtVerifier::builder(&issuer).allow_private_hosts(["127.0.0.1"]).clock(now);
    let token = Token::new(SigningAlgorithm::Ps384).claims(json!({"iss": issuer})).text();

    let verified = verify(&builder().build().unwrap(), &token).await.unwrap();
    assert_eq!(verified.principal.issuer(), Some(&*issuer));

    let elsewhere = builder().keys_url(format!("{issuer}/elsewhere")).build().unwrap();
    let error = verify(&elsewhere, &token).await.unwrap_err();
    assert!(matches!(error, VerifyError::Undecided { .. }), "{error}");
    assert!(error.to_string().contains("there are no keys at"), "{error}");
}
