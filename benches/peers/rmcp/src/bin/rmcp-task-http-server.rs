//! A server with a task over HTTP/1.1, written with rmcp, which it keeps in memory. It listens on a
//! free port, and prints its address. The router of `rmcp` has no tasks, so the call is handled by
//! hand, as its documentation shows.

use std::{error::Error, sync::Arc};

use hyper::server::conn::http1;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use rmcp::{
    ErrorData, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, CreateTaskResult,
        GetTaskParams, GetTaskResult, ServerCapabilities, ServerConfig,
    },
    service::{RequestContext, RoleServer},
    task_manager::{TaskManager, TaskOptions},
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
    },
};

struct Tasks(TaskManager);

impl ServerHandler for Tasks {
    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let arguments = request.arguments.unwrap_or_default();
        let text = arguments.get("text").and_then(|text| text.as_str()).map(str::to_owned);
        let text = text.ok_or_else(|| ErrorData::invalid_params("no text", None))?;
        let task = self.0.spawn(TaskOptions::new(), |_| {
            Box::pin(async { Ok(CallToolResult::success(vec![ContentBlock::text(text)])) })
        });
        Ok(CallToolResponse::Task(CreateTaskResult::new(task)))
    }

    async fn get_task(
        &self,
        request: GetTaskParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetTaskResult, ErrorData> {
        Ok(GetTaskResult::new(self.0.get_task(&request.task_id)?))
    }

    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().enable_tasks().build())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let tasks = Arc::new(Tasks(TaskManager::new()));
    let service = StreamableHttpService::new(
        move || Ok(Arc::clone(&tasks)),
        Arc::new(LocalSessionManager::default()),
        StreamableHttpServerConfig::default().with_json_response(true),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (stream, service) = (TokioIo::new(stream), TowerToHyperService::new(service.clone()));
        tokio::spawn(async move {
            // The load generator reports failed connections.
            let _ = http1::Builder::new().serve_connection(stream, service).await;
        });
    }
}
