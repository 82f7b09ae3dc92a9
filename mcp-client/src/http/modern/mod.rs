//! Calls of the modern era. Spec: basic/transports/streamable-http (HTTP-1 … HTTP-11,
//! HDR-1 … HDR-17).

mod calls;
mod mirror;
mod receiver;

pub(crate) use calls::ModernCalls;
