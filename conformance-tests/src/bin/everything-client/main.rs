//! The client for the official conformance suite. It runs each scenario with the public API only.
//!
//! The suite starts it as `everything-client URL`, with the scenario and the revision in the
//! environment. It exits with 0 if the scenario succeeded; otherwise it prints the error to
//! standard error. In an unknown scenario it lists the tools and calls each of them.

// Deprecated features work until the specification removes them.
#![allow(deprecated)]

mod answers;
mod authorization;
mod browser;
mod calls;
mod failure;
mod grants;
mod headers;
mod input;
mod scenario;
mod schemas;
mod skills;

use std::process::ExitCode;
use std::time::Duration;

use failure::{Failure, chain};
use scenario::Scenario;

/// Time limit of a scenario. The suite allows 30 s.
const DEADLINE: Duration = Duration::from_secs(25);

async fn run(scenario: &Scenario) -> Result<(), Failure> {
    match scenario.name() {
        "initialize" => calls::initialize(scenario).await,
        "tools_call" | "stateless_server" => calls::tools_call(scenario).await,
        "session-renegotiation-404" => calls::session_renegotiation(scenario).await,
        "legacy-extensions" => calls::extensions(scenario).await,
        "sse-retry" => calls::reconnection(scenario).await,
        "request-metadata" => calls::request_metadata(scenario).await,
        "elicitation-sep1034-client-defaults" => input::form_defaults(scenario).await,
        "sep-2322-client-request-state" => input::rounds(scenario).await,
        "http-standard-headers" => headers::standard(scenario).await,
        "http-custom-headers" => headers::custom(scenario).await,
        "http-invalid-tool-headers" => headers::invalid_tools(scenario).await,
        "json-schema-ref-no-deref" => schemas::references(scenario).await,
        "json-schema-2020-12-preservation" => schemas::preservation(scenario).await,
        "auth/metadata-default"
        | "auth/metadata-var1"
        | "auth/metadata-var2"
        | "auth/metadata-var3"
        | "auth/metadata-query-params"
        | "auth/basic-cimd"
        | "auth/scope-from-www-authenticate"
        | "auth/scope-from-scopes-supported"
        | "auth/scope-omitted-when-undefined"
        | "auth/scope-step-up"
        | "auth/scope-step-up-with-refresh-token"
        | "auth/token-endpoint-auth-basic"
        | "auth/token-endpoint-auth-post"
        | "auth/token-endpoint-auth-none"
        | "auth/offline-access-not-supported"
        | "auth/authorization-server-migration"
        | "auth/iss-supported"
        | "auth/iss-not-advertised"
        | "auth/2025-03-26-oauth-metadata-backcompat"
        | "auth/2025-03-26-oauth-endpoint-fallback" => authorization::granted(scenario).await,
        "auth/scope-retry-limit"
        | "auth/resource-mismatch"
        | "auth/iss-supported-missing"
        | "auth/iss-wrong-issuer"
        | "auth/iss-unexpected"
        | "auth/iss-normalized"
        | "auth/metadata-issuer-mismatch" => authorization::refused(scenario).await,
        "auth/token-refresh-basic" | "auth/token-refresh-rotation" => {
            authorization::refreshed(scenario).await
        }
        "auth/offline-access-scope" => authorization::without_a_document(scenario).await,
        "auth/pre-registration" => authorization::registered(scenario).await,
        "auth/client-credentials-basic" => grants::client_secret(scenario).await,
        "auth/client-credentials-jwt" => grants::client_key(scenario).await,
        "auth/enterprise-managed-authorization" => grants::enterprise_managed(scenario).await,
        "auth/wif-jwt-bearer" => grants::workload_identity(scenario).await,
        "auth/dpop" | "auth/dpop-nonce" => grants::dpop(scenario).await,
        "sep-2640-client-no-prefetch" => skills::list(scenario).await,
        "sep-2640-client-verify-digest"
        | "sep-2640-client-verify-size"
        | "sep-2640-client-verify-frontmatter" => skills::refuse(scenario).await,
        // Scenarios of later releases.
        _ => authorization::unknown(scenario).await,
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let outcome = async {
        let scenario = Scenario::from_environment()?;
        match tokio::time::timeout(DEADLINE, run(&scenario)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(format!("the scenario did not finish within {DEADLINE:?}").into()),
        }
    };
    match outcome.await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("everything-client: {}", chain(&*failure));
            ExitCode::FAILURE
        }
    }
}
