//! Spans, metrics and trace context of requests, on both sides.
//!
//! Each request has a [`tracing`] span at the level `INFO`, on the side that sends it and on the
//! side that answers it. The spans, their fields and the metrics follow the [conventions of
//! OpenTelemetry for MCP][conventions], so that any backend for them understands both. Without a
//! subscriber and without a [`Telemetry`] nothing is created.
//!
//! A [`Telemetry`] receives the duration of each request, and carries the context of traces in
//! `_meta`. With the feature `otel`, `OpenTelemetry` is one.
//!
//! [conventions]: https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/mcp.md

pub mod attribute;
#[cfg(feature = "otel")]
mod open_telemetry;
mod operation;
mod recording;
mod sink;
mod trace_context;

#[cfg(feature = "otel")]
pub use open_telemetry::OpenTelemetry;
pub use operation::{NetworkTransport, Operation, Outcome, Side, Target, TargetKind};
#[doc(hidden)]
pub use recording::{Recording, SessionRecording, begin};
pub use sink::{SessionEnd, Telemetry};
pub use trace_context::TraceContext;
