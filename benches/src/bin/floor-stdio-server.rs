//! The practical lower limit of a stdio server: a hand-written loop with one write for the answers
//! to all messages of a read. It implements just enough of MCP for the benches and checks nothing.
//!
//! `floor-stdio-server [--tools N] [--extra] [--legacy]`. It serves 2026-07-28, or 2025-11-25 with
//! `--legacy`.

use std::{io, os::fd::AsFd as _};

use mcp_benches::{Error, floor::Floor};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::unix::pipe::{Receiver, Sender},
};

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
            let before = output.len();
            floor.answer(&input[start..known + end], &mut output)?;
            if output.len() > before {
                output.push(b'\n');
            }
            start = known + end + 1;
        }
        input.drain(..start);
        stdout.write_all(&output).await?;
        output.clear();
    }
}

fn main() -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(serve(Floor::from_arguments()))
}
