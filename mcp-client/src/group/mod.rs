//! Many servers as one: one list of tools, prompts and resources, and calls that find their server.
//!
//! A server is known by the name that the host gave it, never by what it says of itself (spec:
//! server/tools, TOOL-8).

mod budget;
mod builder;
mod client_group;
mod keeper;
mod kind;
mod known_tools;
mod last_list;
mod list;
mod listing;
mod name;
mod notification;
mod owner;
mod route;
mod server;
mod server_state;
mod settings;
mod spill;
mod subscription;
mod task;

pub use budget::ResultBudget;
pub use builder::ClientGroupBuilder;
pub use client_group::ClientGroup;
pub(crate) use client_group::WeakGroup;
pub use last_list::{Freshness, RememberedTools, ServerTools};
pub use list::{Exposed, Failure, FromServer, GroupList};
pub use name::Naming;
pub use notification::{GroupEvent, GroupNotifications};
pub use route::Route;
pub use server_state::{GroupServer, ServerState};
pub use spill::SpillLimits;
