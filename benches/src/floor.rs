//! The practical lower limit of a server: it implements just enough of MCP for the benches, parses
//! a message once and checks nothing.

use std::{borrow::Cow, collections::BTreeMap, env, io::Write as _};

use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    Error,
    fixture::{
        form::Form,
        record::Record,
        tools::{self, Choice},
    },
    messages::Era,
};

/// All members of the messages in the benches, so that one parse is enough.
#[derive(Deserialize)]
struct Message<'a, A> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    method: Cow<'a, str>,
    #[serde(borrow)]
    params: Option<Params<'a, A>>,
}

#[derive(Deserialize)]
struct Params<'a, A> {
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    arguments: Option<A>,
    #[serde(borrow, rename = "inputResponses")]
    input_responses: Option<BTreeMap<&'a str, InputResponse>>,
}

#[derive(Deserialize)]
struct Arguments<'a> {
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
    a: Option<i64>,
    b: Option<i64>,
}

#[derive(Deserialize)]
struct InputResponse {
    content: Confirm,
}

#[derive(Deserialize)]
struct Confirm {
    sure: bool,
}

const INITIALIZE: &str = r#"{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"floor","version":"1.0.0"}}"#;
const DISCOVER: &str = r#"{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}},"serverInfo":{"name":"floor","version":"1.0.0"},"ttlMs":0,"cacheScope":"public","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"floor","version":"1.0.0"}}}"#;
/// The question of `ask`. The state is not sealed, because the floor checks nothing.
const ASK: &str = r#""resultType":"input_required","inputRequests":{"confirm":{"method":"elicitation/create","params":{"mode":"form","message":"Is it right?","requestedSchema":{"type":"object","properties":{"sure":{"type":"boolean","description":"Is it right?"}},"required":["sure"]}}}},"requestState":"asked"}"#;
/// Additional members of results of 2026-07-28.
const COMPLETE: &str = r#""resultType":"complete","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"floor","version":"1.0.0"}},"#;

/// The floor server.
#[derive(Clone, Debug)]
pub struct Floor {
    tools: String,
    era: Era,
    extra: bool,
}

impl Floor {
    /// Creates the server that the command line describes.
    pub fn from_arguments() -> Floor {
        let is_legacy = env::args().any(|argument| argument == "--legacy");
        let era = if is_legacy { Era::Legacy } else { Era::Modern };
        Floor::new(era, Choice::from_arguments())
    }

    /// Creates a server of one era with these tools.
    pub fn new(era: Era, Choice { count, extra }: Choice) -> Floor {
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
        Floor { tools, era, extra }
    }

    /// Appends the answer to a message. Appends nothing for a notification.
    pub fn answer(&self, message: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        // So that the arguments of every tool are parsed once, into their own type.
        if self.extra && memmem::find(message, br#""name":"form""#).is_some() {
            return self.respond(serde_json::from_slice::<Message<'_, Form>>(message)?, out);
        }
        self.respond(serde_json::from_slice::<Message<'_, Arguments<'_>>>(message)?, out)
    }

    fn respond<A: Call>(&self, message: Message<'_, A>, out: &mut Vec<u8>) -> Result<(), Error> {
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

    fn call<A: Call>(&self, params: Params<'_, A>, out: &mut Vec<u8>) -> Result<(), Error> {
        let complete = if self.era == Era::Modern { COMPLETE } else { "" };
        let name = params.name.as_deref().unwrap_or_default();
        match (name, params.arguments, params.input_responses) {
            ("ask", _, None) => write!(out, r#""result":{{{ASK}}}"#)?,
            ("ask", _, Some(answers)) => {
                let sure = answers.get("confirm").is_some_and(|answer| answer.content.sure);
                write_text(out, complete, tools::answer_to_question(sure))?;
            }
            ("record", ..) => {
                let record = serde_json::to_string(&Record::sample())?;
                write!(out, r#""result":{{{complete}"content":[{{"type":"text","text":"#)?;
                serde_json::to_writer(&mut *out, &record)?;
                write!(out, r#"}}],"structuredContent":{record}}}}}"#)?;
            }
            (name, Some(arguments), _) => write_text(out, complete, &arguments.answer(name)?)?,
            (name, None, _) => return Err(format!("a call of {name} without arguments").into()),
        }
        Ok(())
    }
}

/// The arguments of a tool that answers a text.
trait Call {
    fn answer(&self, tool: &str) -> Result<Cow<'_, str>, Error>;
}

impl Call for Arguments<'_> {
    fn answer(&self, tool: &str) -> Result<Cow<'_, str>, Error> {
        Ok(match (tool, self.a, self.b) {
            ("echo", ..) => Cow::Borrowed(self.text.as_deref().ok_or("no text")?),
            ("add", Some(a), Some(b)) => (a + b).to_string().into(),
            _ => tools::TRIVIAL_ANSWER.into(),
        })
    }
}

impl Call for Form {
    fn answer(&self, _: &str) -> Result<Cow<'_, str>, Error> {
        Ok(Form::answer(self).into())
    }
}

fn write_text(out: &mut Vec<u8>, complete: &str, text: &str) -> Result<(), Error> {
    write!(out, r#""result":{{{complete}"content":[{{"type":"text","text":"#)?;
    serde_json::to_writer(&mut *out, text)?;
    out.extend_from_slice(b"}]}}");
    Ok(())
}
