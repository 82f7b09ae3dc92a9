//! Server of rmcp 3.11.0 for the tests of the client: Streamable HTTP, both eras. ../FIXTURE.md
//! documents its features. It prints its URL to standard error.

// The server also supports 2025-11-25, which has features that 2026-07-28 removed.
#![allow(deprecated)]

use std::error::Error;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use rmcp::model::*;
use rmcp::service::{RequestContext, RoleServer, SubscriptionContext, SubscriptionSink};
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
};
use rmcp::{ErrorData, Peer, ServerHandler};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

type Context = RequestContext<RoleServer>;

/// The state that all sessions share.
#[derive(Default)]
struct Shared {
    cancelled: AtomicUsize,
    has_extra: AtomicBool,
    /// Open subscriptions of 2026-07-28.
    listeners: Mutex<Vec<SubscriptionSink>>,
}

/// One session, or one request of 2026-07-28.
#[derive(Default)]
struct Session {
    shared: Arc<Shared>,
    watched: Mutex<Vec<String>>,
    level: Mutex<Option<LoggingLevel>>,
}

/// Creates a value of rmcp from its JSON.
fn from<T: DeserializeOwned>(value: Value) -> Result<T, ErrorData> {
    serde_json::from_value(value).map_err(|error| ErrorData::internal_error(error.to_string(), None))
}

fn text(text: impl Into<String>) -> Result<CallToolResponse, ErrorData> {
    Ok(CallToolResult::success(vec![ContentBlock::text(text.into())]).into())
}

fn invalid(message: impl Into<String>) -> ErrorData {
    ErrorData::invalid_params(message.into(), None)
}

fn failed(call: impl std::fmt::Display) -> ErrorData {
    ErrorData::internal_error(call.to_string(), None)
}

fn is_modern(context: &Context) -> bool {
    context.protocol_version().is_some_and(|version| version.as_str() >= "2026")
}

fn tools(has_extra: bool) -> Value {
    let tool = |name: &str, properties: Value| {
        let required: Vec<_> =
            properties.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
        let schema = json!({ "type": "object", "properties": properties, "required": required });
        json!({ "name": name, "description": name, "inputSchema": schema })
    };
    let mut add = tool("add", json!({ "a": { "type": "number" }, "b": { "type": "number" } }));
    add["outputSchema"] = json!({ "type": "object", "properties": { "sum": { "type": "number" } } });
    let mut tools = vec![
        tool("echo", json!({ "message": { "type": "string" } })),
        add,
        tool("fail", json!({})),
        tool("progress", json!({ "steps": { "type": "integer" } })),
        tool("slow", json!({ "ms": { "type": "integer" } })),
        tool("cancelled_count", json!({})),
        tool("log", json!({ "line": { "type": "string" } })),
        tool("ask", json!({ "question": { "type": "string" } })),
        tool("sample", json!({ "prompt": { "type": "string" } })),
        tool("roots", json!({})),
        tool("toggle", json!({ "on": { "type": "boolean" } })),
        tool("touch", json!({ "uri": { "type": "string" } })),
    ];
    if has_extra {
        tools.push(tool("extra", json!({})));
    }
    json!(tools)
}

impl Session {
    /// Makes a request of the server: a message in the legacy era, a result in the modern era.
    async fn ask(
        &self,
        key: &str,
        request: Value,
        responses: Option<InputResponses>,
        context: &Context,
    ) -> Result<Result<Value, CallToolResponse>, ErrorData> {
        if is_modern(context) {
            return Ok(match responses.and_then(|mut responses| responses.remove(key)) {
                Some(answer) => Ok(answer),
                None => {
                    let requests = from(json!({ key: request }))?;
                    Err(InputRequiredResult::new(Some(requests), Some("asked".into())).into())
                }
            });
        }
        let params = request["params"].clone();
        let peer: &Peer<RoleServer> = &context.peer;
        let answer = match request["method"].as_str() {
            Some("elicitation/create") => {
                json!(peer.create_elicitation(from(params)?).await.map_err(failed)?)
            }
            Some("sampling/createMessage") => {
                json!(peer.create_message(from(params)?).await.map_err(failed)?)
            }
            _ => json!(peer.list_roots().await.map_err(failed)?),
        };
        Ok(Ok(answer))
    }

    async fn changed(&self, context: &Context, uri: Option<&str>) -> Result<(), ErrorData> {
        let mut listeners = self.shared.listeners.lock().map_err(failed)?.clone();
        for listener in listeners.drain(..) {
            // Fails for listeners that did not subscribe to it, and for those that disconnected.
            let _ = match uri {
                None => listener.notify_tool_list_changed().await,
                Some(uri) => listener.notify_resource_updated(uri).await,
            };
        }
        if is_modern(context) {
            return Ok(());
        }
        match uri {
            None => context.peer.notify_tool_list_changed().await.map_err(failed),
            Some(uri) if self.watched.lock().map_err(failed)?.iter().any(|watched| watched == uri) => {
                let updated = from(json!({ "uri": uri }))?;
                context.peer.notify_resource_updated(updated).await.map_err(failed)
            }
            Some(_) => Ok(()),
        }
    }

    async fn log(&self, line: &str, context: &Context) -> Result<(), ErrorData> {
        let wanted = match context.meta.get("io.modelcontextprotocol/logLevel") {
            Some(level) => Some(from(level.clone())?),
            None => *self.level.lock().map_err(failed)?,
        };
        let severity = |level| match level {
            LoggingLevel::Debug => 0,
            LoggingLevel::Info => 1,
            _ => 2,
        };
        for level in [LoggingLevel::Debug, LoggingLevel::Info, LoggingLevel::Error] {
            if wanted.is_some_and(|wanted| severity(level) >= severity(wanted)) {
                let message = from(json!({ "level": level, "logger": "log-tool", "data": line }))?;
                context.peer.notify_logging_message(message).await.map_err(failed)?;
            }
        }
        Ok(())
    }
}

/// Counts a call of `slow` that was dropped.
struct CountDrop<'a>(Option<&'a AtomicUsize>);

impl Drop for CountDrop<'_> {
    fn drop(&mut self) {
        if let Some(count) = self.0 {
            count.fetch_add(1, Ordering::SeqCst);
        }
    }
}

impl ServerHandler for Session {
    fn get_info(&self) -> ServerConfig {
        let capabilities = from(json!({
            "tools": { "listChanged": true }, "prompts": {}, "completions": {}, "logging": {},
            "resources": { "subscribe": true, "listChanged": true }
        }));
        let mut config = ServerConfig::new(capabilities.unwrap_or_default());
        config.server_info = Implementation::new("rmcp-server", "3.11.0");
        config
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: Context,
    ) -> Result<CallToolResponse, ErrorData> {
        let arguments = Value::Object(request.arguments.unwrap_or_default());
        let string = |name: &str| arguments[name].as_str().unwrap_or_default().to_owned();
        match request.name.as_ref() {
            "echo" => text(string("message")),
            "add" => {
                let sum =
                    arguments["a"].as_f64().unwrap_or_default() + arguments["b"].as_f64().unwrap_or_default();
                let mut result = CallToolResult::success(vec![ContentBlock::text(sum.to_string())]);
                result.structured_content = Some(json!({ "sum": sum }));
                Ok(result.into())
            }
            "fail" => Ok(CallToolResult::error(vec![ContentBlock::text("failed: as asked")]).into()),
            "progress" => {
                let steps = arguments["steps"].as_u64().unwrap_or_default();
                for step in 1..=steps {
                    let Some(token) = context.meta.get_progress_token() else { break };
                    let progress = json!({
                        "progressToken": token, "progress": step, "total": steps,
                        "message": format!("step {step} of {steps}")
                    });
                    context.peer.notify_progress(from(progress)?).await.map_err(failed)?;
                }
                text(format!("{steps} steps"))
            }
            "slow" => {
                let ms = arguments["ms"].as_u64().unwrap_or_default();
                let mut count = CountDrop(Some(&self.shared.cancelled));
                tokio::select! {
                    () = tokio::time::sleep(Duration::from_millis(ms)) => count.0 = None,
                    () = context.ct.cancelled() => {}
                }
                text(format!("slept {ms} ms"))
            }
            "cancelled_count" => text(self.shared.cancelled.load(Ordering::SeqCst).to_string()),
            "log" => {
                self.log(&string("line"), &context).await?;
                text("logged")
            }
            "ask" => {
                let schema = json!({
                    "type": "object", "properties": { "name": { "type": "string" } }, "required": ["name"]
                });
                let params =
                    json!({ "mode": "form", "message": string("question"), "requestedSchema": schema });
                let request_ = json!({ "method": "elicitation/create", "params": params });
                match self.ask("name", request_, request.input_responses, &context).await? {
                    Ok(answer) => {
                        text(format!("Hello, {}!", answer["content"]["name"].as_str().unwrap_or_default()))
                    }
                    Err(question) => Ok(question),
                }
            }
            "sample" => {
                let message =
                    json!({ "role": "user", "content": { "type": "text", "text": string("prompt") } });
                let params = json!({ "messages": [message], "maxTokens": 50 });
                let request_ = json!({ "method": "sampling/createMessage", "params": params });
                match self.ask("completion", request_, request.input_responses, &context).await? {
                    Ok(answer) => text(format!(
                        "{}: {}",
                        answer["model"].as_str().unwrap_or_default(),
                        answer["content"]["text"].as_str().unwrap_or_default()
                    )),
                    Err(question) => Ok(question),
                }
            }
            "roots" => {
                let request_ = json!({ "method": "roots/list", "params": {} });
                match self.ask("roots", request_, request.input_responses, &context).await? {
                    Ok(answer) => {
                        let roots = answer["roots"].as_array().cloned().unwrap_or_default();
                        let uris: Vec<_> = roots.iter().filter_map(|root| root["uri"].as_str()).collect();
                        text(uris.join("\n"))
                    }
                    Err(question) => Ok(question),
                }
            }
            "toggle" => {
                let on = arguments["on"].as_bool().unwrap_or_default();
                self.shared.has_extra.store(on, Ordering::SeqCst);
                self.changed(&context, None).await?;
                text(format!("extra is {}", if on { "on" } else { "off" }))
            }
            "extra" if self.shared.has_extra.load(Ordering::SeqCst) => text("extra"),
            "touch" => {
                let uri = string("uri");
                self.changed(&context, Some(&uri)).await?;
                text(format!("touched {uri}"))
            }
            other => Err(invalid(format!("Tool {other} not found"))),
        }
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: Context,
    ) -> Result<ListToolsResult, ErrorData> {
        from(json!({ "tools": tools(self.shared.has_extra.load(Ordering::SeqCst)) }))
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: Context,
    ) -> Result<ListResourcesResult, ErrorData> {
        from(json!({ "resources": [{ "uri": "memo://one", "name": "memo", "mimeType": "text/plain" }] }))
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: Context,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        from(json!({ "resourceTemplates": [{ "uriTemplate": "note://{id}", "name": "note" }] }))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: Context,
    ) -> Result<ReadResourceResponse, ErrorData> {
        if request.uri != "memo://one" {
            return Err(ErrorData::resource_not_found(
                "no such resource",
                Some(json!({ "uri": request.uri })),
            ));
        }
        let contents = json!([{ "uri": "memo://one", "mimeType": "text/plain", "text": "One memo." }]);
        from::<ReadResourceResult>(json!({ "contents": contents })).map(Into::into)
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: Context,
    ) -> Result<ListPromptsResult, ErrorData> {
        let arguments = json!([{ "name": "name", "required": true }, { "name": "tone" }]);
        from(json!({ "prompts": [{ "name": "greet", "arguments": arguments }] }))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _: Context,
    ) -> Result<GetPromptResponse, ErrorData> {
        let arguments = json!(request.arguments);
        let name = arguments["name"].as_str().ok_or_else(|| invalid("the argument name is missing"))?;
        let tone = arguments["tone"].as_str().unwrap_or("calm");
        let content = json!({ "type": "text", "text": format!("Greet {name} in a {tone} tone.") });
        from::<GetPromptResult>(json!({ "messages": [{ "role": "user", "content": content }] }))
            .map(Into::into)
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        _: Context,
    ) -> Result<CompleteResult, ErrorData> {
        let tones = ["calm", "cheerful", "stern"];
        let values: Vec<_> = tones.iter().filter(|tone| tone.starts_with(&request.argument.value)).collect();
        from(json!({ "completion": { "values": values } }))
    }

    async fn set_level(&self, request: SetLevelRequestParams, _: Context) -> Result<(), ErrorData> {
        *self.level.lock().map_err(failed)? = Some(request.level);
        Ok(())
    }

    async fn subscribe(&self, request: SubscribeRequestParams, _: Context) -> Result<(), ErrorData> {
        self.watched.lock().map_err(failed)?.push(request.uri);
        Ok(())
    }

    async fn unsubscribe(&self, request: UnsubscribeRequestParams, _: Context) -> Result<(), ErrorData> {
        self.watched.lock().map_err(failed)?.retain(|uri| *uri != request.uri);
        Ok(())
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(requested.clone())
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        self.shared.listeners.lock().map_err(failed)?.push(context.sink().clone());
        context.cancelled().await;
        let id = context.sink().id();
        self.shared.listeners.lock().map_err(failed)?.retain(|listener| listener.id() != id);
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let shared = Arc::new(Shared::default());
    let mut sessions = LocalSessionManager::default();
    sessions.session_config.sse_retry = Some(Duration::from_millis(10));
    let service = StreamableHttpService::new(
        move || Ok(Session { shared: Arc::clone(&shared), ..Session::default() }),
        Arc::new(sessions),
        StreamableHttpServerConfig::default(),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    eprintln!("http://{}/mcp", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let service = TowerToHyperService::new(service.clone());
        tokio::spawn(async move {
            // The client handles failed connections.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}
