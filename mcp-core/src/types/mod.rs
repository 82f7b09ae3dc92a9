//! The wire types of all revisions in one model, with one file for each page of the specification.
//!
//! A struct has the members of all revisions. An encoder omits what its revision does not have. The
//! docs name the first revision of a type or member unless it is 2024-11-05. Results never have
//! `resultType`, which the era modules of the server and the client read and write.
//!
//! Wire types are read with `serde_json`. Other formats cannot read them, and neither can serde's
//! `flatten`, untagged and internally tagged enums, because ids, `_meta` and schemas are kept as
//! text.
//!
//! Every object keeps unknown members in `extra`. Types are built with `new` and setters:
//!
//! ```
//! use mcp_core::types::{Schema, Tool};
//!
//! let tool = Tool::new("add", Schema::any_object()).description("Adds two numbers");
//! let json = serde_json::to_string(&tool)?;
//! assert_eq!(serde_json::from_str::<Tool>(&json)?, tool);
//! # Ok::<(), serde_json::Error>(())
//! ```

mod annotations;
mod caching;
mod cancellation;
mod capabilities;
mod completion;
mod content;
mod discover;
mod elicitation;
mod elicitation_check;
mod elicitation_schema;
mod empty;
mod error_data;
mod implementation;
mod initialize;
mod input_required;
mod input_responses;
mod logging;
mod progress;
mod prompt;
mod resource;
mod resource_contents;
mod roots;
mod sampling;
mod sampling_check;
mod sampling_content;
mod schema;
mod skill;
mod subscription;
mod task;
pub mod task_2025;
mod task_status;
mod tool;
mod tool_result;

pub use annotations::{Annotations, Role};
pub use caching::CacheScope;
pub use cancellation::CancelledParams;
pub use capabilities::{
    ClientCapabilities, ClientTaskRequests, ClientTasksCapability, CompletionsCapability,
    ElicitationCapability, ElicitationTaskRequests, LoggingCapability, PromptsCapability,
    ResourcesCapability, RootsCapability, SamplingCapability, SamplingTaskRequests,
    ServerCapabilities, ServerTaskRequests, ServerTasksCapability, ToolTaskRequests,
    ToolsCapability,
};
pub use completion::{
    CompleteParams, CompleteResult, Completion, CompletionArgument, CompletionContext,
    CompletionReference, PromptReference, ResourceTemplateReference,
};
pub use content::{
    AudioContent, Content, EmbeddedResource, ImageContent, ResourceLink, TextContent,
};
pub use discover::DiscoverResult;
pub use elicitation::{
    ElicitAction, ElicitFormParams, ElicitMode, ElicitParams, ElicitResult, ElicitUrlParams,
    ElicitationCompleteParams,
};
pub use elicitation_check::FormError;
pub use elicitation_schema::{
    BooleanSchema, ElicitSchema, EnumItems, EnumOption, LegacyTitledEnumSchema, NumberKind,
    NumberSchema, PrimitiveSchema, Properties, StringFormat, StringSchema, TitledEnumItems,
    TitledMultiSelectEnumSchema, TitledSingleSelectEnumSchema, UntitledMultiSelectEnumSchema,
    UntitledSingleSelectEnumSchema,
};
pub use empty::{EmptyResult, NotificationParams, PaginatedParams, RequestParams};
pub use error_data::{
    MissingRequiredClientCapabilityData, RequiredUrl, UnsupportedProtocolVersionData,
    UrlElicitationRequiredData,
};
pub use implementation::{Icon, IconTheme, Implementation};
pub use initialize::{InitializeParams, InitializeResult};
pub use input_required::{InputRequest, InputRequests, InputRequiredResult, OtherInputRequest};
pub use input_responses::InputResponses;
pub use logging::{LogMessageParams, LoggingLevel, SetLevelParams};
pub use progress::{ProgressParams, ProgressToken};
pub use prompt::{
    GetPromptParams, GetPromptResult, ListPromptsResult, Prompt, PromptArgument, PromptMessage,
};
pub use resource::{
    ListResourceTemplatesResult, ListResourcesResult, ReadResourceParams, ReadResourceResult,
    Resource, ResourceTemplate, ResourceUpdatedParams, SubscribeParams,
};
pub use resource_contents::{BlobResourceContents, ResourceContents, TextResourceContents};
pub use roots::{ListRootsResult, Root};
pub use sampling::{
    CreateMessageParams, CreateMessageResult, IncludeContext, ModelHint, ModelPreferences,
    SamplingMessage, StopReason, ToolChoice, ToolChoiceMode,
};
pub use sampling_check::ConversationError;
pub use sampling_content::{SamplingContent, SamplingContents, ToolResultContent, ToolUseContent};
pub use schema::{Schema, SchemaError};
pub use skill::{
    GetSkillParams, GetSkillResult, ListSkillsResult, ReadResourceDirectoryParams,
    ReadResourceDirectoryResult, Skill, SkillResource, SkillResources,
};
pub use subscription::{
    SubscriptionAcknowledgedParams, SubscriptionFilter, SubscriptionsListenParams,
    SubscriptionsListenResult,
};
pub use task::{
    CancelTaskParams, CreateTaskResult, DetailedTask, GetTaskParams, Task, TaskError,
    UpdateTaskParams,
};
pub use task_status::TaskStatus;
pub use tool::{
    CallToolParams, CallToolResult, ListToolsResult, TaskSupport, Tool, ToolAnnotations,
    ToolExecution,
};
