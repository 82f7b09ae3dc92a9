//! The trait of what accepts conversations inside a process.

use super::{Conversation, Peer};
use crate::limits::ConnectionLimits;

/// Something in this process that accepts conversations, such as a server. A client connects to it
/// in memory.
pub trait Accept {
    /// The local end of one conversation.
    type Conversation: Conversation;

    /// Starts a conversation. `peer` reaches the other side.
    fn accept(&self, peer: Peer) -> Self::Conversation;

    /// Returns the limits of what the conversation accepts.
    fn limits(&self) -> ConnectionLimits;
}
