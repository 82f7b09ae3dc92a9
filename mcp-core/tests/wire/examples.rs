//! The example messages of the specification.

use std::fs;

use mcp_core::method;
use mcp_core::revision::Revision;
use serde_json::Value;

use crate::catalogue;
use crate::specification::{self, is_same_json};

/// Returns the type of the example of a definition, and where it is in the message.
fn part_of(definition: &str) -> (String, &'static str) {
    let (name, pointer) = match definition {
        "ElicitRequest" | "CreateMessageRequest" | "ListRootsRequest" => ("InputRequest", ""),
        "InputRequests" => return ("InputRequest".into(), "*"),
        "UnsupportedProtocolVersionError" => ("UnsupportedProtocolVersionData", "/error/data"),
        "MissingRequiredClientCapabilityError" => {
            ("MissingRequiredClientCapabilityData", "/error/data")
        }
        "HeaderMismatchError" => ("TaskError", "/error"),
        "InternalError" | "InvalidParamsError" | "MethodNotFoundError" | "ParseError" => {
            ("TaskError", "")
        }
        "DiscoverRequest" => ("RequestParams", "/params"),
        "ListToolsRequest"
        | "ListPromptsRequest"
        | "ListResourcesRequest"
        | "ListResourceTemplatesRequest" => ("PaginatedParams", "/params"),
        "ToolListChangedNotification"
        | "PromptListChangedNotification"
        | "ResourceListChangedNotification" => ("NotificationParams", "/params"),
        "PaginatedRequestParams" => ("PaginatedParams", ""),
        "ElicitRequestFormParams" => ("ElicitFormParams", ""),
        "ElicitRequestURLParams" => ("ElicitUrlParams", ""),
        "LoggingMessageNotification" => ("LogMessageParams", "/params"),
        "LoggingMessageNotificationParams" => ("LogMessageParams", ""),
        "SubscriptionsAcknowledgedNotification" => ("SubscriptionAcknowledgedParams", "/params"),
        other => {
            return if let Some(result) = other.strip_suffix("Response") {
                (result.to_owned(), "/result")
            } else if let Some(params) = other.strip_suffix("RequestParams") {
                (format!("{params}Params"), "")
            } else if let Some(params) = other.strip_suffix("NotificationParams") {
                (format!("{params}Params"), "")
            } else if let Some(request) = other.strip_suffix("Request") {
                (format!("{request}Params"), "/params")
            } else if let Some(notification) = other.strip_suffix("Notification") {
                (format!("{notification}Params"), "/params")
            } else {
                (other.to_owned(), "")
            };
        }
    };
    (name.to_owned(), pointer)
}

#[test]
fn every_example_is_written_as_it_was_read() {
    let mut count = 0;
    for definition in fs::read_dir(specification::examples()).unwrap() {
        let definition = definition.unwrap();
        let (name, pointer) = part_of(definition.file_name().to_str().unwrap());
        let entry =
            catalogue::find(&name).unwrap_or_else(|| panic!("no type for {definition:?} ({name})"));
        for example in fs::read_dir(definition.path()).unwrap() {
            let path = example.unwrap().path();
            let message = specification::read(&path);
            if let Some(method) = message.get("method").filter(|_| message.get("jsonrpc").is_some())
            {
                let method = method.as_str().unwrap();
                assert!(method::find_in(method, Revision::V2026_07_28).is_some(), "{method}");
            }
            let parts: Vec<&Value> = match pointer {
                "*" => message.as_object().unwrap().values().collect(),
                pointer => message.pointer(pointer).into_iter().collect(),
            };
            // Params of a notification may be absent.
            assert!(
                !parts.is_empty() || name == "NotificationParams",
                "{}: no {pointer}",
                path.display()
            );
            for part in parts {
                let mut expected = part.clone();
                // These members belong to the envelope and not to the type.
                if let Some(object) = expected.as_object_mut() {
                    if name.ends_with("Result") {
                        object.shift_remove("resultType");
                    }
                    if name == "InputRequest" {
                        object.shift_remove("jsonrpc");
                        object.shift_remove("id");
                    }
                }
                let read = (entry.read)(&part.to_string())
                    .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                assert!(
                    is_same_json(&read.value(), &expected),
                    "{}: {}",
                    path.display(),
                    read.text
                );
                count += 1;
            }
        }
    }
    assert!(count >= 100, "only {count} examples were found");
}
