//! What the instances of a server share: sessions of the legacy era, the streams of these sessions,
//! changes, and used single-use states. `docs/fleet.md` describes it for users.
//!
//! An instance keeps the sessions that it serves in memory, as a server alone does. Beside that,
//! each session has a record in the [store](crate::store::SessionStore), from which any instance
//! can restore it. Whatever concerns a session at another instance is sent over the
//! [bus](crate::store::MessageBus), which all instances read in the same order: changes of the
//! session, its end, cancellations, and answers to requests of the server. Changes of what the
//! server offers take the same way, so a subscription that was answered precedes every change that
//! happens afterwards.

mod background;
mod instances;
mod message;
mod recent;
mod session_data;
mod shared_session;

pub(crate) use instances::{Fleet, SessionReceiver};
pub(crate) use message::{SessionChange, SessionMessage};
pub(crate) use session_data::SessionData;
pub(crate) use shared_session::SharedSession;
