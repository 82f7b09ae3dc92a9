//! What Redis answers, as the records of a store.

use std::str::FromStr;
use std::sync::Arc;

use bytes::Bytes;
use redis::Value;

use crate::store::task::{StoreError, TaskHead, TaskState};

/// The fields of the hash of a task that its head consists of, in the order that [`head`] expects.
pub(super) const HEAD_FIELDS: [&str; 9] =
    ["owner", "version", "fence", "state", "created", "updated", "expires", "detail", "outcome"];

/// Those without the outcome.
pub(super) const STATUS_FIELDS: [&str; 8] =
    ["owner", "version", "fence", "state", "created", "updated", "expires", "detail"];

/// Returns the head of a task from the values of [`HEAD_FIELDS`] or [`STATUS_FIELDS`]; `None` if it
/// does not exist.
pub(super) fn head(id: &str, values: Value) -> Result<Option<TaskHead>, StoreError> {
    let mut values = list(values)?;
    if values.len() == STATUS_FIELDS.len() {
        values.push(Value::Nil);
    }
    let values = array::<9>(Value::Array(values))?;
    if values.iter().all(|value| *value == Value::Nil) {
        return Ok(None);
    }
    let [owner, version, fence, state, created, updated, expires, detail, outcome] = values;
    let head = TaskHead {
        id: id.into(),
        owner: text(owner)?,
        version: number(version)?,
        fence: number(fence)?,
        state: self::state(state)?,
        created_at: number(created)?,
        updated_at: number(updated)?,
        expires_at: if expires == Value::Nil { None } else { Some(number(expires)?) },
        detail: bytes(detail)?,
        outcome: if outcome == Value::Nil { None } else { Some(bytes(outcome)?) },
    };
    Ok(Some(head))
}

pub(super) fn state(value: Value) -> Result<TaskState, StoreError> {
    let state = text(value)?;
    TaskState::from_name(&state)
        .ok_or_else(|| StoreError::invalid(format_args!("a task has the state `{state}`")))
}

pub(super) fn list(value: Value) -> Result<Vec<Value>, StoreError> {
    match value {
        Value::Array(values) => Ok(values),
        other => Err(unexpected("an array", &other)),
    }
}

pub(super) fn array<const N: usize>(value: Value) -> Result<[Value; N], StoreError> {
    list(value)?.try_into().map_err(|values: Vec<Value>| {
        StoreError::invalid(format_args!("Redis answered {} values, not {N}", values.len()))
    })
}

pub(super) fn bytes(value: Value) -> Result<Bytes, StoreError> {
    match value {
        Value::BulkString(bytes) => Ok(bytes.into()),
        other => Err(unexpected("a string", &other)),
    }
}

pub(super) fn text(value: Value) -> Result<Arc<str>, StoreError> {
    let bytes = bytes(value)?;
    let text = std::str::from_utf8(&bytes).map_err(StoreError::invalid)?;
    Ok(text.into())
}

pub(super) fn number(value: Value) -> Result<u64, StoreError> {
    if let Value::Int(number) = value {
        return u64::try_from(number).map_err(StoreError::invalid);
    }
    let text = text(value)?;
    u64::from_str(&text)
        .map_err(|_| StoreError::invalid(format_args!("`{text}` is stored as a number")))
}

fn unexpected(expected: &str, found: &Value) -> StoreError {
    let found = match found {
        Value::Nil => "nothing",
        Value::Int(_) => "a number",
        Value::BulkString(_) => "a string",
        Value::Array(_) => "an array",
        _ => "another type",
    };
    StoreError::invalid(format_args!("Redis answered {found}, not {expected}"))
}
