//! A process that writes audit records.

use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use mcp_server::audit::{FaultKind, Report, Verifier, verify};
use mcp_test_support::ServerProcess;
use tempfile::TempDir;

use crate::plan::Plan;

/// The process is killed within this time after its first record, in milliseconds.
const WINDOW_MS: usize = 40;

/// After so many rounds, another file begins. A file is verified in each of its rounds.
const ROUNDS_OF_A_FILE: usize = 10;

/// A file, and what processes have said to be in it.
struct File {
    path: PathBuf,
    /// The hashes of records that are on the disk.
    kept: HashSet<String>,
    /// Of the last one.
    last: String,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_log_keeps_its_records_and_goes_on() {
    let mut plan = Plan::new(20, 0).await;
    let folder = TempDir::new().expect("a temporary folder");
    let (mut files, mut torn, mut torn_by_kill) = (Vec::new(), 0, 0);
    for round in 0..plan.rounds {
        if round % ROUNDS_OF_A_FILE == 0 {
            let path = folder.path().join(format!("{round}.jsonl"));
            files.push(File { path, kept: HashSet::new(), last: String::new() });
        }
        let file = files.last_mut().expect("a file");
        let window = Duration::from_millis(plan.random.below(WINDOW_MS) as u64);
        tokio::task::block_in_place(|| file.write_and_kill(window));
        torn_by_kill += usize::from(file.check_interrupted());
        // What a power cut may leave of the records that were not reported yet.
        if plan.random.below(2) == 0 {
            let text = fs::read(&file.path).expect("the file");
            let rest = end_of(&text, &file.last)..text.len();
            let at = rest.start + plan.random.below(rest.len() + 1);
            let cut = OpenOptions::new().write(true).open(&file.path).expect("the file");
            cut.set_len(at as u64).expect("a shorter file");
        }
        torn += usize::from(file.check_interrupted());
    }
    let mut total = Report::default();
    for file in &mut files {
        tokio::task::block_in_place(|| file.write_and_kill(Duration::ZERO));
        file.check_interrupted();
        // Opened for the last time, and closed.
        let log = mcp_server::audit::AuditLog::builder().open(&file.path).expect("an intact file");
        log.close().await.expect("a closed log");
        let report = file.check_all();
        total.records += report.records;
        total.torn += report.torn;
    }
    let kept: usize = files.iter().map(|file| file.kept.len()).sum();
    eprintln!(
        "audit: {} rounds, {} records, {kept} of them known to be kept, {torn} rounds with a torn \
         end, {torn_by_kill} of them by the kill alone, {} recorded",
        plan.rounds, total.records, total.torn
    );
    assert!(torn > 0, "no kill left a torn record");
    assert!(total.torn >= torn as u64);
}

impl File {
    /// Starts a process that goes on in the file, and kills it.
    fn write_and_kill(&mut self, window: Duration) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_audit-writer"));
        command.arg(&self.path);
        let mut process = ServerProcess::start(command.stdin(Stdio::piped()));
        // It does not start if the file is not intact.
        let first = process.expect_stderr("kept ");
        std::thread::sleep(window);
        process.child.kill().expect("a running process");
        process.child.wait().expect("an exit status");
        let lines = std::iter::once(first).chain(process.remaining_stderr());
        // The last line may be a part of one.
        for hash in lines.filter_map(|line| Some(line.strip_prefix("kept ")?.to_owned())) {
            if hash.len() == 64 {
                self.last.clone_from(&hash);
                self.kept.insert(hash);
            }
        }
    }

    /// Checks the file as the process has left it. Returns whether its end is torn.
    fn check_interrupted(&self) -> bool {
        let text = fs::read(&self.path).expect("the file");
        match Verifier::new().anchor(&self.last).verify(&*text) {
            Ok(_) => false,
            Err(fault) => {
                assert!(matches!(fault.kind(), FaultKind::Torn), "{fault}");
                let before: Vec<_> = text.split_inclusive(|byte| *byte == b'\n').collect();
                let before = before[..fault.line() as usize - 1].concat();
                let intact = Verifier::new().anchor(&self.last).verify(&*before);
                intact.unwrap_or_else(|fault| panic!("a record that was kept is lost: {fault}"));
                true
            }
        }
    }

    /// Checks that the file is intact, and has all that was kept.
    fn check_all(&self) -> Report {
        let report = verified(&self.path);
        let text = fs::read_to_string(&self.path).expect("the file");
        let start = r#"{"event_hash":""#.len();
        let hashes: HashSet<&str> =
            text.lines().filter_map(|line| line.get(start..start + 64)).collect();
        let lost = self.kept.iter().filter(|hash| !hashes.contains(&***hash)).count();
        assert_eq!(lost, 0, "records that were kept are lost");
        report
    }
}

fn verified(path: &Path) -> Report {
    let text = fs::read(path).expect("the file");
    verify(&*text).unwrap_or_else(|fault| panic!("{fault}"))
}

/// Returns where the line of a record ends.
fn end_of(text: &[u8], hash: &str) -> usize {
    let start = text.windows(64).position(|part| part == hash.as_bytes()).expect("the record");
    let line_end = text[start..].iter().position(|byte| *byte == b'\n').expect("a whole line");
    start + line_end + 1
}
