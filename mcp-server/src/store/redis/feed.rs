//! The feed: a stream of the changes that any process makes.

use redis::Value;

use super::opening::StreamName;
use super::reader::StreamItem;
use super::reply;
use crate::store::task::{StoreError, TaskChange};

impl StreamItem for TaskChange {
    const NAME: StreamName = StreamName::Feed;

    fn parse(fields: Value) -> Result<Self, StoreError> {
        let [_id, id, _version, version, _state, state] = reply::array::<6>(fields)?;
        let id = reply::text(id)?;
        Ok(match reply::number(version)? {
            0 => Self::Removed { id },
            version => Self::Changed { id, version, state: reply::state(state)? },
        })
    }
}
