//! The practical limit of a stdio server: a hand-written loop that answers whatever has arrived with one write.
//! It knows just enough of MCP for the benches and checks nothing.

use std::{
    borrow::Cow,
    io::{self, Write as _},
    os::fd::AsFd as _,
};

use mcp_benches::{Error, tools};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::unix::pipe::{Receiver, Sender},
};

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

struct Floor {
    tools: String,
}

impl Floor {
    fn new(count: usize) -> Floor {
        let tools = tools::table(count).into_iter().map(|tool| {
            let tools::ToolSpec { name, description, input_schema } = tool;
            format!(r#"{{"name":"{name}","description":"{description}","inputSchema":{input_schema}}}"#)
        });
        Floor { tools: format!(r#"{{"tools":[{}]}}"#, tools.collect::<Vec<_>>().join(",")) }
    }

    fn answer(&self, line: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        let message: Message<'_> = serde_json::from_slice(line)?;
        let Some(id) = message.id else { return Ok(()) };
        write!(out, r#"{{"jsonrpc":"2.0","id":{},"#, id.get())?;
        match (message.method.as_ref(), message.params) {
            ("tools/call", Some(params)) => call(params, out)?,
            ("tools/list", _) => write!(out, r#""result":{}}}"#, self.tools)?,
            ("initialize", _) => write!(out, r#""result":{INITIALIZE}}}"#)?,
            _ => write!(out, r#""error":{{"code":-32601,"message":"Method not found"}}}}"#)?,
        }
        out.push(b'\n');
        Ok(())
    }
}

fn call(params: Params<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
    let Arguments { text, a, b } = params.arguments.ok_or("no arguments")?;
    let text = match (params.name.as_deref(), a, b) {
        (Some("echo"), ..) => text.ok_or("no text")?,
        (Some("add"), Some(a), Some(b)) => (a + b).to_string().into(),
        _ => tools::TRIVIAL_ANSWER.into(),
    };
    out.extend_from_slice(br#""result":{"content":[{"type":"text","text":"#);
    serde_json::to_writer(&mut *out, &text)?;
    out.extend_from_slice(br#"}],"isError":false}}"#);
    Ok(())
}

async fn serve(floor: Floor) -> Result<(), Error> {
    let mut stdin = Receiver::from_owned_fd(io::stdin().as_fd().try_clone_to_owned()?)?;
    let mut stdout = Sender::from_owned_fd(io::stdout().as_fd().try_clone_to_owned()?)?;
    let (mut input, mut output) = (Vec::new(), Vec::new());
    loop {
        let known = input.len();
        input.reserve(64 * 1024);
        if stdin.read_buf(&mut input).await? == 0 {
            return Ok(());
        }
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', &input[known..]) {
            floor.answer(&input[start..known + end], &mut output)?;
            start = known + end + 1;
        }
        input.drain(..start);
        stdout.write_all(&output).await?;
        output.clear();
    }
}

fn main() -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(serve(Floor::new(tools::count_from_arguments())))
}
