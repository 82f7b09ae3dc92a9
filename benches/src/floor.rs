//! The practical limit of a server: it knows just enough of MCP for the benches, reads a message in
//! one pass and checks nothing.

use std::{borrow::Cow, io::Write as _};

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{Error, messages::Era, tools};

/// Every member that any message of the benches has, so that one pass over the bytes is enough.
#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow)]
    params: Option<Params<'a>>,
}

#[derive(Deserialize)]
struct Params<'a> {
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    arguments: Option<Arguments<'a>>,
}

#[derive(Deserialize)]
struct Arguments<'a> {
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
    a: Option<i64>,
    b: Option<i64>,
}

const INITIALIZE: &str = r#"{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"floor","version":"1.0.0"}}"#;
const DISCOVER: &str = r#"{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"serverInfo":{"name":"floor","version":"1.0.0"},"ttlMs":0,"cacheScope":"public","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"floor","version":"1.0.0"}}}"#;
/// What results of 2026-07-28 have besides.
const COMPLETE: &str = r#""resultType":"complete","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"floor","version":"1.0.0"}},"#;

/// The server.
#[derive(Clone, Debug)]
pub struct Floor {
    tools: String,
    era: Era,
}

impl Floor {
    /// A server of one era, with the first `count` tools of [`tools::table`].
    pub fn new(era: Era, count: usize) -> Floor {
        let tools = tools::table(count).into_iter().map(|tool| {
            let tools::ToolSpec { name, description, input_schema } = tool;
            format!(
                r#"{{"name":"{name}","description":"{description}","inputSchema":{input_schema}}}"#
            )
        });
        let tools = tools.collect::<Vec<_>>().join(",");
        let tools = match era {
            Era::Legacy => format!(r#"{{"tools":[{tools}]}}"#),
            Era::Modern => {
                format!(r#"{{{COMPLETE}"tools":[{tools}],"ttlMs":0,"cacheScope":"private"}}"#)
            }
        };
        Floor { tools, era }
    }

    /// Appends the answer of a message; nothing if it wants none.
    pub fn answer(&self, message: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        let message: Message<'_> = serde_json::from_slice(message)?;
        let Some(id) = message.id else { return Ok(()) };
        write!(out, r#"{{"jsonrpc":"2.0","id":{},"#, id.get())?;
        match (message.method.as_ref(), message.params, self.era) {
            ("tools/call", Some(params), _) => self.call(params, out)?,
            ("tools/list", ..) => write!(out, r#""result":{}}}"#, self.tools)?,
            ("initialize", _, Era::Legacy) => write!(out, r#""result":{INITIALIZE}}}"#)?,
            ("server/discover", _, Era::Modern) => write!(out, r#""result":{DISCOVER}}}"#)?,
            _ => write!(out, r#""error":{{"code":-32601,"message":"Method not found"}}}}"#)?,
        }
        Ok(())
    }

    fn call(&self, params: Params<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
        let Arguments { text, a, b } = params.arguments.ok_or("no arguments")?;
        let text = match (params.name.as_deref(), a, b) {
            (Some("echo"), ..) => text.ok_or("no text")?,
            (Some("add"), Some(a), Some(b)) => (a + b).to_string().into(),
            _ => tools::TRIVIAL_ANSWER.into(),
        };
        let complete = if self.era == Era::Modern { COMPLETE } else { "" };
        write!(out, r#""result":{{{complete}"content":[{{"type":"text","text":"#)?;
        serde_json::to_writer(&mut *out, &text)?;
        out.extend_from_slice(b"}]}}");
        Ok(())
    }
}
