//! A server of `docs/guide/from-rmcp.md`.

include!(concat!(env!("OUT_DIR"), "/bank_server.rs"));
