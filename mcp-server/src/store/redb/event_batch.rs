//! Writes of the events of streams.
//!
//! An event that a crash loses only costs a client the resumption of its stream, so events need not
//! be on the disk when they are kept.

use redb::{ReadableDatabase as _, ReadableTable as _};

use super::batch::Batch;
use super::failure::Failure;
use super::shared_tables::{EVENTS, STREAM_AGES, STREAMS, StreamNumbers};
use crate::store::event::{StoredEvent, StreamKey};
use crate::store::event_limits::{EVENT_BYTES, EventStoreLimits, STREAM_BYTES};
use crate::store::session::SessionKey;

/// The row of the numbers with the size of all streams, in bytes.
const EVENT_BYTES_ROW: &str = "event_bytes";

/// The row of the numbers with the age of the last event.
const AGE_ROW: &str = "event_age";

/// What is known of a stream.
#[derive(Debug, Clone, Copy)]
struct StreamRow {
    bytes: u64,
    count: u64,
    /// The number before the first event.
    dropped: u64,
    last: u64,
    /// When the last event was kept, in milliseconds since 1970.
    touched: u64,
    age: u64,
}

impl StreamRow {
    fn of((bytes, count, dropped, last, touched, age): StreamNumbers) -> Self {
        Self { bytes, count, dropped, last, touched, age }
    }

    fn values(self) -> StreamNumbers {
        (self.bytes, self.count, self.dropped, self.last, self.touched, self.age)
    }
}

impl Batch<'_> {
    /// Keeps an event. An event that was kept already is kept once.
    pub(super) fn append_event(
        &mut self,
        key: StreamKey,
        event: &StoredEvent,
        limits: &EventStoreLimits,
        now: u64,
    ) -> Result<(), Failure> {
        let session = &key.session.as_bytes()[..];
        let mut total = self.number(EVENT_BYTES_ROW)?;
        let age = self.number(AGE_ROW)? + 1;
        let size = (EVENT_BYTES + event.data.len()) as u64;
        let mut streams = self.transaction.open_table(STREAMS)?;
        let mut events = self.transaction.open_table(EVENTS)?;
        let mut ages = self.transaction.open_table(STREAM_AGES)?;
        let old = streams.get((session, key.stream))?.map(|row| StreamRow::of(row.value()));
        let mut row = old.unwrap_or_else(|| StreamRow {
            bytes: STREAM_BYTES as u64,
            count: 0,
            // What came before it is not here.
            dropped: event.sequence.saturating_sub(1),
            last: 0,
            touched: now,
            age,
        });
        let before = old.map_or(0, |row| row.bytes);
        if old.is_some() {
            ages.remove(row.age)?;
        }
        ages.insert(age, (session, key.stream))?;
        let replaced = events.insert((session, key.stream, event.sequence), &*event.data)?;
        let replaced = replaced.map(|data| (EVENT_BYTES + data.value().len()) as u64);
        (row.last, row.touched, row.age) = (event.sequence.max(row.last), now, age);
        row.bytes = row.bytes + size - replaced.unwrap_or_default();
        row.count += u64::from(replaced.is_none());

        while row.count > 1
            && (row.count > limits.max_stream_events as u64
                || row.bytes > limits.max_stream_bytes as u64)
        {
            let range = (session, key.stream, 0)..=(session, key.stream, u64::MAX);
            let first = events.range(range)?.next().transpose()?;
            let first = first.map(|(key, data)| (key.value().2, EVENT_BYTES + data.value().len()));
            let Some((number, length)) = first else { break };
            events.remove((session, key.stream, number))?;
            row.bytes = row.bytes.saturating_sub(length as u64);
            (row.dropped, row.count) = (number, row.count - 1);
        }
        streams.insert((session, key.stream), row.values())?;
        total = total - before.min(total) + row.bytes;
        let mut of_session = Vec::new();
        for entry in streams.range((session, 0)..=(session, u64::MAX))? {
            let (other, row) = entry?;
            of_session.push((other.value().1, StreamRow::of(row.value())));
        }
        drop((streams, events, ages));
        self.set_number(AGE_ROW, age)?;
        self.set_number(EVENT_BYTES_ROW, total)?;
        self.written(false);

        let mut bytes = of_session.iter().map(|(_, row)| row.bytes).sum::<u64>();
        let mut count = of_session.len();
        of_session.retain(|(stream, _)| *stream != key.stream);
        of_session.sort_by_key(|(_, row)| row.age);
        for (stream, row) in of_session {
            if bytes <= limits.max_session_bytes as u64 && count <= limits.max_session_streams {
                break;
            }
            self.remove_stream(session, stream)?;
            (bytes, count) = (bytes - row.bytes, count - 1);
        }
        while self.number(EVENT_BYTES_ROW)? > limits.max_total_bytes as u64
            && let Some((other, stream, _)) = self.oldest_stream()?
            && (&other[..], stream) != (session, key.stream)
        {
            self.remove_stream(&other, stream)?;
        }
        Ok(())
    }

    /// Keeps a stream for as long as after an event.
    pub(super) fn touch_stream(&mut self, key: StreamKey, now: u64) -> Result<(), Failure> {
        let session = &key.session.as_bytes()[..];
        let age = self.number(AGE_ROW)? + 1;
        let mut streams = self.transaction.open_table(STREAMS)?;
        let row = streams.get((session, key.stream))?.map(|row| StreamRow::of(row.value()));
        let Some(mut row) = row else { return Ok(()) };
        let mut ages = self.transaction.open_table(STREAM_AGES)?;
        ages.remove(row.age)?;
        ages.insert(age, (session, key.stream))?;
        (row.touched, row.age) = (now, age);
        streams.insert((session, key.stream), row.values())?;
        drop((streams, ages));
        self.set_number(AGE_ROW, age)?;
        self.written(false);
        Ok(())
    }

    pub(super) fn forget_streams(&mut self, session: SessionKey) -> Result<(), Failure> {
        let session = &session.as_bytes()[..];
        let mut streams = Vec::new();
        let table = self.transaction.open_table(STREAMS)?;
        for entry in table.range((session, 0)..=(session, u64::MAX))? {
            streams.push(entry?.0.value().1);
        }
        drop(table);
        streams.into_iter().try_for_each(|stream| self.remove_stream(session, stream))
    }

    /// Deletes at most `max` streams without events since `before`.
    pub(super) fn sweep_streams(&mut self, before: u64, max: usize) -> Result<usize, Failure> {
        for count in 0..max {
            match self.oldest_stream()? {
                Some((session, stream, touched)) if touched <= before => {
                    self.remove_stream(&session, stream)?;
                }
                _ => return Ok(count),
            }
        }
        Ok(max)
    }

    /// The stream without events for the longest time: its session, its number, and that time.
    fn oldest_stream(&self) -> Result<Option<(Vec<u8>, u64, u64)>, Failure> {
        let ages = self.transaction.open_table(STREAM_AGES)?;
        let Some((_, oldest)) = ages.first()? else { return Ok(None) };
        let (session, stream) = oldest.value();
        let streams = self.transaction.open_table(STREAMS)?;
        let row = streams.get((session, stream))?;
        let touched = row.map_or(0, |row| StreamRow::of(row.value()).touched);
        Ok(Some((session.to_vec(), stream, touched)))
    }

    fn remove_stream(&mut self, session: &[u8], stream: u64) -> Result<(), Failure> {
        let mut streams = self.transaction.open_table(STREAMS)?;
        let row = streams.remove((session, stream))?.map(|row| StreamRow::of(row.value()));
        drop(streams);
        let Some(row) = row else { return Ok(()) };
        self.transaction.open_table(STREAM_AGES)?.remove(row.age)?;
        let mut events = self.transaction.open_table(EVENTS)?;
        events.retain_in((session, stream, 0)..=(session, stream, u64::MAX), |_, _| false)?;
        drop(events);
        let total = self.number(EVENT_BYTES_ROW)?;
        self.set_number(EVENT_BYTES_ROW, total.saturating_sub(row.bytes))?;
        self.written(false);
        Ok(())
    }

    fn number(&self, name: &str) -> Result<u64, Failure> {
        Ok(self.tables.meta.get(name)?.map_or(0, |number| number.value()))
    }

    fn set_number(&mut self, name: &'static str, number: u64) -> Result<(), Failure> {
        self.tables.meta.insert(name, number)?;
        Ok(())
    }
}

/// What is behind a position of a stream.
pub(super) enum Events {
    Kept(Vec<StoredEvent>),
    Unknown,
    Gap,
}

/// Reads the events behind `sequence`.
pub(super) fn after(
    database: &redb::Database,
    key: StreamKey,
    sequence: u64,
    oldest: u64,
) -> Result<Events, Failure> {
    let session = &key.session.as_bytes()[..];
    let snapshot = database.begin_read()?;
    let row = snapshot.open_table(STREAMS)?.get((session, key.stream))?;
    let row = row.map(|row| StreamRow::of(row.value())).filter(|row| row.touched > oldest);
    let Some(row) = row.filter(|row| sequence <= row.last) else { return Ok(Events::Unknown) };
    if sequence < row.dropped {
        return Ok(Events::Gap);
    }
    let Some(first) = sequence.checked_add(1) else { return Ok(Events::Kept(Vec::new())) };
    let mut events = Vec::new();
    let table = snapshot.open_table(EVENTS)?;
    for entry in table.range((session, key.stream, first)..=(session, key.stream, u64::MAX))? {
        let (key, data) = entry?;
        let data = bytes::Bytes::copy_from_slice(data.value());
        events.push(StoredEvent::new(key.value().2, data));
    }
    Ok(Events::Kept(events))
}
