//! A question to the user within a call, in 2026-07-28: the server answers the call with the
//! question and a state, and the client sends the call again with the answer and the state.

use serde_json::{Value, json};

use super::dialogue::Dialogue;
use crate::{
    Error,
    context::Context,
    fixture::tools,
    messages::{Era, Template},
    participants::{RATIOS, Setup, names},
    table::Table,
    transport::Transport,
    turns::Grid,
};

/// The name of the row.
pub const ROW: &str = "elicitation round trip, both requests";

/// Returns the key of the table of a transport.
pub fn key(transport: Transport) -> String {
    format!("elicitation-{}", transport.key())
}

const NOTE: &str = "The SDKs seal the state; the floor checks nothing. The tool of rmcp is written \
     by hand with its `RequestState` and `RequestStateCodec`; in this SDK it is one line, \
     `ctx.elicit`.";

/// Measures the servers. Returns a table for each transport.
pub fn measure(context: &Context) -> Result<Vec<Table>, Error> {
    let options = &context.options;
    if !options.includes_row(ROW) || !options.eras().contains(&Era::Modern) {
        return Ok(vec![]);
    }
    let mut tables = vec![];
    for transport in Transport::ALL {
        let servers = match transport {
            Transport::Stdio => context.programs()?.stdio_servers(options),
            Transport::Http => context.programs()?.http_servers(options),
        };
        let grid = Grid::measure(options.rounds, &[ROW], &servers, |_, server| {
            let setup = Setup::extra(Era::Modern);
            Dialogue::open(context, transport, server, &setup)
                .and_then(|mut dialogue| dialogue.repeat(options.time, round_trip))
                .map_err(|error| format!("{}, elicitation: {error}", server.name).into())
        });
        let title = format!("A question to the user over {}, 2026-07-28: CPU µs", transport.name());
        let mut table =
            Table::new(key(transport), title, &names(&servers)).ratios(&RATIOS).notes(&[NOTE]);
        table.row(ROW, grid.medians(0, |used| *used));
        tables.push(table);
    }
    Ok(tables)
}

fn round_trip(dialogue: &mut Dialogue<'_>) -> Result<(), Error> {
    let mut params = json!({ "name": "ask", "arguments": {} });
    Template::with_elicitation(&mut params);
    let question = dialogue.exchange(&Template::call(Era::Modern, "ask", params.clone()))?;
    let result = &question["result"];
    let requests = result["inputRequests"].as_object().ok_or("no question")?;
    let accepted = json!({ "action": "accept", "content": { "sure": true } });
    params["inputResponses"] = requests.keys().map(|key| (key.clone(), accepted.clone())).collect();
    params["requestState"] = result["requestState"].clone();
    let answer = dialogue.exchange(&Template::call(Era::Modern, "ask", params))?;
    match &answer["result"]["content"][0]["text"] {
        Value::String(text) if text == tools::answer_to_question(true) => Ok(()),
        _ => Err(format!("not the answer: {answer}").into()),
    }
}
