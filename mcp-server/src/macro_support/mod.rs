//! Support code for the expansions of `mcp-macros`, next to the public API. Hidden, and not covered
//! by semantic versioning.
//!
//! An expansion is plain code that uses [`ToolRoute::builder`](crate::tool::ToolRoute::builder) and
//! similar functions. A macro cannot answer five questions from tokens, because a type may be an
//! alias, so the compiler answers them:
//!
//! * how a returned value is converted into a result (`reply`);
//! * whether a parameter can be decoded from JSON, from a string or from a header (`argument`);
//! * whether the schema of an argument can be derived later (`standard`);
//! * whether an argument is optional (`is_optional`);
//! * which parameters a completion function has (`completion`).
//!
//! The rest is [`RouteFn`](crate::route::RouteFn) with its list macro, and completion of an
//! argument from a list or by a function.

mod argument;
mod completion;
pub mod form;
mod prompt;
mod reply;
mod standard;
mod tag;

pub use crate::route::{AddRoute, add_entry, fallback};

pub use self::{
    argument::{
        Argument, ArgumentDefault, SerializableDefault, TextArgument, UnserializableDefault,
        argument, header_argument, set_default, text_argument,
    },
    completion::{CompletionFunction, complete_by, complete_from, completion_needs},
    prompt::prompt_argument,
    reply::{
        Failure, FailureByDisplay, FailureByTrait, FailureToPeer, FailureToPeerByDisplay, NoError,
        Returned, ReturnedValue, StructuredSuccess, Success, SuccessByTrait, ToolFailure,
        ToolReturn, UnsupportedFailure, UnsupportedFailureToPeer, UnsupportedSuccess,
    },
    standard::{ArgumentType, OtherArgument, StandardArgument},
};
