//! Whatever is done to a chain, the verifier names the first record that is not as it was written.

use std::ops::Range;
use std::sync::OnceLock;

use mcp_server::audit::{Fault, FaultKind, Report, Verifier, verify};
use mcp_test_support::Random;
use tokio::sync::Mutex;

use super::chain::{folder, id, write};

const RECORDS: usize = 10_000;

/// A file of 10,000 records, and where its lines are.
struct Chain {
    text: Vec<u8>,
    lines: Vec<Range<usize>>,
}

/// The file, which is written once.
async fn chain() -> &'static Chain {
    static CHAIN: OnceLock<Chain> = OnceLock::new();
    static WRITING: Mutex<()> = Mutex::const_new(());
    let _writing = WRITING.lock().await;
    if let Some(chain) = CHAIN.get() {
        return chain;
    }
    let (_folder, path) = folder();
    write(&path, RECORDS).await;
    let text = std::fs::read(path).unwrap();
    let mut start = 0;
    let mut lines = Vec::new();
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        lines.push(start..start + line.len());
        start += line.len();
    }
    assert_eq!(lines.len(), RECORDS);
    CHAIN.get_or_init(|| Chain { text, lines })
}

impl Chain {
    /// The text of lines, in this order.
    fn of(&self, lines: impl IntoIterator<Item = usize>) -> Vec<u8> {
        lines.into_iter().flat_map(|line| self.text[self.lines[line].clone()].to_vec()).collect()
    }

    fn id(&self, line: usize) -> String {
        id(&self.of([line]))
    }

    fn hash(&self, line: usize) -> String {
        let record: serde_json::Value = serde_json::from_slice(&self.of([line])).unwrap();
        record["event_hash"].as_str().unwrap().to_owned()
    }
}

#[track_caller]
fn fault_of(text: &[u8]) -> Fault {
    verify(text).expect_err("a fault")
}

#[tokio::test]
async fn an_intact_chain_is_reported() {
    let chain = chain().await;
    let report: Report = verify(&*chain.text).unwrap();
    assert_eq!((report.records, report.torn, report.lost_records), (RECORDS as u64, 0, 0));
    assert_eq!(report.head, Some(chain.hash(RECORDS - 1)));
    assert_eq!(verify(&b""[..]).unwrap(), Report::default());
    // A part is intact if it is known what it follows.
    let part = chain.of(10..20);
    let report = Verifier::new().after(chain.hash(9)).verify(&*part).unwrap();
    assert_eq!(report.records, 10);
    assert_eq!(fault_of(&part).line(), 1);
}

#[tokio::test]
async fn a_changed_byte_anywhere_in_the_file_is_found() {
    let chain = chain().await;
    let seed = 7;
    let mut random = Random::new(seed);
    for round in 0..12 {
        // The ends, and places between them.
        let at = match round {
            0 => 0,
            1 => chain.text.len() - 2,
            _ => random.below(chain.text.len()),
        };
        let line = chain.lines.partition_point(|line| line.end <= at);
        let mut text = chain.text.clone();
        text[at] ^= 1 << random.below(7);
        let fault = fault_of(&text);
        assert_eq!(fault.line(), line as u64 + 1, "byte {at}: {fault}");
    }
}

#[tokio::test]
async fn every_byte_of_a_record_matters_whatever_it_becomes() {
    let chain = chain().await;
    let mut random = Random::new(11);
    let mut flips = 0;
    for line in [0, 1, RECORDS / 2, RECORDS - 3] {
        // The verifier knows what the record follows, so the rest need not be read each time.
        let window = chain.of([line, line + 1, line + 2]);
        let verifier = match line {
            0 => Verifier::new(),
            line => Verifier::new().after(chain.hash(line - 1)),
        };
        verifier.verify(&*window).unwrap();
        let expected = chain.id(line);
        let length = chain.lines[line].len();
        let id_at = String::from_utf8(window.clone()).unwrap().find(&expected).unwrap();
        for at in 0..length {
            for new in
                [b'\n', b'"', b'0', b' ', b'\\', 0, 0xff, window[at] ^ 0x20, random.next() as u8]
            {
                if new == window[at] {
                    continue;
                }
                let mut text = window.clone();
                text[at] = new;
                let fault = verifier.verify(&*text).expect_err("a fault");
                assert_eq!(fault.line(), 1, "byte {at} of line {line} becomes {new:#x}: {fault}");
                let is_before = new == b'\n' && at < id_at;
                let is_inside = (id_at - 12..=id_at + expected.len()).contains(&at);
                if !is_before && !is_inside {
                    assert_eq!(fault.event_id(), Some(&*expected), "byte {at} becomes {new:#x}");
                }
                flips += 1;
            }
        }
    }
    assert!(flips > 10_000, "{flips}");
}

#[tokio::test]
async fn a_record_that_is_removed_inserted_moved_or_repeated_is_found() {
    let chain = chain().await;
    let mut random = Random::new(13);
    for _ in 0..3 {
        let line = 1 + random.below(RECORDS - 3);
        let rest = |from: usize| from..RECORDS;
        let is_at = |text: &[u8], at: usize, named: usize| {
            let fault = fault_of(text);
            assert!(matches!(fault.kind(), FaultKind::OutOfPlace), "{fault}");
            assert_eq!((fault.line(), fault.event_id()), (at as u64 + 1, Some(&*chain.id(named))));
        };
        let removed = chain.of((0..line).chain(rest(line + 1)));
        is_at(&removed, line, line + 1);
        let swapped = chain.of((0..line).chain([line + 1, line]).chain(rest(line + 2)));
        is_at(&swapped, line, line + 1);
        let repeated = chain.of((0..=line).chain([line]).chain(rest(line + 1)));
        is_at(&repeated, line + 1, line);
        let other = random.below(line);
        let inserted = chain.of((0..=line).chain([other]).chain(rest(line + 1)));
        is_at(&inserted, line + 1, other);
    }
    let without_the_first = chain.of(1..RECORDS);
    assert_eq!(fault_of(&without_the_first).line(), 1);
    // A line that is no record.
    let mut text = chain.of(0..5);
    text.extend_from_slice(b"\n");
    text.extend(chain.of(5..9));
    let fault = fault_of(&text);
    assert!(matches!(fault.kind(), FaultKind::Changed), "{fault}");
    assert_eq!(fault.line(), 6);
}

#[tokio::test]
async fn what_is_cut_off_at_the_end_is_found_with_an_anchor_only() {
    let chain = chain().await;
    let short = chain.of(0..500);
    assert_eq!(verify(&*short).unwrap().records, 500);
    let anchored = Verifier::new().anchor(chain.hash(499));
    assert_eq!(anchored.verify(&*short).unwrap().after_anchor, Some(0));
    assert_eq!(anchored.verify(&*chain.text).unwrap().after_anchor, Some(RECORDS as u64 - 500));
    let fault = anchored.verify(&*chain.of(0..499)).unwrap_err();
    assert!(matches!(fault.kind(), FaultKind::AnchorMissing), "{fault}");
    assert_eq!((fault.line(), fault.event_id()), (500, None));
    // Another chain, intact in itself.
    let (_folder, path) = folder();
    write(&path, 600).await;
    let other = std::fs::read(path).unwrap();
    let fault = anchored.verify(&*other).unwrap_err();
    assert!(matches!(fault.kind(), FaultKind::AnchorMissing), "{fault}");
    // Inside of the last record.
    let mut torn = short.clone();
    for _ in 0..3 {
        torn.truncate(torn.len() - 40);
        let fault = fault_of(&torn);
        assert!(matches!(fault.kind(), FaultKind::Torn), "{fault}");
        assert_eq!((fault.line(), fault.event_id()), (500, Some(&*chain.id(499))));
    }
    // Only the line break is missing: the record is as it was written.
    assert_eq!(verify(&short[..short.len() - 1]).unwrap().records, 500);
}

#[tokio::test]
async fn a_forged_record_with_a_right_hash_does_not_fit() {
    let chain = chain().await;
    let line = 20;
    let text = String::from_utf8(chain.of([line])).unwrap();
    // Who can compute the hash can make a record, but not the hashes after it.
    let forged = text.replace("\"principal_id\":\"anonymous\"", "\"principal_id\":\"mallory\"");
    let body = format!("{{{}", &forged.trim_end()[r#"{"event_hash":"",""#.len() + 64 - 1..]);
    let hash = sha256(&body);
    let forged = format!("{{\"event_hash\":\"{hash}\",{}\n", &body[1..]);
    let mut tampered = chain.of(0..line);
    tampered.extend_from_slice(forged.as_bytes());
    assert_eq!(verify(&*tampered).unwrap().records, line as u64 + 1, "the forgery is a record");
    tampered.extend(chain.of(line + 1..50));
    let fault = fault_of(&tampered);
    assert_eq!(fault.line(), line as u64 + 2, "{fault}");
    // A member twice, white space, a number, and a member that is not known.
    for (from, to) in [
        ("\"outcome\"", "\"outcome\":\"allowed\",\"outcome\""),
        (",\"outcome\"", ", \"outcome\""),
        ("\"mcp-server\":{", "\"mcp-server\":{\"a\":1,"),
        (",\"tool_name\"", ",\"seen\":\"no\",\"tool_name\""),
        ("\"outcome\":\"", "\"outcome\":\"more"),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        let body = format!("{{{}", &changed.trim_end()[r#"{"event_hash":"",""#.len() + 64 - 1..]);
        let hash = sha256(&body);
        let line = format!("{{\"event_hash\":\"{hash}\",{}\n", &body[1..]);
        let verifier = Verifier::new().after(chain.hash(19));
        let fault = verifier.verify(line.as_bytes()).expect_err(to);
        assert!(matches!(fault.kind(), FaultKind::Changed), "{to}: {fault}");
    }
}

/// SHA-256, in hexadecimal.
fn sha256(body: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, body.as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn a_line_of_any_length_is_read_in_bounded_memory() {
    use std::io::Read as _;
    // 64 MiB of zeros, as a file system may leave them, and no line break.
    let zeros = std::io::repeat(0).take(64 << 20);
    let fault = verify(std::io::BufReader::new(zeros)).unwrap_err();
    assert!(matches!(fault.kind(), FaultKind::Torn), "{fault}");
    let text = format!("{}\n", "[".repeat(1 << 20));
    let fault = verify(text.as_bytes()).unwrap_err();
    assert_eq!(fault.line(), 1);
}
