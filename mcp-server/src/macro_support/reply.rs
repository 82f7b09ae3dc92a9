//! What a returned value becomes, decided by its type, so that an alias of `Result` or of a content
//! block is what it stands for. (Contract of the return values: the guide of `#[tool]`.)
//!
//! Rust has no specialization; method look-up by autoref gives as much as is needed where the type
//! is known, which in an expansion it is. A tag holds the type; a method of one name exists at
//! several depths of reference, the better answer at the greater depth; `(&&&tag).method()` finds
//! the deepest one whose bounds hold. At depth zero stands a method that takes anything and whose
//! own bound nothing meets: there the user reads what to do.
//!
//! 1. [`Returned`]: `Result<T, E>` falls apart into its sides; any other `T` is a success.
//! 2. [`Success`] of a tool: [`IntoToolResult`] → else `Serialize + JsonSchema`, which is
//!    structured → else [`ToolReturn`].
//! 3. [`Failure`] of a tool: [`IntoToolError`] → else `Display`, which the model sees → else
//!    [`ToolFailure`].
//! 4. [`Failure`] of a prompt or resource: `Into<ErrorObject>` → else `Display`, which only the log
//!    sees.

use std::{convert::Infallible, fmt, marker::PhantomData};

use schemars::JsonSchema;
use serde::Serialize;

use crate::error::ToolError;
use crate::jsonrpc::ErrorObject;
use crate::tool::{IntoToolError, IntoToolResult};
use crate::types::{CallToolResult, Schema};

macro_rules! tag {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        pub struct $name<T>(PhantomData<fn() -> T>);

        impl<T> $name<T> {
            /// The tag of a type that is named.
            #[allow(clippy::new_without_default)]
            pub const fn new() -> Self {
                Self(PhantomData)
            }

            /// The tag of a value's type.
            pub const fn of(_: &T) -> Self {
                Self(PhantomData)
            }
        }

        impl<T> fmt::Debug for $name<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "<"))?;
                f.write_str(std::any::type_name::<T>())?;
                f.write_str(">")
            }
        }
    };
}

tag! {
    /// The whole return type of a function.
    Returned
}
tag! {
    /// What a function returns when all is well.
    Success
}
tag! {
    /// What a function returns when it fails.
    Failure
}

/// The error of a function that has none. (Not [`Infallible`]: an arm that handles it would be an
/// unreachable pattern.)
#[derive(Debug)]
pub struct NoError(Infallible);

impl fmt::Display for NoError {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {}
    }
}

impl<T, E> Returned<Result<T, E>> {
    /// The value, as it is.
    pub fn sides(&self, value: Result<T, E>) -> Result<T, E> {
        value
    }

    /// The tag of the good side.
    #[must_use]
    pub const fn success(&self) -> Success<T> {
        Success::new()
    }
}

/// Everything which is not a `Result`. (An inherent method comes before a trait's, so `Result`
/// never gets here.)
pub trait ReturnedValue<T> {
    /// The value as a success.
    fn sides(&self, value: T) -> Result<T, NoError> {
        Ok(value)
    }

    /// The tag of the value itself.
    fn success(&self) -> Success<T> {
        Success::new()
    }
}

impl<T> ReturnedValue<T> for Returned<T> {}

/// Depth two: the type says itself what it becomes.
pub trait SuccessByTrait<T> {
    /// The result of the call.
    fn tool_result(&self, value: T) -> Result<CallToolResult, ErrorObject>;
    /// The schema of the structured content, if there is any.
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

/// Depth one: data becomes structured content.
pub trait SuccessIsStructured<T> {
    /// The result of the call.
    fn tool_result(&self, value: T) -> Result<CallToolResult, ErrorObject>;
    /// The schema of the structured content.
    fn output_schema(&self) -> Option<Schema>;
}

impl<T: Serialize + JsonSchema> SuccessIsStructured<T> for &Success<T> {
    fn tool_result(&self, value: T) -> Result<CallToolResult, ErrorObject> {
        crate::tool::structured(value)
    }

    fn output_schema(&self) -> Option<Schema> {
        Some(crate::tool::output_schema::<T>())
    }
}

/// Never met: says what a tool can return.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be returned from a tool",
    label = "neither text or content, nor data with a schema",
    note = "for data, derive `serde::Serialize` and `schemars::JsonSchema`",
    note = "otherwise return text, `Content`, `CallToolResult`, or implement `IntoToolResult`"
)]
pub trait ToolReturn {}

/// Depth zero: nothing is known of the type.
pub trait SuccessIsNone<T> {
    /// Refused.
    fn tool_result(&self, _: T) -> Result<CallToolResult, ErrorObject>
    where
        T: ToolReturn,
    {
        Err(ErrorObject::internal())
    }

    /// No schema: the refusal is [`SuccessIsNone::tool_result`]'s.
    fn output_schema(&self) -> Option<Schema> {
        None
    }
}

impl<T> SuccessIsNone<T> for Success<T> {}

/// Depth two: the error says itself whether the model or the peer sees it.
pub trait FailureByTrait<E> {
    /// The result of the call.
    fn tool_result(&self, error: E) -> Result<CallToolResult, ErrorObject>;
}

impl<E: IntoToolError> FailureByTrait<E> for &&Failure<E> {
    fn tool_result(&self, error: E) -> Result<CallToolResult, ErrorObject> {
        error.into_tool_error()
    }
}

/// Depth one: the model reads the error.
pub trait FailureByDisplay<E> {
    /// The result of the call.
    fn tool_result(&self, error: E) -> Result<CallToolResult, ErrorObject>;
}

impl<E: fmt::Display> FailureByDisplay<E> for &Failure<E> {
    fn tool_result(&self, error: E) -> Result<CallToolResult, ErrorObject> {
        // The alternate form is where `anyhow` and its like write the whole chain of causes.
        ToolError::new(format!("{error:#}")).into_tool_error()
    }
}

/// Never met: says what an error can be.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a tool, a prompt or a resource",
    label = "it cannot be shown: it has no `Display`",
    note = "implement `std::fmt::Display` (`thiserror` derives it)",
    note = "or use `ToolError`, which the model sees, or `ErrorObject`, which is a protocol error"
)]
pub trait ToolFailure {}

/// Depth zero: nothing is known of the type.
pub trait FailureIsNone<E> {
    /// Refused.
    fn tool_result(&self, _: E) -> Result<CallToolResult, ErrorObject>
    where
        E: ToolFailure,
    {
        Err(ErrorObject::internal())
    }
}

impl<E> FailureIsNone<E> for Failure<E> {}

/// Depth two, prompts and resources: the error is meant for the peer.
pub trait FailureToPeer<E> {
    /// The error of the request.
    fn error_object(&self, error: E) -> ErrorObject;
}

impl<E: Into<ErrorObject>> FailureToPeer<E> for &&Failure<E> {
    fn error_object(&self, error: E) -> ErrorObject {
        error.into()
    }
}

/// Depth one, prompts and resources: the text goes to the log, the peer learns that something
/// failed here.
pub trait FailureToPeerByDisplay<E> {
    /// The error of the request.
    fn error_object(&self, error: E) -> ErrorObject;
}

impl<E: fmt::Display> FailureToPeerByDisplay<E> for &Failure<E> {
    fn error_object(&self, error: E) -> ErrorObject {
        tracing::error!(error = %format_args!("{error:#}"), "a prompt or resource failed");
        ErrorObject::internal()
    }
}

/// Depth zero, prompts and resources.
pub trait FailureToPeerIsNone<E> {
    /// Refused.
    fn error_object(&self, _: E) -> ErrorObject
    where
        E: ToolFailure,
    {
        ErrorObject::internal()
    }
}

impl<E> FailureToPeerIsNone<E> for Failure<E> {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    type Aliased<T, E = ErrorObject> = Result<T, E>;

    #[derive(Serialize, JsonSchema)]
    struct Report {
        lines: u32,
    }

    /// What an expansion does with a value.
    macro_rules! reply {
        ($value:expr) => {{
            let value = $value;
            match Returned::of(&value).sides(value) {
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
    fn schema_by_type() {
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
    fn text_is_text_and_data_is_structured() {
        assert!(reply!("text").unwrap().structured_content.is_none());
        let report: Aliased<Report> = Ok(Report { lines: 2 });
        let content = reply!(report).unwrap().structured_content.unwrap();
        assert_eq!(serde_json::to_value(content).unwrap(), json!({"lines": 2}));
    }

    #[test]
    fn who_sees_an_error_is_decided_by_its_type() {
        let model: Aliased<Report, String> = Err("no".to_owned());
        assert_eq!(reply!(model).unwrap().is_error, Some(true));
        let model: Aliased<&str, ToolError> = Err(ToolError::new("no"));
        assert_eq!(reply!(model).unwrap().is_error, Some(true));
        let peer: Aliased<()> = Err(ErrorObject::invalid_params("no"));
        assert_eq!(reply!(peer).unwrap_err(), ErrorObject::invalid_params("no"));
    }

    #[test]
    fn only_the_log_sees_other_errors_of_prompts_and_resources() {
        assert_eq!(error_object!("secret".to_owned()), ErrorObject::internal());
        assert_eq!(
            error_object!(ErrorObject::invalid_params("no")),
            ErrorObject::invalid_params("no")
        );
    }
}
