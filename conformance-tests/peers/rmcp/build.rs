//! Writes the programs of `docs/guide/from-rmcp.md` that use rmcp to files, which the examples
//! include: the page and what is compiled cannot differ.

use std::path::Path;
use std::{env, fs};

const PAGE: &str = "../../../docs/guide/from-rmcp.md";

/// The programs, in the order of the page.
const PROGRAMS: [&str; 2] = ["bank_server.rs", "bank_client.rs"];

fn main() {
    println!("cargo::rerun-if-changed={PAGE}");
    let page = fs::read_to_string(PAGE).expect("the page of the guide");
    let blocks: Vec<&str> = page
        .split("\n```rs\n")
        .skip(1)
        .map(|rest| rest.split_once("\n```").expect("the end of a program").0)
        .collect();
    assert_eq!(blocks.len(), PROGRAMS.len(), "{PAGE} has other programs than {PROGRAMS:?}");
    let folder = env::var_os("OUT_DIR").expect("a folder for what is written");
    for (name, program) in PROGRAMS.iter().zip(blocks) {
        fs::write(Path::new(&folder).join(name), program).expect("a program is written");
    }
}
