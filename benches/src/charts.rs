//! The charts of the results.

use crate::{
    chart::{Chart, Group},
    clients, http,
    messages::Era,
    participants::{FLOOR, OURS, OURS_LTO, RAW},
    stdio,
    table::Table,
    transport::Transport,
};

/// Returns the charts with the names of their files, as far as their tables were measured.
pub fn all(tables: &[Table]) -> Vec<(&'static str, Chart)> {
    let charts = [("servers.svg", servers(tables)), ("clients.svg", clients(tables))];
    charts.into_iter().filter(|(_, chart)| !chart.groups.is_empty()).collect()
}

fn servers(tables: &[Table]) -> Chart {
    use http::servers::row as http_row;
    use stdio::servers::row as stdio_row;
    let era = Era::Modern;
    let (stdio, http) = (stdio::servers::key(era), http::servers::key(era));
    let rows = [
        (&stdio, "stdio", stdio_row::ONE),
        (&stdio, "stdio", stdio_row::IN_FLIGHT),
        (&stdio, "stdio", stdio_row::LIST),
        (&stdio, "stdio", stdio_row::LONG),
        (&http, "HTTP", http_row::CONNECTIONS),
        (&http, "HTTP", http_row::MANY_CONNECTIONS),
        (&http, "HTTP", http_row::LIST),
        (&http, "HTTP", http_row::LONG),
    ];
    let groups = rows.iter().filter_map(|(key, transport, row)| group(tables, key, transport, row));
    Chart {
        title: "Servers: CPU time per request, 2026-07-28".to_owned(),
        subtitle: format!(
            "µs; shorter is better; {FLOOR}: a hand-written responder that checks nothing; every \
             group has its own scale"
        ),
        groups: groups.collect(),
    }
}

fn clients(tables: &[Table]) -> Chart {
    let mut groups = vec![];
    for transport in Transport::ALL {
        let key = clients::key(transport, Era::Modern);
        for (in_flight, multi_thread) in [(1, false), (32, false), (32, true)] {
            let row = clients::row(in_flight, multi_thread);
            groups.extend(group(tables, &key, transport.name(), &row));
        }
    }
    Chart {
        title: "Clients: CPU time per call, 2026-07-28".to_owned(),
        subtitle: format!("µs; shorter is better; {RAW}: raw bytes; every group has its own scale"),
        groups,
    }
}

/// Returns the bars of a row, without those of the profile that is not a user's.
fn group(tables: &[Table], key: &str, transport: &str, row: &str) -> Option<Group> {
    let table = tables.iter().find(|table| table.key == key)?;
    table.figure(row, OURS)?;
    let columns = table.columns.iter().filter(|column| *column != OURS_LTO);
    let bars =
        columns.filter_map(|column| Some((column.clone(), table.figure(row, column)?))).collect();
    Some(Group { label: format!("{transport}, {row}"), bars })
}
