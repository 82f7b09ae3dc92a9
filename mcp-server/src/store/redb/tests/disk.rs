//! A simulated disk, which fails on purpose.

use std::io;
use std::sync::Arc;

use mcp_core::sync::Mutex;
use redb::StorageBackend;

/// What happens at an operation that changes the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It fails, half done. Later ones succeed.
    Once,
    /// It fails, half done, and all later ones fail. What was written before is kept.
    Crash,
    /// The same, and of what was written since the last sync any part is lost.
    PowerCut,
}

/// A disk with one file. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Disk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    content: Vec<u8>,
    /// The content at the last sync, if the power is to be cut.
    synced: Vec<u8>,
    /// The changes since the last sync, if the power is to be cut.
    unsynced: Vec<Change>,
    /// The number of operations so far that change the disk.
    operations: u64,
    syncs: u64,
    /// The number of the operation that fails.
    fault: Option<(u64, Fault)>,
}

#[derive(Debug)]
enum Change {
    Write(usize, Vec<u8>),
    SetLength(usize),
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Write(start, data) => {
                let end = start + data.len();
                content.resize(content.len().max(end), 0);
                content[*start..end].copy_from_slice(data);
            }
            Self::SetLength(length) => content.resize(*length, 0),
        }
    }
}

/// What an operation does.
#[derive(PartialEq, Eq)]
enum Verdict {
    Succeeds,
    FailsHalfDone,
    Fails,
}

impl State {
    fn next_operation(&mut self) -> Verdict {
        self.operations += 1;
        match self.fault {
            Some((at, _)) if self.operations == at => Verdict::FailsHalfDone,
            Some((at, Fault::Crash | Fault::PowerCut)) if self.operations > at => Verdict::Fails,
            _ => Verdict::Succeeds,
        }
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.content);
        if let Some((_, Fault::PowerCut)) = self.fault {
            self.unsynced.push(change);
        }
    }
}

impl Disk {
    /// Creates an empty disk with a fault at an operation, counted from 1.
    pub(super) fn with_fault(at: u64, fault: Fault) -> Self {
        Self(Arc::new(Mutex::new(State { fault: Some((at, fault)), ..State::default() })))
    }

    pub(super) fn operations(&self) -> u64 {
        self.0.lock().operations
    }

    pub(super) fn syncs(&self) -> u64 {
        self.0.lock().syncs
    }

    /// Returns the disk after a restart of the machine. `seed` decides what a power cut has lost:
    /// all, nothing or any part of what was not synced.
    pub(super) fn restart(&self, seed: u64) -> Self {
        let state = self.0.lock();
        let mut content = state.content.clone();
        if let Some((_, Fault::PowerCut)) = state.fault {
            content.clone_from(&state.synced);
            for (index, change) in (0..).zip(&state.unsynced) {
                let is_kept = match seed % 4 {
                    0 => false,
                    1 => true,
                    _ => (seed ^ (index << 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 63 == 1,
                };
                if is_kept {
                    change.apply(&mut content);
                }
            }
        }
        Self(Arc::new(Mutex::new(State { content, ..State::default() })))
    }
}

fn failed() -> io::Error {
    io::Error::other("the simulated disk fails")
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().content.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.0.lock();
        let start = usize::try_from(offset).expect("the simulated store answers");
        let data = state.content.get(start..start + out.len());
        out.copy_from_slice(data.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?);
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let mut state = self.0.lock();
        let verdict = state.next_operation();
        if verdict != Verdict::Succeeds {
            return Err(failed());
        }
        state.change(Change::SetLength(
            usize::try_from(length).expect("the simulated store answers"),
        ));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.0.lock();
        if state.next_operation() != Verdict::Succeeds {
            return Err(failed());
        }
        state.syncs += 1;
        let State { synced, unsynced, .. } = &mut *state;
        unsynced.drain(..).for_each(|change| change.apply(synced));
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.0.lock();
        let start = usize::try_from(offset).expect("the simulated store answers");
        let length = match state.next_operation() {
            Verdict::Succeeds => data.len(),
            Verdict::FailsHalfDone => data.len() / 2,
            Verdict::Fails => 0,
        };
        if length > 0 {
            state.change(Change::Write(start, data[..length].to_vec()));
        }
        if length == data.len() { Ok(()) } else { Err(failed()) }
    }
}
