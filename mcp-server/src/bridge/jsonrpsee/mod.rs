//! [jsonrpsee](https://docs.rs/jsonrpsee): the methods of a module as tools, and a server as a
//! module. Feature `jsonrpsee`.
//!
//! ```
//! use jsonrpsee_core::server::RpcModule;
//! use mcp_server::Server;
//! use mcp_server::bridge::jsonrpsee::{MethodSchema, RpcTools};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut module = RpcModule::new(());
//! module.register_method("math.add", |params, _, _| {
//!     let (a, b): (i64, i64) = params.parse()?;
//!     Ok::<_, jsonrpsee_types::ErrorObjectOwned>(a + b)
//! })?;
//!
//! let add = MethodSchema::new("math.add").description("Add two numbers.").by_position();
//! let add = add.param::<i64>("a").param::<i64>("b").returns::<i64>();
//! let tools = RpcTools::new(module).method(add).build()?;
//! let server = Server::builder("calculator", "1.0.0").tools(tools).build()?;
//! # Ok(())
//! # }
//! ```
//!
//! # From a module to tools
//!
//! [`RpcTools`] makes a tool of each method and each subscription. Methods that unsubscribe, and
//! aliases that a schema names, are left out.
//!
//! **Names.** Characters other than `A–Z a–z 0–9 _ -` become `_`, because many hosts refuse them:
//! `state.get` is the tool `state_get`. Two methods with one name are an error of
//! [`RpcTools::build`], and a name that is too long is one of
//! [`ServerBuilder::build`](crate::ServerBuilder::build); [`RpcTools::rename`] resolves both.
//!
//! **Schemas** come from [`rpc_schemas`](macro@rpc_schemas) above `#[rpc]`, from
//! [`MethodSchema`], or from an [OpenRPC document](RpcSchemas::from_open_rpc). A method without a
//! schema is open: it takes an array `params`, or any object ([`OpenParams`]).
//!
//! **Parameters** reach the method as the text that the client sent: numbers of any size, the order
//! of members and members that occur twice included. The bridge validates nothing, because the
//! method does. Arguments of a tool with a [dialect](crate::dialect) are translated first, so their
//! text may change.
//!
//! **Results.** With a schema of the result, the result is structured content, and its JSON is
//! repeated as text. Revisions whose structured content must be an object receive `{"result": …}`
//! for any other value. Without a schema, the result is its JSON as text.
//!
//! **Errors.** The code decides:
//!
//! | code of the method | answer |
//! |---|---|
//! | −32603, −32600, −32700 | −32603 with a correlation id; the log has the error |
//! | −32602 | a result with `isError`; −32602 in revisions whose argument errors are protocol errors |
//! | any other | a result with `isError` |
//!
//! The text of a result with `isError` is the error object, `{"code":…,"message":…,"data":…}`, with
//! `data` as the method wrote it. `_meta` has the code too, as [`ERROR_CODE`].
//!
//! **Subscriptions.** Each value is a progress notification. The result is
//! `{"last": …, "items": …, "ended": …}`: the last value, the number of values, and what ended the
//! subscription: `completed` by the module, or a limit (`max_items`, `max_bytes`, `max_time`) of
//! [`RpcLimits`]. A cancelled call closes the sink of the subscription.
//!
//! **Extensions.** A method reads from its `Extensions` the [`Context`](crate::Context) of the
//! call, the [`Principal`](crate::Principal) if there is one, a [`Cancellation`], and a
//! `ConnectionId` that no other call has.
//!
//! **Blocking.** A blocking method runs on a thread of tokio, and an async one in the task of the
//! call. A sync method delays other calls as long as it runs; [`RpcTools::blocking`] moves it to
//! the threads of [`Context::blocking`](crate::Context::blocking).
//!
//! # From a server to a module
//!
//! [`RpcModuleBuilder`] makes a `RpcModule` of a [`Server`](crate::Server).

mod back;
mod cancellation;
mod describe;
mod error;
mod invoke;
mod limits;
mod method_schema;
mod names;
mod open_rpc;
mod params;
mod references;
mod result;
mod subscription;
mod tools;

pub use back::RpcModuleBuilder;
pub use cancellation::Cancellation;
pub use error::ERROR_CODE;
pub use limits::RpcLimits;
pub use method_schema::{MethodSchema, RpcSchemas};
pub use open_rpc::OpenRpcError;
pub use params::OpenParams;
pub use tools::RpcTools;

#[doc(hidden)]
pub use jsonrpsee_core::server::IntoResponse;
pub use mcp_macros::rpc_schemas;
