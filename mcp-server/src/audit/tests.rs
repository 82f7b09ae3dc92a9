//! Logs whose disk fails: it is full, or loses what it should have kept.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mcp_core::sync::Mutex;

use super::file::{AuditFile, Storage};
use super::record::Chain;
use super::worker::Destination;
use super::{
    AuditError, AuditEvent, AuditLimits, AuditLog, AuditLogBuilder, Fsync, OnFailure, Outcome,
    Report, verify,
};

/// A disk in memory.
#[derive(Clone)]
struct Disk(Arc<State>);

struct State {
    bytes: Mutex<Vec<u8>>,
    /// What fits onto it.
    capacity: AtomicUsize,
    syncs: AtomicUsize,
    /// The number of `fsync` that fail from now on.
    failing_syncs: AtomicUsize,
    /// The number of cuts that fail from now on.
    failing_cuts: AtomicUsize,
}

impl Disk {
    fn new(capacity: usize) -> Self {
        let zero = || AtomicUsize::new(0);
        Self(Arc::new(State {
            bytes: Mutex::default(),
            capacity: AtomicUsize::new(capacity),
            syncs: zero(),
            failing_syncs: zero(),
            failing_cuts: zero(),
        }))
    }

    fn log(&self, options: AuditLogBuilder) -> AuditLog {
        let file = Destination::File(AuditFile::of(self.clone()));
        let mut limits = AuditLimits::new();
        limits.retry_interval = Duration::from_millis(1);
        let settings = options.limits(limits).settings;
        AuditLog::start(settings, Chain::after(None), file, None).unwrap()
    }

    fn report(&self) -> Report {
        verify(&**self.0.bytes.lock()).unwrap_or_else(|fault| panic!("{fault}"))
    }
}

/// Takes one of a number of failures.
fn fails(failures: &AtomicUsize) -> bool {
    failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
}

impl Storage for Disk {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut stored = self.0.bytes.lock();
        let free = self.0.capacity.load(Ordering::SeqCst) - stored.len();
        // As much as fits is written, as a file system does it.
        stored.extend_from_slice(&bytes[..bytes.len().min(free)]);
        if bytes.len() > free {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.syncs.fetch_add(1, Ordering::SeqCst);
        if fails(&self.0.failing_syncs) { Err(io::Error::other("a bad block")) } else { Ok(()) }
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        if fails(&self.0.failing_cuts) {
            return Err(io::Error::other("no cut"));
        }
        self.0.bytes.lock().truncate(length as usize);
        Ok(())
    }
}

fn event() -> AuditEvent {
    AuditEvent::new(AuditEvent::TOOL_CALL, Outcome::Allowed).tool("pay")
}

/// Waits until the log has written everything, in steps of the retries.
async fn recovered(log: &AuditLog) {
    let wait = async {
        while log.ready().is_err() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), wait).await.expect("the log recovers");
}

#[tokio::test]
async fn a_full_disk_refuses_calls_and_no_record_is_lost_or_torn() {
    for failing_cuts in [0, 1, 3] {
        let disk = Disk::new(5_000);
        let log = disk.log(AuditLog::builder());
        let mut written = 0;
        let error = loop {
            match log.record(event()).await {
                Ok(()) => written += 1,
                Err(error) => break error,
            }
        };
        assert!(matches!(error, AuditError::Write(_)), "{error}");
        assert!(log.ready().is_err() && log.is_failing());
        if failing_cuts == 0 {
            assert_eq!(disk.report().records, written + 1, "nothing of a record is left");
        }
        disk.0.failing_cuts.store(failing_cuts, Ordering::SeqCst);
        disk.0.capacity.store(1 << 20, Ordering::SeqCst);
        recovered(&log).await;
        log.record(event()).await.unwrap();
        // The record whose call was refused an answer is there too.
        assert_eq!(disk.report().records, written + 3);
        assert_eq!(log.lost_records(), 0);
        log.close().await.unwrap();
    }
}

#[tokio::test]
async fn a_full_disk_lets_calls_go_on_if_that_was_chosen_and_counts() {
    let disk = Disk::new(2_000);
    let log = disk.log(AuditLog::builder().on_failure(OnFailure::Continue));
    let mut refused = 0;
    while refused < 10 {
        assert!(log.ready().is_ok());
        refused += u64::from(log.record(event()).await.is_err());
    }
    assert_eq!(log.lost_records(), refused);
    disk.0.capacity.store(64 << 20, Ordering::SeqCst);
    log.flush().await.unwrap();
    log.record(event()).await.unwrap();
    log.close().await.unwrap();
    assert_eq!(disk.report().lost_records, refused);
    assert_eq!(disk.report().records, log.head().unwrap().written);
}

#[tokio::test]
async fn a_record_that_is_not_forced_to_the_disk_is_written_again() {
    let disk = Disk::new(1 << 20);
    let log = disk.log(AuditLog::builder());
    log.record(event()).await.unwrap();
    disk.0.failing_syncs.store(2, Ordering::SeqCst);
    let error = log.record(event()).await.unwrap_err();
    assert!(error.to_string().contains("a bad block"), "{error}");
    recovered(&log).await;
    log.record(event()).await.unwrap();
    assert_eq!(disk.report().records, 4);
}

#[tokio::test]
async fn records_are_forced_to_the_disk_as_the_policy_says() {
    let syncs = |disk: &Disk| disk.0.syncs.load(Ordering::SeqCst);
    let disk = Disk::new(1 << 20);
    let log = disk.log(AuditLog::builder());
    for number in 1..=5 {
        log.record(event()).await.unwrap();
        assert!(syncs(&disk) >= number);
    }
    log.close().await.unwrap();

    let disk = Disk::new(1 << 20);
    let log = disk.log(AuditLog::builder().fsync(Fsync::Never));
    for _ in 0..5 {
        log.record(event()).await.unwrap();
    }
    assert_eq!(syncs(&disk), 0);
    log.close().await.unwrap();
    assert_eq!(syncs(&disk), 1, "when it is closed");

    let disk = Disk::new(1 << 20);
    let log = disk.log(AuditLog::builder().fsync(Fsync::Interval(Duration::from_millis(5))));
    log.record(event()).await.unwrap();
    let wait = async {
        while syncs(&disk) == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), wait).await.expect("an fsync in its time");
    disk.0.failing_syncs.store(3, Ordering::SeqCst);
    log.record(event()).await.unwrap();
    let wait = async {
        while syncs(&disk) < 5 {
            drop(log.record(event()).await);
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), wait).await.expect("it is tried again");
    recovered(&log).await;
    assert_eq!(disk.report().records, log.head().unwrap().written);
}
