//! Many servers as one: one list of tools, prompts and resources, and calls that find their server.
//!
//! A server is known by the name that the host gave it, never by what it says of itself (spec: server/tools,
//! TOOL-8). `name` makes the names of a group unique and `route` finds whose they are, `server` keeps the connection to one
//! server, `list` asks all of them, `notification` is what they tell.

mod builder;
mod client_group;
mod list;
mod name;
mod notification;
mod route;
mod server;

pub use builder::ClientGroupBuilder;
pub use client_group::ClientGroup;
pub use list::{Exposed, Failure, FromServer, GroupList};
pub use name::Naming;
pub use notification::{GroupEvent, GroupNotifications};
pub use route::Route;
pub use server::{GroupServer, ServerState};
