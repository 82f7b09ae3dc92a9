//! TLS: the configuration of the application, or the certificates that the system trusts.

use std::io;

use hyper_rustls::HttpsConnectorBuilder;
use hyper_rustls::builderstates::WantsSchemes;

/// Begins a connector with a configuration, whose versions of HTTP are filled in, or that of the
/// system, which takes a while to read.
pub(super) fn builder(
    config: Option<&rustls::ClientConfig>,
) -> io::Result<HttpsConnectorBuilder<WantsSchemes>> {
    let builder = HttpsConnectorBuilder::new();
    match config {
        Some(config) => Ok(builder.with_tls_config(config.clone())),
        None => {
            let provider = rustls::crypto::ring::default_provider();
            builder.with_provider_and_platform_verifier(provider)
        }
    }
}
