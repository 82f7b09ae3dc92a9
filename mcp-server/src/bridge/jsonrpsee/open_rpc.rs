//! Schemas from an OpenRPC document.

use serde_json::{Map, Value};

use super::method_schema::{MethodSchema, Output, Param, ParamSchema, RpcSchemas};
use super::references::{DanglingReference, Definitions};
use crate::fragment::resolve;

/// An OpenRPC document cannot be used.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct OpenRpcError(#[from] OpenRpcErrorKind);

#[derive(Debug, thiserror::Error)]
enum OpenRpcErrorKind {
    #[error("the document is not JSON")]
    Json(#[source] serde_json::Error),
    #[error("the document is not an OpenRPC document: it has no array `methods`")]
    NoMethods,
    #[error("methods/{index} of the document has no `name`")]
    Unnamed { index: usize },
    #[error("the method {method:?} of the document: {reason}")]
    Invalid { method: String, reason: String },
}

impl RpcSchemas {
    /// Reads the methods of an [OpenRPC](https://spec.open-rpc.org) document, version 1.
    ///
    /// References inside the document are resolved; circles stay references. Each tool receives
    /// the definitions that it uses. Tuples of draft 7 are rewritten for JSON Schema 2020-12, the
    /// dialect of MCP; other keywords stay as they are. `summary` and `description` become the
    /// description of the tool. Parameters are passed by position, unless `paramStructure` is
    /// `by-name`: nearly all methods accept that, also those that read a tuple or a sequence.
    ///
    /// A method that the module does not have is ignored. A [`MethodSchema`] of the same name takes
    /// the place of the document's.
    ///
    /// # Errors
    /// If the text is not an OpenRPC document, or a reference has no target in it.
    pub fn from_open_rpc(document: &str) -> Result<Self, OpenRpcError> {
        let document: Value = serde_json::from_str(document).map_err(OpenRpcErrorKind::Json)?;
        let Value::Array(methods) = &document["methods"] else {
            return Err(OpenRpcErrorKind::NoMethods.into());
        };
        let methods = methods.iter().enumerate().map(|(index, method)| {
            let method = referenced(&document, method).unwrap_or(method);
            let Some(name) = text(method, "name") else {
                return Err(OpenRpcErrorKind::Unnamed { index }.into());
            };
            read_method(&document, &name, method).map_err(|reason| {
                let method = name.clone();
                OpenRpcErrorKind::Invalid { method, reason }.into()
            })
        });
        methods.collect()
    }
}

fn read_method(document: &Value, name: &str, method: &Value) -> Result<MethodSchema, String> {
    let mut definitions = Definitions::new(document);
    let mut params = Vec::new();
    if let Some(listed) = method.get("params") {
        let listed = listed.as_array().ok_or("`params` is not an array")?;
        for param in listed {
            params.push(read_param(document, param, &mut definitions)?);
        }
    }
    let mut schema = MethodSchema::new(name);
    schema.params = params;
    schema.definitions = definitions.into_collected();
    schema.by_position = method["paramStructure"] != "by-name";
    schema.description = description(method);
    schema.output = method.get("result").map(|result| read_result(document, result)).transpose()?;
    schema.is_required = false;
    Ok(schema)
}

fn read_param(
    document: &Value,
    param: &Value,
    definitions: &mut Definitions<'_>,
) -> Result<Param, String> {
    let param = referenced(document, param).map_err(|error| error.to_string())?;
    let name = text(param, "name").ok_or("a parameter has no `name`")?;
    let schema = schema_of(param, definitions).map_err(|error| error.to_string())?;
    let is_required = param["required"] == true;
    let schema = ParamSchema::Document { schema, is_required };
    Ok(Param { name, description: description(param), schema })
}

fn read_result(document: &Value, result: &Value) -> Result<Output, String> {
    let result = referenced(document, result).map_err(|error| error.to_string())?;
    let mut definitions = Definitions::new(document);
    let schema = schema_of(result, &mut definitions).map_err(|error| error.to_string())?;
    Ok(Output::Document { schema, definitions: definitions.into_collected() })
}

/// Returns the schema of a content descriptor. Without one, anything is allowed.
fn schema_of(
    descriptor: &Value,
    definitions: &mut Definitions<'_>,
) -> Result<Value, DanglingReference> {
    match descriptor.get("schema") {
        Some(schema @ (Value::Object(_) | Value::Bool(_))) => definitions.take(schema),
        _ => Ok(Value::Object(Map::new())),
    }
}

/// Follows a reference to a method or a content descriptor.
fn referenced<'a>(document: &'a Value, value: &'a Value) -> Result<&'a Value, DanglingReference> {
    match &value["$ref"] {
        Value::String(reference) => {
            resolve(document, reference).ok_or_else(|| DanglingReference(reference.clone()))
        }
        _ => Ok(value),
    }
}

/// Returns the summary and the description.
fn description(value: &Value) -> Option<String> {
    match (text(value, "summary"), text(value, "description")) {
        (Some(summary), Some(description)) => Some(format!("{summary}\n\n{description}")),
        (summary, description) => summary.or(description),
    }
}

fn text(value: &Value, member: &str) -> Option<String> {
    value[member].as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}
