//! What accepts conversations.

use super::{Conversation, Peer};
use crate::limits::ConnectionLimits;

/// Something in this process that accepts conversations, such as a server.
pub trait Accept {
    /// One conversation.
    type Conversation: Conversation;

    /// Begins a conversation; `peer` is the way to the other side.
    fn accept(&self, peer: Peer) -> Self::Conversation;

    /// The bounds of what the conversation accepts.
    fn limits(&self) -> ConnectionLimits;
}
