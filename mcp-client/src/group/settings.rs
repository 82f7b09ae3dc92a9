//! What the user chose for a group.

use std::time::Duration;

use super::budget::ResultBudget;
use super::name::Naming;
use crate::Limits;

#[derive(Debug, Clone)]
pub(super) struct GroupSettings {
    pub(super) naming: Naming,
    pub(super) limits: Limits,
    pub(super) connect_timeout: Duration,
    pub(super) list_timeout: Duration,
    pub(super) watches_lists: bool,
    pub(super) result_budget: Option<ResultBudget>,
}

impl Default for GroupSettings {
    fn default() -> Self {
        Self {
            naming: Naming::default(),
            limits: Limits::new(),
            connect_timeout: Duration::from_secs(30),
            list_timeout: Duration::from_secs(10),
            watches_lists: true,
            result_budget: None,
        }
    }
}
