//! Writes of sessions and of used values.
//!
//! Expired entries are deleted before one is added, so that the lengths of the tables are the
//! numbers of those that count.

use bytes::Bytes;
use redb::{ReadableDatabase as _, ReadableTable as _, ReadableTableMetadata as _};

use super::batch::Batch;
use super::failure::Failure;
use super::shared_tables::{
    NONCE_EXPIRIES, NONCES, NONCES_OWNED, SESSION_EXPIRIES, SESSIONS, SESSIONS_OWNED, add_owned,
    remove_owned,
};
use crate::store::error::StoreError;
use crate::store::nonce::NonceQuota;
use crate::store::session::{NewSession, SessionKey, SessionQuota, SessionRecord};

/// A row of the table of sessions: three numbers, the length of the owner, the owner, and the
/// contents.
struct SessionRow {
    version: u64,
    /// In milliseconds since 1970, like all times.
    expires: u64,
    read: u64,
    owner: Option<String>,
    data: Bytes,
}

impl SessionRow {
    fn encode(&self) -> Vec<u8> {
        let owner = self.owner.as_deref().unwrap_or_default();
        let mut row = Vec::with_capacity(33 + owner.len() + self.data.len());
        for number in [self.version, self.expires, self.read] {
            row.extend_from_slice(&number.to_be_bytes());
        }
        row.push(u8::from(self.owner.is_some()));
        row.extend_from_slice(&(owner.len() as u64).to_be_bytes());
        row.extend_from_slice(owner.as_bytes());
        row.extend_from_slice(&self.data);
        row
    }

    fn decode(row: &[u8]) -> Result<Self, StoreError> {
        let damaged = || StoreError::invalid("the row of a session is damaged");
        let (version, rest) = number(row).ok_or_else(damaged)?;
        let (expires, rest) = number(rest).ok_or_else(damaged)?;
        let (read, rest) = number(rest).ok_or_else(damaged)?;
        let (has_owner, rest) = rest.split_first().ok_or_else(damaged)?;
        let (length, rest) = number(rest).ok_or_else(damaged)?;
        let length = usize::try_from(length).map_err(|_| damaged())?;
        let (owner, data) = rest.split_at_checked(length).ok_or_else(damaged)?;
        let owner = std::str::from_utf8(owner).map_err(|_| damaged())?;
        let owner = (*has_owner == 1).then(|| owner.to_owned());
        Ok(Self { version, expires, read, owner, data: Bytes::copy_from_slice(data) })
    }
}

fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<8>()?;
    Some((u64::from_be_bytes(*number), rest))
}

fn full<T>(limit: &'static str, max: u64) -> Result<T, Failure> {
    Err(StoreError::Full { limit, max }.into())
}

impl Batch<'_> {
    // ---- sessions ----

    pub(super) fn create_session(
        &mut self,
        key: SessionKey,
        session: NewSession,
        expires: u64,
        quota: SessionQuota,
        now: u64,
    ) -> Result<(), Failure> {
        self.sweep_sessions(now, usize::MAX)?;
        let mut sessions = self.transaction.open_table(SESSIONS)?;
        if sessions.get(&key.as_bytes()[..])?.is_some() {
            return Err(StoreError::Exists.into());
        }
        if sessions.len()? >= quota.max_sessions {
            return full("max_sessions", quota.max_sessions);
        }
        let mut owned = self.transaction.open_table(SESSIONS_OWNED)?;
        if let Some(owner) = session.owner.as_deref() {
            let count = owned.get(owner)?.map_or(0, |count| count.value());
            if count >= quota.max_sessions_per_owner {
                return full("max_sessions_per_owner", quota.max_sessions_per_owner);
            }
            add_owned(&mut owned, owner)?;
        }
        let owner = session.owner.map(Into::into);
        let row = SessionRow { version: 1, expires, read: now, owner, data: session.data };
        let mut expiries = self.transaction.open_table(SESSION_EXPIRIES)?;
        expiries.insert((expires, &key.as_bytes()[..]), ())?;
        sessions.insert(&key.as_bytes()[..], &*row.encode())?;
        drop((sessions, owned, expiries));
        self.written(true);
        Ok(())
    }

    pub(super) fn update_session(
        &mut self,
        key: SessionKey,
        version: u64,
        data: &Bytes,
        now: u64,
    ) -> Result<bool, Failure> {
        let Some(mut row) = self.session(key, now)? else { return Ok(false) };
        if row.version != version {
            return Ok(false);
        }
        (row.version, row.data) = (version + 1, data.clone());
        let mut sessions = self.transaction.open_table(SESSIONS)?;
        sessions.insert(&key.as_bytes()[..], &*row.encode())?;
        drop(sessions);
        self.written(true);
        Ok(true)
    }

    /// A use that a crash loses only makes the session expire earlier, so it need not be on the
    /// disk.
    pub(super) fn touch_session(
        &mut self,
        key: SessionKey,
        expires: u64,
        is_read: bool,
        now: u64,
    ) -> Result<bool, Failure> {
        let Some(mut row) = self.session(key, now)? else { return Ok(false) };
        let mut expiries = self.transaction.open_table(SESSION_EXPIRIES)?;
        expiries.remove((row.expires, &key.as_bytes()[..]))?;
        expiries.insert((expires, &key.as_bytes()[..]), ())?;
        row.expires = expires;
        if is_read {
            row.read = now;
        }
        let mut sessions = self.transaction.open_table(SESSIONS)?;
        sessions.insert(&key.as_bytes()[..], &*row.encode())?;
        drop((sessions, expiries));
        self.written(false);
        Ok(true)
    }

    pub(super) fn remove_session(&mut self, key: SessionKey, now: u64) -> Result<bool, Failure> {
        let Some(row) = self.session(key, now)? else { return Ok(false) };
        self.delete_session(key.as_bytes(), &row)?;
        Ok(true)
    }

    /// Deletes at most `max` expired sessions.
    pub(super) fn sweep_sessions(&mut self, now: u64, max: usize) -> Result<usize, Failure> {
        let mut expired = Vec::new();
        for entry in self.transaction.open_table(SESSION_EXPIRIES)?.iter()?.take(max) {
            let (key, _) = entry?;
            let (expires, key) = key.value();
            if expires > now {
                break;
            }
            expired.push(key.to_vec());
        }
        for key in &expired {
            let sessions = self.transaction.open_table(SESSIONS)?;
            let row = sessions.get(&key[..])?;
            let row = row.map(|row| SessionRow::decode(row.value())).transpose()?;
            drop(sessions);
            if let Some(row) = row {
                self.delete_session(key, &row)?;
            }
        }
        Ok(expired.len())
    }

    fn delete_session(&mut self, key: &[u8], row: &SessionRow) -> Result<(), Failure> {
        self.transaction.open_table(SESSIONS)?.remove(key)?;
        self.transaction.open_table(SESSION_EXPIRIES)?.remove((row.expires, key))?;
        if let Some(owner) = &row.owner {
            remove_owned(&mut self.transaction.open_table(SESSIONS_OWNED)?, owner)?;
        }
        self.written(true);
        Ok(())
    }

    /// The session with this key, unless it has expired.
    fn session(&self, key: SessionKey, now: u64) -> Result<Option<SessionRow>, Failure> {
        let sessions = self.transaction.open_table(SESSIONS)?;
        let row = sessions.get(&key.as_bytes()[..])?;
        let row = row.map(|row| SessionRow::decode(row.value())).transpose()?;
        Ok(row.filter(|row| row.expires > now))
    }

    // ---- used values ----

    /// Uses a value. Returns false if it was used before.
    pub(super) fn redeem(
        &mut self,
        nonce: &[u8],
        owner: Option<&str>,
        expires: u64,
        quota: NonceQuota,
        now: u64,
    ) -> Result<bool, Failure> {
        let mut nonces = self.transaction.open_table(NONCES)?;
        let mut expiries = self.transaction.open_table(NONCE_EXPIRIES)?;
        let mut owned = self.transaction.open_table(NONCES_OWNED)?;
        let mut forgotten = Vec::new();
        for entry in expiries.iter()? {
            let (key, _) = entry?;
            let (expires, nonce) = key.value();
            if expires > now {
                break;
            }
            forgotten.push((expires, nonce.to_vec()));
        }
        for (expires, nonce) in &forgotten {
            expiries.remove((*expires, &nonce[..]))?;
            let row = nonces.remove(&nonce[..])?;
            if let Some(owner) = row.and_then(|row| row.value().1.map(str::to_owned)) {
                remove_owned(&mut owned, &owner)?;
            }
        }
        let has_forgotten = !forgotten.is_empty();
        let is_used = nonces.get(nonce)?.is_some();
        let theirs = match owner {
            Some(owner) => owned.get(owner)?.map_or(0, |count| count.value()),
            None => 0,
        };
        let refused = if is_used {
            Some(Ok(false))
        } else if nonces.len()? >= quota.max_nonces {
            Some(full("max_nonces", quota.max_nonces))
        } else if owner.is_some() && theirs >= quota.max_nonces_per_owner {
            Some(full("max_nonces_per_owner", quota.max_nonces_per_owner))
        } else {
            nonces.insert(nonce, (expires, owner))?;
            expiries.insert((expires, nonce), ())?;
            if let Some(owner) = owner {
                add_owned(&mut owned, owner)?;
            }
            None
        };
        drop((nonces, expiries, owned));
        match refused {
            None => {
                self.written(true);
                Ok(true)
            }
            Some(refused) => {
                if has_forgotten {
                    self.written(false);
                }
                refused
            }
        }
    }
}

/// Reads a session.
pub(super) fn load(
    database: &redb::Database,
    key: SessionKey,
    now: u64,
) -> Result<Option<SessionRecord>, Failure> {
    let sessions = database.begin_read()?.open_table(SESSIONS)?;
    let Some(row) = sessions.get(&key.as_bytes()[..])? else { return Ok(None) };
    let row = SessionRow::decode(row.value())?;
    // The clock may have been set back.
    let unread = std::time::Duration::from_millis(now.saturating_sub(row.read));
    let record = SessionRecord { version: row.version, data: row.data, unread };
    Ok((row.expires > now).then_some(record))
}
