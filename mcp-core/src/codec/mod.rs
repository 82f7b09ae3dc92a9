//! Framing of messages: functions and state machines over bytes, with limits and without IO or a
//! clock.

pub mod line;
pub mod scan;
pub(crate) mod special;
pub mod sse;
pub(crate) mod strict;
