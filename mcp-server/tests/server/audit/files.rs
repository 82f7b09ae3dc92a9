//! Logs in files.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use mcp_server::audit::{
    AuditError, AuditEvent, AuditLog, FaultKind, Fsync, Report, Verifier, verify,
};

use super::chain::{event, folder, quick, records, write};

fn verified(path: &Path) -> Report {
    verify(&*fs::read(path).unwrap()).unwrap_or_else(|fault| panic!("{fault}"))
}

fn append(path: &Path, bytes: &[u8]) {
    OpenOptions::new().append(true).open(path).unwrap().write_all(bytes).unwrap();
}

#[tokio::test]
async fn a_file_is_opened_again_at_the_end_of_its_chain() {
    let (_folder, path) = folder();
    for round in 1..=3 {
        write(&path, 10).await;
        let report = verified(&path);
        assert_eq!((report.records, report.torn), (round * 10, 0));
    }
    let records = records(&path);
    assert_eq!(records[10]["event_type"], AuditEvent::AUDIT_OPENED);
    assert_eq!(records[10]["principal_id"], "server");
    assert_eq!(records[11]["principal_id"], "anonymous");
    let ids: std::collections::HashSet<_> =
        records.iter().map(|record| record["event_id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 30);
}

#[tokio::test]
async fn a_torn_end_is_recorded_and_the_chain_goes_on() {
    let (_folder, whole) = folder();
    write(&whole, 10).await;
    let text = fs::read(&whole).unwrap();
    let last = text[..text.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    let tails: Vec<Vec<u8>> = (last + 1..text.len() - 1)
        .step_by(23)
        .map(|end| text[last..end].to_vec())
        // What file systems leave, and an interrupted record about an interrupted record.
        .chain([vec![0; 5_000], b"{\"event_hash\":\"".to_vec(), b"{\"a\n{\"b".to_vec()])
        .chain([vec![0xff; 20_000]])
        .collect();
    for tail in tails {
        let (_folder, path) = folder();
        fs::write(&path, [&text[..last], &tail].concat()).unwrap();
        let fault = verify(&*fs::read(&path).unwrap()).unwrap_err();
        assert!(matches!(fault.kind(), FaultKind::Torn), "{fault}");
        assert_eq!(fault.line(), 10);
        // Twice: the record about it is intact itself.
        for round in 1..=2 {
            write(&path, 5).await;
            let report = verified(&path);
            assert_eq!((report.records, report.torn), (9 + 5 * round, 1));
        }
        let text = fs::read(&path).unwrap();
        // Nothing is deleted.
        assert_eq!(&text[last..last + tail.len()], &tail);
        let is_told = format!("\"torn_bytes\":\"{}\"", tail.len() + 1);
        assert!(String::from_utf8_lossy(&text).contains(&is_told));
        // What was torn cannot be changed or removed later.
        let mut changed = text.clone();
        changed[last] ^= 1;
        let fault = verify(&*changed).unwrap_err();
        assert_eq!(fault.line(), 10, "{fault}");
        let removed = [&text[..last], &text[last + tail.len() + 1..]].concat();
        let fault = verify(&*removed).unwrap_err();
        assert!(matches!(fault.kind(), FaultKind::OutOfPlace), "{fault}");
        assert_eq!(fault.line(), 10);
    }
}

#[tokio::test]
async fn interruptions_in_a_row_are_recorded() {
    let (_folder, path) = folder();
    write(&path, 3).await;
    for round in 1..=5 {
        append(&path, b"{\"event_hash\":\"0123");
        let log = quick().open(&path).unwrap();
        log.close().await.unwrap();
        let report = verified(&path);
        assert_eq!((report.records, report.torn), (3 + round, round));
    }
    // The record about the interruption is interrupted: only its line break has been written.
    append(&path, b"{\"event_hash\":\"0123\n");
    write(&path, 2).await;
    assert_eq!(verified(&path).torn, 6);
    // A whole record without its line break is not torn.
    let text = fs::read(&path).unwrap();
    fs::write(&path, &text[..text.len() - 1]).unwrap();
    write(&path, 2).await;
    assert_eq!(verified(&path).torn, 6);
}

#[tokio::test]
async fn a_file_that_is_not_intact_is_not_appended_to() {
    let (_folder, path) = folder();
    write(&path, 20).await;
    let mut text = fs::read(&path).unwrap();
    let middle = text.len() / 2;
    text[middle] ^= 1;
    fs::write(&path, &text).unwrap();
    let error = quick().open(&path).unwrap_err();
    assert!(matches!(&error, AuditError::NotIntact { fault, .. } if fault.line() > 5), "{error}");
    assert_eq!(fs::read(&path).unwrap(), text);
}

#[tokio::test]
async fn a_file_has_one_log() {
    let (_folder, path) = folder();
    let log = quick().open(&path).unwrap();
    let error = quick().open(&path).unwrap_err();
    assert!(matches!(error, AuditError::InUse { .. }), "{error}");
    assert!(error.to_string().contains("audit.jsonl"), "{error}");
    log.record(event(1)).await.unwrap();
    log.close().await.unwrap();
    quick().open(&path).unwrap();
}

#[tokio::test]
async fn a_folder_that_does_not_exist_is_named() {
    let (folder, _) = folder();
    let path = folder.path().join("none").join("audit.jsonl");
    let error = quick().open(&path).unwrap_err();
    assert!(matches!(error, AuditError::Open { .. }), "{error}");
    assert!(error.to_string().contains("none"), "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_file_belongs_to_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_folder, path) = folder();
    let _log = quick().open(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_rotated_file_continues_the_chain_of_the_one_before() {
    let (folder, path) = folder();
    let log = quick().open(&path).unwrap();
    log.record(event(1)).await.unwrap();
    let archived = folder.path().join("audit.1.jsonl");
    fs::rename(&path, &archived).unwrap();
    log.record(event(2)).await.unwrap();
    log.rotate(&path).await.unwrap();
    log.record(event(3)).await.unwrap();
    // Not onto a file that has something in it; the log goes on.
    let error = log.rotate(&archived).await.unwrap_err();
    assert!(matches!(error, AuditError::Open { .. }), "{error}");
    log.record(event(4)).await.unwrap();
    let head = log.head().unwrap();
    assert_eq!(head.written, 5);
    log.close().await.unwrap();

    let before = verified(&archived);
    assert_eq!(before.records, 3);
    let text = fs::read(&path).unwrap();
    assert_eq!(verify(&*text).unwrap_err().line(), 1);
    let report = Verifier::new().after(before.head.clone().unwrap()).verify(&*text).unwrap();
    assert_eq!((report.records, report.head.as_deref()), (2, Some(&*head.event_hash)));
    // After a restart it is not known what it follows, unless the program says so.
    quick().open(&path).unwrap().close().await.unwrap();
    quick().after(before.head.unwrap()).open(&path).unwrap().close().await.unwrap();
    let error = quick().after("0".repeat(64)).open(&path).unwrap_err();
    assert!(matches!(&error, AuditError::NotIntact { fault, .. } if fault.line() == 1), "{error}");
    quick().open(&archived).unwrap();
}

#[tokio::test]
async fn every_policy_writes_everything_before_the_log_is_closed() {
    let policies = [Fsync::EveryRecord, Fsync::Interval(Duration::from_millis(1)), Fsync::Never];
    for fsync in policies {
        let (_folder, path) = folder();
        let log = AuditLog::builder().fsync(fsync).open(&path).unwrap();
        for number in 0..100 {
            assert!(log.record_now(event(number)));
        }
        log.flush().await.unwrap();
        assert_eq!(verified(&path).records, 101, "{fsync:?}");
        log.close().await.unwrap();
        assert!(matches!(log.record(event(0)).await, Err(AuditError::Closed)));
        assert!(matches!(log.ready(), Err(AuditError::Closed)));
        assert!(matches!(log.flush().await, Err(AuditError::Closed)));
        log.close().await.unwrap();
        assert_eq!(verified(&path).records, 101, "{fsync:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_of_many_tasks_are_one_chain() {
    let (_folder, path) = folder();
    let log = AuditLog::builder().open(&path).unwrap();
    let tasks: Vec<_> = (0..64)
        .map(|task| {
            let log = log.clone();
            tokio::spawn(async move {
                for number in 0..20 {
                    log.record(event(task * 100 + number)).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(log.head().unwrap().written, 64 * 20 + 1);
    log.close().await.unwrap();
    assert_eq!(verified(&path).records, 64 * 20 + 1);
}
