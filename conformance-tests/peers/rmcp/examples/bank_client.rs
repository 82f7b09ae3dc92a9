//! A client of `docs/guide/from-rmcp.md`.

include!(concat!(env!("OUT_DIR"), "/bank_client.rs"));
