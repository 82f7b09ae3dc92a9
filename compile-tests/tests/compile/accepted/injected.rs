#![deny(warnings)]

use mcp_server::extract::{Extension, FromContext, State};
use mcp_server::{Context, ErrorObject, routes, tool};

struct Counter(u32);

type Ctx = Context;

struct Caller(String);

impl FromContext for Caller {
    fn from_context(_: &Context) -> Result<Self, ErrorObject> {
        Ok(Self("anonymous".to_owned()))
    }
}

#[tool]
async fn anywhere(
    first: u8,
    by_reference: &Context,
    second: u8,
    by_value: mcp_server::Context,
    state: State<Counter>,
    borrowed_state: &State<Counter>,
    extension: Extension<Counter>,
    #[arg(inject)] alias: &Ctx,
    #[arg(inject)] Caller(name): Caller,
) -> String {
    let _ = (by_reference, by_value, alias);
    std::future::ready(()).await;
    format!("{} {} {} {name} {first} {second}", state.0, borrowed_state.0, extension.0.0)
}

mod own {
    #[derive(serde::Deserialize, schemars::JsonSchema)]
    pub(crate) struct Context {
        pub(crate) line: u32,
    }
}

// A type of one's own that has the name: `#[arg]` says that it is an argument.
#[tool]
fn own_context(#[arg] context: own::Context) -> u32 {
    context.line
}

#[test]
fn values_of_the_call_are_injected() {
    let _ = routes![anywhere, own_context];
}
