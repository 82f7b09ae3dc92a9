//! What a server over HTTP says when it starts, and when it cannot.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;

use mcp_test_support::ServerProcess;
use rustix::process::Signal;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::child::{PROGRAM, address, signal};

fn server(address: &str) -> Command {
    let mut command = Command::new(PROGRAM);
    command.env("HTTP_ADDRESS", address).env("WORKER_THREADS", "1");
    command
}

#[test]
fn a_server_logs_its_url_and_writes_nothing_else_without_a_terminal() {
    let mut server = ServerProcess::start(server("127.0.0.1:0").stdout(Stdio::piped()));
    let line = server.expect_stderr("serving address=127.0.0.1:");
    assert!(line.contains("url=\"http://127.0.0.1:") && line.contains("/mcp\""), "{line}");
    // It installs its signal handlers, and would write the line for a terminal, before it answers.
    let mut stream = TcpStream::connect(address(&line)).unwrap();
    stream.set_read_timeout(Some(ServerProcess::TIMEOUT)).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    stream.read_to_end(&mut Vec::new()).unwrap();
    signal(&server, Signal::TERM);
    assert!(server.wait_for_exit().0.success());
    let others = server.remaining_stderr();
    assert!(!others.iter().any(|line| line.contains("listens on")), "{others:?}");
    let mut stdout = String::new();
    server.child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
    assert_eq!(stdout, "");
}

#[test]
fn a_server_names_its_url_on_a_terminal() {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap().into_string().unwrap();
    let stderr = OpenOptions::new().read(true).write(true).open(name).unwrap();
    let mut child = server("127.0.0.1:0").stderr(stderr).spawn().unwrap();
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(File::from(terminal)).lines().map_while(Result::ok) {
            sender.send(line).ok();
        }
    });
    let mut seen = Vec::new();
    while !seen.last().is_some_and(|line: &String| line.contains("listens on")) {
        let Ok(line) = lines.recv_timeout(ServerProcess::TIMEOUT) else { break };
        seen.push(line);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let line = seen.last().map(|line| line.trim_end()).unwrap_or_default();
    assert!(line.contains(" listens on http://127.0.0.1:"), "{seen:?}");
    assert!(line.ends_with("/mcp (Ctrl+C stops it)"), "{seen:?}");
}

#[test]
fn a_program_whose_main_returns_the_error_prints_the_address_the_remedy_and_the_cause() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let port = address.rsplit_once(':').unwrap().1;
    for (asked, says) in [
        (
            address.clone(),
            vec![
                format!("Error: the server cannot listen on {address} (another program listens"),
                "choose another port): Address already in use".to_owned(),
            ],
        ),
        (
            "0.0.0.0:0".to_owned(),
            vec![
                "Error: the server does not listen on 0.0.0.0:".to_owned(),
                "listen on 127.0.0.1:".to_owned(),
                "HttpOptions::allow_host".to_owned(),
            ],
        ),
        (
            format!("127.0.0.1:{port}x"),
            vec!["Error: the address of the server cannot be resolved (write it as".to_owned()],
        ),
    ] {
        let mut server = ServerProcess::start(&mut server(&asked));
        let line = server.expect_stderr("Error: ");
        assert!(!server.wait_for_exit().0.success());
        for part in says {
            assert!(line.contains(&part), "{line}");
        }
    }
}
