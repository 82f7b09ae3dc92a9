//! The server of the benches, written with rmcp. For its best performance, the router is built
//! once.

#[path = "../../../src/fixture/mod.rs"]
pub mod fixture;

use fixture::{
    form::Form,
    record::Record,
    tools::{self, Choice},
};
use rmcp::{
    ErrorData, Json, ServerHandler,
    handler::server::{
        router::tool::{ToolRoute, ToolRouter},
        tool::{InputResponses, RequestState},
        wrapper::Parameters,
    },
    model::{
        CallToolResponse, CallToolResult, ContentBlock, ElicitRequest, ElicitRequestParams,
        InputRequest, InputRequests, InputRequiredResult, JsonObject, RequestStateCodec,
        ServerCapabilities, ServerConfig, Tool,
    },
    schemars, tool, tool_handler, tool_router,
};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Echo {
    text: String,
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Add {
    a: i64,
    b: i64,
}

/// The state of `ask` between its two requests.
const STATE: &[u8] = b"asked";

/// The tools of the benches.
pub struct Bench {
    tool_router: ToolRouter<Self>,
    /// Seals the state of `ask`.
    codec: RequestStateCodec,
}

#[tool_router]
impl Bench {
    #[tool(description = "Give the text back.")]
    async fn echo(&self, Parameters(Echo { text }): Parameters<Echo>) -> String {
        text
    }

    #[tool(description = "Add two numbers.")]
    async fn add(&self, Parameters(Add { a, b }): Parameters<Add>) -> String {
        (a + b).to_string()
    }

    #[tool(description = "Return a record with 50 fields.")]
    async fn record(&self) -> Json<Record> {
        Json(Record::sample())
    }

    #[tool(description = "Take an order with 20 arguments.")]
    async fn form(&self, Parameters(form): Parameters<Form>) -> String {
        form.answer()
    }

    #[tool(description = "Ask the user, and answer what they say.")]
    async fn ask(
        &self,
        RequestState(state): RequestState,
        InputResponses(answers): InputResponses,
    ) -> Result<CallToolResponse, ErrorData> {
        let Some(state) = state else { return self.question() };
        if !self.codec.open(&state).is_ok_and(|state| state == STATE) {
            return Err(ErrorData::invalid_params("not a state of this server", None));
        }
        let sure = answers
            .as_ref()
            .and_then(|answers| answers.get("confirm"))
            .and_then(|answer| answer["content"]["sure"].as_bool())
            .ok_or_else(|| ErrorData::invalid_params("no answer", None))?;
        Ok(CallToolResult::success(vec![ContentBlock::text(tools::answer_to_question(sure))])
            .into())
    }

    fn question(&self) -> Result<CallToolResponse, ErrorData> {
        let schema = json!({
            "type": "object",
            "properties": { "sure": { "type": "boolean", "description": tools::QUESTION } },
            "required": ["sure"],
        });
        let form = ElicitRequestParams::FormElicitationParams {
            meta: None,
            message: tools::QUESTION.into(),
            requested_schema: serde_json::from_value(schema)
                .map_err(|error| ErrorData::internal_error(error.to_string(), None))?,
        };
        let requests = InputRequests::from_iter([(
            "confirm".to_owned(),
            InputRequest::Elicitation(ElicitRequest::new(form)),
        )]);
        Ok(InputRequiredResult::new(Some(requests), Some(self.codec.seal(STATE))).into())
    }

    /// Creates a server with these tools.
    pub fn new(Choice { count, extra }: Choice) -> Result<Self, Box<dyn std::error::Error>> {
        let mut tool_router = Self::tool_router();
        for spec in tools::table(count).into_iter().skip(2) {
            let schema: JsonObject = serde_json::from_str(&spec.input_schema)?;
            tool_router.add_route(ToolRoute::new_dyn(
                Tool::new(spec.name, spec.description, schema),
                |_| {
                    let answer = vec![ContentBlock::text(tools::TRIVIAL_ANSWER)];
                    Box::pin(async { Ok(CallToolResult::success(answer).into()) })
                },
            ));
        }
        if count < 2 {
            tool_router.remove_route("add");
        }
        if !extra {
            for name in ["record", "form", "ask"] {
                tool_router.remove_route(name);
            }
        }
        Ok(Self { tool_router, codec: RequestStateCodec::try_new([7; 32])? })
    }
}

#[tool_handler(router = self.tool_router)]
impl ServerHandler for Bench {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }
}
