//! Histories of a store of sessions.

use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;

use super::generator::Generator;
use crate::store::contract::fixture::StoreFixture;
use crate::store::error::StoreError;
use crate::store::session::{NewSession, SessionKey, SessionQuota, SessionStore};

/// The number of operations of a history.
const STEPS: u64 = 40;

/// Keys of sessions: few, so that most operations find one.
const KEYS: u8 = 6;

const OWNERS: [Option<&str>; 3] = [None, Some("one"), Some("two")];

/// A time that does not end during a history. Others are zero, so that no answer depends on time.
const LONG: Duration = Duration::from_secs(3_600);

/// Plays the random histories of a range of seeds on a store of sessions, and compares each answer
/// with that of a model. The operations alternate between two handles. At the end, and after the
/// store was opened again, the sessions are compared.
///
/// # Panics
/// At the first answer that differs. The message has the seed, with which
/// [`replay_session_history`] plays this history alone.
pub async fn random_session_histories<F>(fixture: &F, seeds: Range<u64>)
where
    F: StoreFixture<Store: SessionStore>,
{
    for seed in seeds {
        replay_session_history(fixture, seed).await;
    }
}

/// Plays the random history of one seed on a store of sessions.
///
/// # Panics
/// As [`random_session_histories`].
pub async fn replay_session_history<F>(fixture: &F, seed: u64)
where
    F: StoreFixture<Store: SessionStore>,
{
    let store = fixture.open().await;
    let second = fixture.open_second(&store).await;
    let mut random = Generator::new(seed);
    let mut model = Model::default();
    let mut played = Vec::new();
    for step in 0..STEPS {
        let operation = Operation::random(&mut random, step, &model);
        played.push(operation);
        let operation = &played[played.len() - 1];
        let store = if random.chance(50) { &store } else { &second };
        let (answer, expected) = (operation.ask(store).await, model.apply(operation));
        assert!(
            expected.contains(&answer),
            "the history of seed {seed} differs at step {step}: {answer:?}, not {expected:?}\n\
             {played:#?}"
        );
    }
    model.compare(&second, &format!("the history of seed {seed} differs at its end")).await;
    drop(second);
    if let Some(store) = fixture.reopen(store).await {
        let what = format!("the history of seed {seed} differs after the store was opened again");
        model.compare(&store, &what).await;
    }
}

/// What the store is asked for.
#[derive(Debug, Clone)]
enum Operation {
    Create { key: u8, session: NewSession, quota: SessionQuota },
    Load { key: u8 },
    Update { key: u8, version: u64, data: Bytes },
    Touch { key: u8, ttl: Duration, is_read: bool },
    Remove { key: u8 },
}

/// What the store answers.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Answer {
    Done,
    Exists,
    Full(&'static str),
    Loaded(Option<(u64, Bytes)>),
    Found(bool),
    Failed(String),
}

impl Operation {
    fn random(random: &mut Generator, step: u64, model: &Model) -> Self {
        let key = u8::try_from(random.below(u64::from(KEYS))).unwrap_or(0);
        let data = |random: &mut Generator| {
            let length = random.pick(&[0, 1, 9, 70]);
            (0..length).map(|index: u64| (step * 37 + index).to_le_bytes()[0]).collect()
        };
        let ttl = |random: &mut Generator| if random.chance(85) { LONG } else { Duration::ZERO };
        match random.below(100) {
            0..40 => {
                let (owner, data) = (random.pick(&OWNERS), data(random));
                let session = NewSession { owner: owner.map(Into::into), data, ttl: ttl(random) };
                let mut limit = || if random.chance(60) { 100 } else { random.below(5) };
                let (max_sessions, max_sessions_per_owner) = (limit(), limit());
                let quota = SessionQuota { max_sessions, max_sessions_per_owner };
                Self::Create { key, session, quota }
            }
            40..55 => Self::Load { key },
            55..75 => {
                let present = model.find(key).map_or(1, |session| session.version);
                let version = if random.chance(75) { present } else { random.below(present + 2) };
                Self::Update { key, version, data: data(random) }
            }
            75..88 => Self::Touch { key, ttl: ttl(random), is_read: random.chance(50) },
            _ => Self::Remove { key },
        }
    }

    async fn ask(&self, store: &impl SessionStore) -> Answer {
        let failed = |error: StoreError| Answer::Failed(error.to_string());
        match self {
            Self::Create { key, session, quota } => {
                match store.create(name(*key), session.clone(), *quota).await {
                    Ok(()) => Answer::Done,
                    Err(StoreError::Exists) => Answer::Exists,
                    Err(StoreError::Full { limit, .. }) => Answer::Full(limit),
                    Err(error) => failed(error),
                }
            }
            Self::Load { key } => load(store, *key).await.map_or_else(failed, Answer::Loaded),
            Self::Update { key, version, data } => {
                let updated = store.update(name(*key), *version, data.clone()).await;
                updated.map_or_else(failed, Answer::Found)
            }
            Self::Touch { key, ttl, is_read } => {
                let touched = store.touch(name(*key), *ttl, *is_read).await;
                touched.map_or_else(failed, Answer::Found)
            }
            Self::Remove { key } => {
                store.remove(name(*key)).await.map_or_else(failed, Answer::Found)
            }
        }
    }
}

fn name(key: u8) -> SessionKey {
    SessionKey::new([key; 32])
}

async fn load(store: &impl SessionStore, key: u8) -> Result<Option<(u64, Bytes)>, StoreError> {
    let record = store.load(name(key)).await?;
    Ok(record.map(|record| (record.version, record.data)))
}

/// Sessions in a list, searched from the beginning, without a clock: what has no time is deleted.
#[derive(Debug, Default)]
struct Model(Vec<Session>);

#[derive(Debug)]
struct Session {
    key: u8,
    owner: Option<Box<str>>,
    version: u64,
    data: Bytes,
}

impl Model {
    fn find(&self, key: u8) -> Option<&Session> {
        self.0.iter().find(|session| session.key == key)
    }

    fn remove(&mut self, key: u8) -> bool {
        let before = self.0.len();
        self.0.retain(|session| session.key != key);
        self.0.len() < before
    }

    /// Returns the answers that are right.
    fn apply(&mut self, operation: &Operation) -> Vec<Answer> {
        match operation {
            Operation::Create { key, session, quota } => self.create(*key, session, *quota),
            Operation::Load { key } => {
                let found = self.find(*key);
                let loaded = found.map(|session| (session.version, session.data.clone()));
                vec![Answer::Loaded(loaded)]
            }
            Operation::Update { key, version, data } => {
                let found = self.0.iter_mut().find(|session| session.key == *key);
                let present = found.filter(|session| session.version == *version);
                let applies = present.is_some();
                if let Some(session) = present {
                    session.version += 1;
                    session.data = data.clone();
                }
                vec![Answer::Found(applies)]
            }
            Operation::Touch { key, ttl, .. } => {
                let is_found = self.find(*key).is_some();
                if ttl.is_zero() {
                    self.remove(*key);
                }
                vec![Answer::Found(is_found)]
            }
            Operation::Remove { key } => vec![Answer::Found(self.remove(*key))],
        }
    }

    fn create(&mut self, key: u8, new: &NewSession, quota: SessionQuota) -> Vec<Answer> {
        if self.find(key).is_some() {
            return vec![Answer::Exists];
        }
        let mut reached = Vec::new();
        if self.0.len() as u64 >= quota.max_sessions {
            reached.push(Answer::Full("max_sessions"));
        }
        let owned = self.0.iter().filter(|session| session.owner == new.owner).count() as u64;
        if new.owner.is_some() && owned >= quota.max_sessions_per_owner {
            reached.push(Answer::Full("max_sessions_per_owner"));
        }
        if !reached.is_empty() {
            return reached;
        }
        if !new.ttl.is_zero() {
            let (owner, data) = (new.owner.clone(), new.data.clone());
            self.0.push(Session { key, owner, version: 1, data });
        }
        vec![Answer::Done]
    }

    async fn compare(&self, store: &impl SessionStore, what: &str) {
        for key in 0..KEYS {
            let stored = load(store, key).await.expect("the session is read");
            let expected = self.find(key).map(|session| (session.version, session.data.clone()));
            assert_eq!(stored, expected, "{what}: session {key}");
        }
    }
}
