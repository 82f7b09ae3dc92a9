//! A scenario of the suite, and the client that runs it.

use std::env;

use mcp_client::types::{CreateMessageResult, ElicitResult, Role, Root, SamplingContent};
use mcp_client::{Client, ClientBuilder, Revision};
use serde::de::DeserializeOwned;

use crate::answers::filled_in;
use crate::failure::Failure;

/// One run of the suite.
#[derive(Debug)]
pub(crate) struct Scenario {
    name: String,
    revision: Revision,
    context: Option<String>,
    url: String,
}

impl Scenario {
    /// Reads the scenario from the command line and the environment.
    pub(crate) fn from_environment() -> Result<Self, Failure> {
        let url = env::args().nth(1).ok_or("usage: everything-client URL")?;
        let name = variable("MCP_CONFORMANCE_SCENARIO")?;
        let revision = variable("MCP_CONFORMANCE_PROTOCOL_VERSION")?;
        let revision =
            revision.parse().map_err(|_| format!("the revision {revision:?} is unknown"))?;
        Ok(Self { name, revision, context: env::var("MCP_CONFORMANCE_CONTEXT").ok(), url })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Parses the context of the scenario, which the suite passes as JSON.
    pub(crate) fn context<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        let context = self.context.as_deref().ok_or("MCP_CONFORMANCE_CONTEXT is not set")?;
        serde_json::from_str(context)
            .map_err(|error| format!("MCP_CONFORMANCE_CONTEXT: {error}").into())
    }

    /// Creates the builder of a client on the revision of the run, which answers all requests of
    /// servers.
    pub(crate) fn client(&self) -> ClientBuilder {
        Client::builder()
            .revision(self.revision)
            .client_info("everything-client", env!("CARGO_PKG_VERSION"))
            .on_elicit(
                |form| async move { ElicitResult::accept(filled_in(&form.requested_schema)) },
            )
            .on_elicit_url(|_| async { Ok(ElicitResult::accept_url()) })
            .on_create_message(|_| async {
                Ok(CreateMessageResult::new(
                    Role::Assistant,
                    SamplingContent::text("A sample."),
                    "no-model",
                ))
            })
            .roots([Root::new("file:///everything")])
    }

    /// Connects a [`Scenario::client`].
    pub(crate) async fn connect(&self) -> Result<Client, Failure> {
        Ok(self.client().connect_http(&self.url).await?)
    }
}

fn variable(name: &str) -> Result<String, Failure> {
    env::var(name).map_err(|error| format!("{name}: {error}").into())
}
