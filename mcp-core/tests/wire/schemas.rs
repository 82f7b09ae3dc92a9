//! The goldens, as the types write them, against the JSON schema of every revision.
//!
//! The name of a case states its revisions: `(since R)`, `(until R)`, `(only R)`, `(no schema)`.

use std::collections::BTreeSet;

use jsonschema::Validator;
use mcp_core::revision::Revision;
use serde_json::{Map, Value, json};

use crate::catalogue::{Entry, TYPES};
use crate::goldens;
use crate::specification::{self, definitions};

/// The schema of one revision.
struct Schema {
    revision: Revision,
    root: Value,
}

impl Schema {
    fn all() -> Vec<Self> {
        let of = |revision| Self { revision, root: specification::schema(revision) };
        Revision::ALL.into_iter().map(of).collect()
    }

    /// Returns the definition of a type, with its reference.
    fn definition(&self, entry: &Entry) -> Option<(String, &Value)> {
        let (key, definitions) = definitions(&self.root);
        entry.definitions.iter().find_map(|path| {
            let found = definitions.pointer(&format!("/{path}"))?;
            Some((format!("#/{key}/{path}"), found))
        })
    }

    /// Returns a validator for one definition.
    fn validator(&self, reference: &str) -> Validator {
        let mut root = self.root.clone();
        root.as_object_mut().unwrap().insert("$ref".into(), reference.into());
        jsonschema::options().build(&root).unwrap_or_else(|error| panic!("{reference}: {error}"))
    }

    /// Collects the members of a definition, and the required ones.
    fn members(
        &self,
        definition: &Value,
        members: &mut BTreeSet<String>,
        required: &mut BTreeSet<String>,
    ) {
        if let Some(reference) = definition["$ref"].as_str() {
            self.members(self.root.pointer(&reference[1..]).unwrap(), members, required);
        }
        for part in definition["allOf"].as_array().into_iter().flatten() {
            self.members(part, members, required);
        }
        members
            .extend(definition["properties"].as_object().into_iter().flat_map(Map::keys).cloned());
        let names = definition["required"].as_array().into_iter().flatten();
        required.extend(names.filter_map(Value::as_str).map(str::to_owned));
    }
}

/// Whether a case is valid for a revision, according to its name.
fn applies_to(case: &str, revision: Revision) -> bool {
    let named = |word: &str| {
        let date = case.split_once(&format!("({word} "))?.1.trim_end_matches(')');
        Some(date.parse::<Revision>().unwrap_or_else(|_| panic!("no revision in {case:?}")))
    };
    !case.contains("(no schema)")
        && named("since").is_none_or(|first| revision >= first)
        && named("until").is_none_or(|last| revision <= last)
        && named("only").is_none_or(|only| revision == only)
}

/// Adds the members that the encoder of an era adds to each message.
fn encode(message: &mut Value, name: &str, required: &BTreeSet<String>) {
    let Some(object) = message.as_object_mut() else { return };
    let mut add = |member: &str, value: Value| {
        if required.contains(member) && !object.contains_key(member) {
            object.insert(member.into(), value);
        }
    };
    let result_type = if name == "InputRequiredResult" { "input_required" } else { "complete" };
    add("resultType", result_type.into());
    add("ttlMs", 0.into());
    add("cacheScope", "private".into());
    add(
        "_meta",
        json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        }),
    );
}

#[test]
fn every_message_is_valid_in_every_revision_that_has_it() {
    let goldens = goldens::all();
    let mut wrong = Vec::new();
    let mut count = 0;
    for schema in Schema::all() {
        for entry in TYPES {
            let Some((reference, definition)) = schema.definition(entry) else { continue };
            let validator = schema.validator(&reference);
            let mut required = BTreeSet::new();
            schema.members(definition, &mut BTreeSet::new(), &mut required);
            for (case, message) in
                goldens[entry.name].iter().filter(|(case, _)| applies_to(case, schema.revision))
            {
                let mut message = (entry.read)(message.get()).unwrap().value();
                encode(&mut message, entry.name, &required);
                count += 1;
                if let Err(error) = validator.validate(&message) {
                    wrong.push(format!("{} {}, {case}: {error}", schema.revision, entry.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 700, "only {count} messages were validated");
}

#[test]
fn every_member_of_a_definition_is_in_a_full_message() {
    let goldens = goldens::all();
    let mut missing = Vec::new();
    for schema in Schema::all() {
        for entry in TYPES {
            let Some((_, definition)) = schema.definition(entry) else { continue };
            let mut members = BTreeSet::new();
            schema.members(definition, &mut members, &mut BTreeSet::new());
            // The era modules write it.
            members.remove("resultType");
            let full = goldens[entry.name].iter().filter(|(case, _)| case.starts_with("full"));
            for (_, message) in full {
                let message: Value = serde_json::from_str(message.get()).unwrap();
                members.retain(|member| message.get(member).is_none());
            }
            if !members.is_empty() {
                missing.push(format!("{} {}: {members:?}", schema.revision, entry.name));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn every_type_of_the_schemas_is_in_the_catalogue() {
    // Definitions that are not wire types: envelopes, unions, base types, scalars, and JSON itself.
    let is_other = |name: &str| {
        name.ends_with("Request")
            || name.ends_with("Notification")
            || name.ends_with("Response")
            || name.ends_with("Error")
            || name.ends_with("MetaObject")
            || name.starts_with("JSON")
            || name.starts_with("Client")
            || name.starts_with("Server")
            || matches!(
                name,
                "Annotated"
                    | "BaseMetadata"
                    | "CacheableResult"
                    | "Cursor"
                    | "Icons"
                    | "PaginatedResult"
                    | "ProgressToken"
                    | "RequestId"
                    | "Result"
                    | "ResultType"
                    | "ResourceContents"
                    | "ResourceRequestParams"
                    | "InputResponseRequestParams"
                    | "TaskAugmentedRequestParams"
                    | "EnumSchema"
                    | "SingleSelectEnumSchema"
                    | "MultiSelectEnumSchema"
                    | "InputRequests"
                    | "InputResponse"
                    | "JSONRPCBatchRequest"
                    | "UnsubscribeRequestParams"
                    | "CancelTaskResult"
                    | "GetTaskResult"
                    | "Task"
            )
    };
    for schema in Schema::all() {
        for name in definitions(&schema.root).1.as_object().unwrap().keys() {
            let listed = TYPES.iter().any(|entry| entry.definitions.contains(&name.as_str()));
            assert!(listed || is_other(name), "{}: {name} has no type", schema.revision);
        }
    }
}
