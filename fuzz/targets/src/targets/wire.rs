//! The wire types: what a type reads, it writes in a form that it reads as the same value.

use std::fmt::Debug;

use mcp_core::codec::scan::scan;
use mcp_core::meta::Meta;
use mcp_core::types::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

/// The input is one JSON value, or a message with `params` or a `result`.
pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if scan(text, 64, 10_000).is_err() {
        return;
    }
    round_trips(text);
    #[derive(serde::Deserialize)]
    struct Message<'a> {
        #[serde(borrow)]
        params: Option<&'a RawValue>,
        #[serde(borrow)]
        result: Option<&'a RawValue>,
    }
    if let Ok(Message { params, result }) = serde_json::from_str(text) {
        for part in [params, result].into_iter().flatten() {
            round_trips(part.get());
        }
    }
}

fn round_trip<T: Serialize + DeserializeOwned + PartialEq + Debug>(text: &str) {
    let Ok(value) = serde_json::from_str::<T>(text) else { return };
    let written = serde_json::to_string(&value).expect("a wire type is JSON");
    let read: T = serde_json::from_str(&written)
        .unwrap_or_else(|error| panic!("{}: {error}: {written}", std::any::type_name::<T>()));
    assert_eq!(read, value, "{}: {written}", std::any::type_name::<T>());
}

macro_rules! round_trips {
    ($($type:ty),+ $(,)?) => {
        fn round_trips(text: &str) {
            $( round_trip::<$type>(text); )+
        }
    };
}

// The parameters and results of all methods; objects inside them are reached through these.
round_trips! {
    CallToolParams, CallToolResult, CancelTaskParams, CancelledParams, CompleteParams,
    CompleteResult, Content, CreateMessageParams, CreateMessageResult, CreateTaskResult,
    DetailedTask, DiscoverResult, ElicitParams, ElicitResult, ElicitationCompleteParams,
    EmptyResult, GetPromptParams, GetPromptResult, GetSkillParams, GetSkillResult, GetTaskParams,
    InitializeParams, InitializeResult, InputRequest, InputRequiredResult, InputResponses,
    ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListRootsResult,
    ListSkillsResult, ListToolsResult, LogMessageParams, Meta, NotificationParams, PaginatedParams,
    PrimitiveSchema, ProgressParams, Prompt, ReadResourceDirectoryParams,
    ReadResourceDirectoryResult, ReadResourceParams, ReadResourceResult, RequestParams, Resource,
    ResourceContents, ResourceTemplate, ResourceUpdatedParams, Root, SamplingMessage, Schema,
    SetLevelParams, Skill, SubscribeParams, SubscriptionAcknowledgedParams,
    SubscriptionsListenParams, SubscriptionsListenResult, Task, TaskError, Tool, UpdateTaskParams,
    Value, task_2025::CreateTaskResult, task_2025::ListTasksResult, task_2025::Task,
    task_2025::TaskParams, task_2025::TaskPayloadResult,
}
