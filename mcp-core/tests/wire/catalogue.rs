//! All wire types by name, with the names that the schemas give them.

use mcp_core::types::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::specification::is_same_json;

/// A wire type.
pub(crate) struct Entry {
    /// The name in Rust.
    pub(crate) name: &'static str,
    /// The paths below the definitions of a schema that may define it. The first one that exists
    /// counts.
    pub(crate) definitions: &'static [&'static str],
    /// Reads a text and writes it again.
    pub(crate) read: fn(&str) -> Result<Read, String>,
}

/// The result of reading and writing a text.
pub(crate) struct Read {
    /// The text, written again.
    pub(crate) text: String,
    /// The `Debug` output, which shows unknown members.
    pub(crate) debug: String,
}

impl Read {
    pub(crate) fn value(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }
}

pub(crate) fn find(name: &str) -> Option<&'static Entry> {
    TYPES.iter().find(|entry| entry.name == name)
}

/// Reads from text and from a tree, which must agree, and writes to both.
fn read<T: Serialize + DeserializeOwned + std::fmt::Debug>(text: &str) -> Result<Read, String> {
    let value: T = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let tree: Value = serde_json::from_str(text).unwrap();
    let from_tree: T =
        serde_json::from_value(tree).map_err(|error| format!("from a tree: {error}"))?;
    let read = Read { text: serde_json::to_string(&value).unwrap(), debug: format!("{value:?}") };
    for other in [serde_json::to_value(&value).unwrap(), serde_json::to_value(&from_tree).unwrap()]
    {
        if !is_same_json(&other, &read.value()) {
            return Err(format!("text and tree differ: {} and {other}", read.text));
        }
    }
    Ok(read)
}

macro_rules! types {
    ($( $type:ty: $($definition:literal),*; )+) => {
        pub(crate) static TYPES: &[Entry] = &[
            $( Entry { name: stringify!($type), definitions: &[$($definition),*], read: read::<$type> }, )+
        ];
    };
}

types! {
    Annotations: "Annotations";
    AudioContent: "AudioContent";
    BlobResourceContents: "BlobResourceContents";
    BooleanSchema: "BooleanSchema";
    CacheScope: "CacheableResult/properties/cacheScope";
    CallToolParams: "CallToolRequestParams", "CallToolRequest/properties/params";
    CallToolResult: "CallToolResult";
    CancelTaskParams: ;
    CancelledParams: "CancelledNotificationParams", "CancelledNotification/properties/params";
    ClientCapabilities: "ClientCapabilities";
    ClientTaskRequests: "ClientCapabilities/properties/tasks/properties/requests";
    ClientTasksCapability: "ClientCapabilities/properties/tasks";
    CompleteParams: "CompleteRequestParams", "CompleteRequest/properties/params";
    CompleteResult: "CompleteResult";
    Completion: "CompleteResult/properties/completion";
    CompletionArgument: "CompleteRequestParams/properties/argument",
        "CompleteRequest/properties/params/properties/argument";
    CompletionContext: "CompleteRequestParams/properties/context",
        "CompleteRequest/properties/params/properties/context";
    CompletionReference: "CompleteRequestParams/properties/ref",
        "CompleteRequest/properties/params/properties/ref";
    CompletionsCapability: "ServerCapabilities/properties/completions";
    Content: "ContentBlock";
    CreateMessageParams: "CreateMessageRequestParams", "CreateMessageRequest/properties/params";
    CreateMessageResult: "CreateMessageResult";
    CreateTaskResult: ;
    DetailedTask: ;
    DiscoverResult: "DiscoverResult";
    ElicitAction: "ElicitResult/properties/action";
    ElicitFormParams: "ElicitRequestFormParams", "ElicitRequest/properties/params";
    ElicitMode: ;
    ElicitParams: "ElicitRequestParams", "ElicitRequest/properties/params";
    ElicitResult: "ElicitResult";
    ElicitSchema: "ElicitRequestFormParams/properties/requestedSchema",
        "ElicitRequest/properties/params/properties/requestedSchema";
    ElicitUrlParams: "ElicitRequestURLParams";
    ElicitationCapability: "ClientCapabilities/properties/elicitation";
    ElicitationCompleteParams: "ElicitationCompleteNotification/properties/params";
    ElicitationTaskRequests:
        "ClientCapabilities/properties/tasks/properties/requests/properties/elicitation";
    EmbeddedResource: "EmbeddedResource";
    EmptyResult: "EmptyResult";
    EnumItems: "UntitledMultiSelectEnumSchema/properties/items";
    EnumOption: "TitledSingleSelectEnumSchema/properties/oneOf/items";
    GetPromptParams: "GetPromptRequestParams", "GetPromptRequest/properties/params";
    GetPromptResult: "GetPromptResult";
    GetSkillParams: ;
    GetSkillResult: ;
    GetTaskParams: ;
    Icon: "Icon";
    IconTheme: "Icon/properties/theme";
    ImageContent: "ImageContent";
    Implementation: "Implementation";
    IncludeContext: "CreateMessageRequestParams/properties/includeContext",
        "CreateMessageRequest/properties/params/properties/includeContext";
    InitializeParams: "InitializeRequestParams", "InitializeRequest/properties/params";
    InitializeResult: "InitializeResult";
    InputRequest: "InputRequest";
    InputRequiredResult: "InputRequiredResult";
    InputResponses: "InputResponses";
    LegacyTitledEnumSchema: "LegacyTitledEnumSchema", "EnumSchema";
    ListPromptsResult: "ListPromptsResult";
    ListResourceTemplatesResult: "ListResourceTemplatesResult";
    ListResourcesResult: "ListResourcesResult";
    ListRootsResult: "ListRootsResult";
    ListSkillsResult: ;
    ListToolsResult: "ListToolsResult";
    LogMessageParams: "LoggingMessageNotificationParams", "LoggingMessageNotification/properties/params";
    LoggingCapability: "ServerCapabilities/properties/logging";
    LoggingLevel: "LoggingLevel";
    MissingRequiredClientCapabilityData:
        "MissingRequiredClientCapabilityError/properties/error/allOf/1/properties/data";
    ModelHint: "ModelHint";
    ModelPreferences: "ModelPreferences";
    NotificationParams: "NotificationParams", "Notification/properties/params";
    NumberKind: "NumberSchema/properties/type";
    NumberSchema: "NumberSchema";
    OtherInputRequest: ;
    PaginatedParams: "PaginatedRequestParams", "PaginatedRequest/properties/params";
    PrimitiveSchema: "PrimitiveSchemaDefinition";
    ProgressParams: "ProgressNotificationParams", "ProgressNotification/properties/params";
    Prompt: "Prompt";
    PromptArgument: "PromptArgument";
    PromptMessage: "PromptMessage";
    PromptReference: "PromptReference";
    PromptsCapability: "ServerCapabilities/properties/prompts";
    Properties: "ElicitRequestFormParams/properties/requestedSchema/properties/properties";
    ReadResourceDirectoryParams: ;
    ReadResourceDirectoryResult: ;
    ReadResourceParams: "ReadResourceRequestParams", "ReadResourceRequest/properties/params";
    ReadResourceResult: "ReadResourceResult";
    RequestParams: "RequestParams", "PingRequest/properties/params";
    Resource: "Resource";
    ResourceContents: "ReadResourceResult/properties/contents/items";
    ResourceLink: "ResourceLink";
    ResourceTemplate: "ResourceTemplate";
    ResourceTemplateReference: "ResourceTemplateReference", "ResourceReference";
    ResourceUpdatedParams: "ResourceUpdatedNotificationParams",
        "ResourceUpdatedNotification/properties/params";
    ResourcesCapability: "ServerCapabilities/properties/resources";
    Role: "Role";
    Root: "Root";
    RootsCapability: "ClientCapabilities/properties/roots";
    SamplingCapability: "ClientCapabilities/properties/sampling";
    SamplingContent: "SamplingMessageContentBlock";
    SamplingContents: ;
    SamplingMessage: "SamplingMessage";
    SamplingTaskRequests: "ClientCapabilities/properties/tasks/properties/requests/properties/sampling";
    Schema: ;
    ServerCapabilities: "ServerCapabilities";
    ServerTaskRequests: "ServerCapabilities/properties/tasks/properties/requests";
    ServerTasksCapability: "ServerCapabilities/properties/tasks";
    SetLevelParams: "SetLevelRequestParams", "SetLevelRequest/properties/params";
    Skill: ;
    SkillResource: ;
    SkillResources: ;
    StopReason: "CreateMessageResult/properties/stopReason";
    StringFormat: "StringSchema/properties/format";
    StringSchema: "StringSchema";
    SubscribeParams: "SubscribeRequestParams", "SubscribeRequest/properties/params";
    SubscriptionAcknowledgedParams: "SubscriptionsAcknowledgedNotificationParams";
    SubscriptionFilter: "SubscriptionFilter";
    SubscriptionsListenParams: "SubscriptionsListenRequestParams";
    SubscriptionsListenResult: "SubscriptionsListenResult";
    Task: ;
    TaskError: "Error";
    TaskStatus: "TaskStatus";
    TaskSupport: "ToolExecution/properties/taskSupport";
    TextContent: "TextContent";
    TextResourceContents: "TextResourceContents";
    TitledEnumItems: "TitledMultiSelectEnumSchema/properties/items";
    TitledMultiSelectEnumSchema: "TitledMultiSelectEnumSchema";
    TitledSingleSelectEnumSchema: "TitledSingleSelectEnumSchema";
    Tool: "Tool";
    ToolAnnotations: "ToolAnnotations";
    ToolChoice: "ToolChoice";
    ToolChoiceMode: "ToolChoice/properties/mode";
    ToolExecution: "ToolExecution";
    ToolResultContent: "ToolResultContent";
    ToolTaskRequests: "ServerCapabilities/properties/tasks/properties/requests/properties/tools";
    ToolUseContent: "ToolUseContent";
    ToolsCapability: "ServerCapabilities/properties/tools";
    UnsupportedProtocolVersionData:
        "UnsupportedProtocolVersionError/properties/error/allOf/1/properties/data";
    UntitledMultiSelectEnumSchema: "UntitledMultiSelectEnumSchema";
    UntitledSingleSelectEnumSchema: "UntitledSingleSelectEnumSchema";
    UpdateTaskParams: ;
    UrlElicitationRequiredData: "URLElicitationRequiredError/properties/error/allOf/1/properties/data";
    task_2025::CreateTaskResult: "CreateTaskResult";
    task_2025::ListTasksResult: "ListTasksResult";
    task_2025::RelatedTaskMetadata: "RelatedTaskMetadata";
    task_2025::Task: "TaskStatusNotificationParams";
    task_2025::TaskMetadata: "TaskMetadata";
    task_2025::TaskParams: "GetTaskRequest/properties/params";
    task_2025::TaskPayloadResult: "GetTaskPayloadResult";
}
