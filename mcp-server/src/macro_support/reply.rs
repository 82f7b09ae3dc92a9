//! Converts returned values into results by their types, so that an alias of `Result` or of a
//! content block works like the type itself.
//!
//! Rust has no specialization, but method look-up by auto-referencing suffices where the type is
//! known, as it is in an expansion. A tag holds the type. Traits for several depths of reference
//! define a method of the same name, with the preferred implementation at the greatest depth.
//! `(&&&tag).method()` selects the deepest implementation whose bounds hold. At depth zero is a
//! method that accepts every type but has a bound that no type meets: the compiler reports that
//! bound with an explanation.
//!
//! 1. [`Returned`]: a `Result<T, E>` is split into success and failure; any other `T` is a success.
//! 2. [`Success`] of a tool: [`IntoToolResult`], or else `Serialize + JsonSchema`, which becomes
//!    structured content, or else [`ToolReturn`] is reported.
//! 3. [`Failure`] of a tool: [`IntoToolError`], or else `Display`, which the model sees, or else
//!    [`ToolFailure`] is reported.
//! 4. [`Failure`] of a prompt or resource: `Into<ErrorObject>`, or else `Display`, which is only
//!    logged.

use std::{convert::Infallible, fmt};

use schemars::JsonSchema;
use serde::Serialize;

use super::tag::tag;
use crate::error::ToolError;
use crate::jsonrpc::ErrorObject;
use crate::tool::{IntoToolError, IntoToolResult};
use crate::types::{CallToolResult, Schema};

tag! {
    /// The return type of a function.
    Returned
}
tag! {
    /// The value that a function returns on success.
    Success
}
tag! {
    /// The error that a function returns.
    Failure
}

/// The error of a function that cannot fail. (Not [`Infallible`]: a match arm for it would be an
/// unreachable pattern.)
#[derive(Debug)]
pub struct NoError(Infallible);

impl fmt::Display for NoError {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {}
    }
}

impl<T, E> Returned<Result<T, E>> {
    /// Returns the value unchanged.
    pub fn to_result(&self, value: Result<T, E>) -> Result<T, E> {
        value
    }

    /// Returns the tag of the success type.
    #[must_use]
    pub const fn success(&self) -> Success<T> {
        Success::new()
    }
}

/// Every type that is not a `Result`. (Inherent methods take precedence over trait methods, so
/// `Result` never uses it.)
pub trait ReturnedValue<T> {
    /// Wraps the value in `Ok`.
    fn to_result(&self, value: T) -> Result<T, NoError> {
        Ok(value)
    }

    /// Returns the tag of the value's type.
    fn success(&self) -> Success<T> {
        Success::new()
    }
}

impl<T> ReturnedValue<T> for Returned<T> {}

/// Depth two: the type implements [`IntoToolResult`].
pub trait SuccessByTrait<T> {
    /// Converts into the result of the call.
    fn tool_result(&self, value: T) -> Result<CallToolResult, ErrorObject>;
    /// Returns the schema of the structured content, if there is any.
    fn output_schema(&self) -> Option<Schema>;
}

impl<T: IntoToolResult> SuccessByTrait<T> for &&Success<T> {
    fn tool_result(&self, value: T) -> Result<CallToolResult, ErrorObject> {
        value.into_tool_result()
    }

    fn output_schema(&self) -> Option<Schema> {
        T::output_schema()
    }
}

/// Depth one: the value becomes structured content.
pub trait StructuredSuccess<T> {
    /// Converts into the result of the call.
    fn tool_result(&self, value: T) -> Result<CallToolResult, ErrorObject>;
    /// Returns the schema of the structured content.
    fn output_schema(&self) -> Option<Schema>;
}

impl<T: Serialize + JsonSchema> StructuredSuccess<T> for &Success<T> {
    fn tool_result(&self, value: T) -> Result<CallToolResult, ErrorObject> {
        crate::tool::structured(value)
    }

    fn output_schema(&self) -> Option<Schema> {
        Some(crate::tool::output_schema::<T>())
    }
}

/// Never implemented: its diagnostics explain what a tool can return.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be returned from a tool",
    label = "neither a string nor content, nor data with a schema",
    note = "for data, derive `serde::Serialize` and `schemars::JsonSchema`",
    note = "otherwise return a string, `Content` or `CallToolResult`, or implement `IntoToolResult`"
)]
pub trait ToolReturn {}

/// Depth zero: the type implements none of the traits.
pub trait UnsupportedSuccess<T> {
    /// Does not compile, because of [`ToolReturn`].
    fn tool_result(&self, _: T) -> Result<CallToolResult, ErrorObject>
    where
        T: ToolReturn,
    {
        Err(ErrorObject::internal())
    }

    /// Returns no schema. [`UnsupportedSuccess::tool_result`] causes the compile error.
    fn output_schema(&self) -> Option<Schema> {
        None
    }
}

impl<T> UnsupportedSuccess<T> for Success<T> {}

/// Depth two: the error implements [`IntoToolError`].
pub trait FailureByTrait<E> {
    /// Converts into the result of the call.
    fn tool_result(&self, error: E) -> Result<CallToolResult, ErrorObject>;
}

impl<E: IntoToolError> FailureByTrait<E> for &&Failure<E> {
    fn tool_result(&self, error: E) -> Result<CallToolResult, ErrorObject> {
        error.into_tool_error()
    }
}

/// Depth one: the error implements `Display`, and the model sees it.
pub trait FailureByDisplay<E> {
    /// Converts into the result of the call.
    fn tool_result(&self, error: E) -> Result<CallToolResult, ErrorObject>;
}

impl<E: fmt::Display> FailureByDisplay<E> for &Failure<E> {
    fn tool_result(&self, error: E) -> Result<CallToolResult, ErrorObject> {
        // With the alternate form, `anyhow` and similar crates print the whole chain of causes.
        ToolError::new(format!("{error:#}")).into_tool_error()
    }
}

/// Never implemented: its diagnostics explain what an error can be.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a tool, a prompt or a resource",
    label = "it does not implement `Display`",
    note = "implement `std::fmt::Display` (`thiserror` derives it)",
    note = "or use `ToolError`, which the model sees, or `ErrorObject`, which is a protocol error"
)]
pub trait ToolFailure {}

/// Depth zero: the type implements none of the traits.
pub trait UnsupportedFailure<E> {
    /// Does not compile, because of [`ToolFailure`].
    fn tool_result(&self, _: E) -> Result<CallToolResult, ErrorObject>
    where
        E: ToolFailure,
    {
        Err(ErrorObject::internal())
    }
}

impl<E> UnsupportedFailure<E> for Failure<E> {}

/// Depth two, prompts and resources: the error is sent to the client.
pub trait FailureToPeer<E> {
    /// Converts into the error of the request.
    fn error_object(&self, error: E) -> ErrorObject;
}

impl<E: Into<ErrorObject>> FailureToPeer<E> for &&Failure<E> {
    fn error_object(&self, error: E) -> ErrorObject {
        error.into()
    }
}

/// Depth one, prompts and resources: the error is logged, and the client receives −32603.
pub trait FailureToPeerByDisplay<E> {
    /// Converts into the error of the request.
    fn error_object(&self, error: E) -> ErrorObject;
}

impl<E: fmt::Display> FailureToPeerByDisplay<E> for &Failure<E> {
    fn error_object(&self, error: E) -> ErrorObject {
        crate::error::internal("a prompt or resource", &format_args!("{error:#}"))
    }
}

/// Depth zero, prompts and resources: the type implements none of the traits.
pub trait UnsupportedFailureToPeer<E> {
    /// Does not compile, because of [`ToolFailure`].
    fn error_object(&self, _: E) -> ErrorObject
    where
        E: ToolFailure,
    {
        ErrorObject::internal()
    }
}

impl<E> UnsupportedFailureToPeer<E> for Failure<E> {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    type Aliased<T, E = ErrorObject> = Result<T, E>;

    #[derive(Serialize, JsonSchema)]
    struct Report {
        lines: u32,
    }

    /// Converts a value as an expansion does.
    macro_rules! reply {
        ($value:expr) => {{
            let value = $value;
            match Returned::of(&value).to_result(value) {
                Ok(value) => (&&&Success::of(&value)).tool_result(value),
                Err(error) => (&&&Failure::of(&error)).tool_result(error),
            }
        }};
    }

    macro_rules! has_schema {
        ($ty:ty) => {
            (&&&Returned::<$ty>::new().success()).output_schema().is_some()
        };
    }

    macro_rules! error_object {
        ($error:expr) => {{
            let error = $error;
            (&&&Failure::of(&error)).error_object(error)
        }};
    }

    #[test]
    fn the_output_schema_depends_on_the_type() {
        assert!(has_schema!(Report));
        assert!(has_schema!(Aliased<Report>));
        assert!(has_schema!(Aliased<Vec<Option<u8>>, String>));
        assert!(has_schema!(bool));
        assert!(!has_schema!(String));
        assert!(!has_schema!(Aliased<&str>));
        assert!(!has_schema!(()));
        assert!(!has_schema!(Aliased<CallToolResult>));
    }

    #[test]
    fn strings_become_text_and_data_becomes_structured_content() {
        assert!(reply!("text").unwrap().structured_content.is_none());
        let report: Aliased<Report> = Ok(Report { lines: 2 });
        let content = reply!(report).unwrap().structured_content.unwrap();
        assert_eq!(serde_json::to_value(content).unwrap(), json!({"lines": 2}));
    }

    #[test]
    fn the_type_of_an_error_decides_whether_the_model_or_the_client_receives_it() {
        let model: Aliased<Report, String> = Err("no".to_owned());
        assert_eq!(reply!(model).unwrap().is_error, Some(true));
        let model: Aliased<&str, ToolError> = Err(ToolError::new("no"));
        assert_eq!(reply!(model).unwrap().is_error, Some(true));
        let peer: Aliased<()> = Err(ErrorObject::invalid_params("no"));
        assert_eq!(reply!(peer).unwrap_err(), ErrorObject::invalid_params("no"));
    }

    #[test]
    fn other_errors_of_prompts_and_resources_are_only_logged() {
        let error = error_object!("secret".to_owned());
        let general = ErrorObject::internal();
        assert_eq!((error.code(), error.message()), (general.code(), general.message()));
        // Only the id that is also in the log.
        let data = error.data().map(ToString::to_string).unwrap_or_default();
        assert!(data.starts_with("{\"correlationId\":") && !data.contains("secret"), "{data}");
        assert_eq!(
            error_object!(ErrorObject::invalid_params("no")),
            ErrorObject::invalid_params("no")
        );
    }
}
