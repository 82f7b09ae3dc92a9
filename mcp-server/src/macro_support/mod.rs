//! What the expansions of `mcp-macros` lean on, beside the public API. Hidden: nothing here is
//! stable.
//!
//! An expansion is plain code over [`ToolRoute::builder`](crate::tool::ToolRoute::builder) and its kin. Three questions it cannot
//! answer from tokens, because a type may hide behind an alias, so the compiler is asked:
//!
//! * what a returned value becomes (`reply`);
//! * whether a parameter can be read from JSON, from text, from a header (`argument`);
//! * whether an argument may be left out (`is_optional`).
//!
//! The rest is [`RouteFn`](crate::route::RouteFn) with its list macro, and completion of an argument from a list.

mod argument;
mod completion;
pub mod form;
mod prompt;
mod reply;

pub use crate::route::{AddRoute, add_route};

pub use self::{
    argument::{
        Argument, ArgumentDefault, DefaultIsKnown, DefaultIsSecret, TextArgument, argument,
        header_argument, set_default, text_argument,
    },
    completion::complete_from,
    prompt::prompt_argument,
    reply::{
        Failure, FailureByDisplay, FailureByTrait, FailureIsNone, FailureToPeer,
        FailureToPeerByDisplay, FailureToPeerIsNone, NoError, Returned, ReturnedValue, Success,
        SuccessByTrait, SuccessIsNone, SuccessIsStructured, ToolFailure, ToolReturn,
    },
};
