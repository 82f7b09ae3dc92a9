//! What a response says: one message as JSON, or a stream of events in which the response to a
//! request comes last.

mod cursor;
mod receiver;
mod refusal;
mod reply_reader;

pub(crate) use cursor::Cursor;
pub(crate) use receiver::Receiver;
pub(crate) use refusal::error_for;
pub(crate) use reply_reader::{ReplyReader, is_stream};
