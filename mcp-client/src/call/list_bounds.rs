//! What stops a list that never ends, or that is too large.

use std::collections::HashSet;

use mcp_core::json::JsonBytes;
use serde_json::value::RawValue;

use super::list_limits::ListLimits;
use super::listed::Listed;
use crate::error::{Error, ErrorKind};

/// What was read of a list, and what may be read of it.
pub(super) struct ListBounds {
    limits: ListLimits,
    /// The name of the field that `limits.max_items` comes from.
    items_field: &'static str,
    cursors: HashSet<String>,
    items: usize,
    bytes: usize,
}

impl ListBounds {
    pub(super) fn new(limits: ListLimits) -> Self {
        Self {
            limits,
            items_field: "Limits::list.max_items",
            cursors: HashSet::new(),
            items: 0,
            bytes: 0,
        }
    }

    /// Lowers the bound of items to that of another field.
    pub(super) fn max_items(mut self, bound: Option<(usize, &'static str)>) -> Self {
        if let Some((max, field)) = bound.filter(|(max, _)| *max < self.limits.max_items) {
            self.limits.max_items = max;
            self.items_field = field;
        }
        self
    }

    /// Checks a page and splits it into items and the next cursor.
    pub(super) fn take<T: Listed>(
        &mut self,
        result: &JsonBytes,
        page: T::Page,
    ) -> Result<(Vec<T>, Option<String>), Error> {
        let (items, next) = T::split(page);
        self.items = self.items.saturating_add(items.len());
        self.check_page::<T>(result)?;
        self.check_cursor(next.as_deref()).map_err(|reason| exceeded(T::METHOD, &reason))?;
        Ok((items, next))
    }

    /// Checks the sizes of a page.
    pub(super) fn check_page<T: Listed>(&mut self, result: &JsonBytes) -> Result<(), Error> {
        self.bytes = self.bytes.saturating_add(result.as_bytes().len());
        self.check_sizes::<T>(result).map_err(|reason| exceeded(T::METHOD, &reason))
    }

    fn check_sizes<T: Listed>(&self, result: &JsonBytes) -> Result<(), String> {
        let limits = &self.limits;
        if self.bytes > limits.max_bytes {
            let max = limits.max_bytes;
            return Err(format!("the list has more than {max} bytes (Limits::list.max_bytes)"));
        }
        if self.items > limits.max_items {
            let (max, field) = (limits.max_items, self.items_field);
            return Err(format!("the list has more than {max} items ({field})"));
        }
        if result.as_bytes().len() <= limits.max_item_bytes {
            return Ok(()); // No item can be larger than its page.
        }
        let Ok([Some(items)]) = result.members([T::ITEMS]) else { return Ok(()) };
        let Ok(items) = items.parse::<Vec<&RawValue>>() else { return Ok(()) };
        let max = limits.max_item_bytes;
        match items.iter().map(|item| item.get().len()).find(|bytes| *bytes > max) {
            Some(bytes) => Err(format!(
                "an item has {bytes} bytes, more than {max} (Limits::list.max_item_bytes)"
            )),
            None => Ok(()),
        }
    }

    fn check_cursor(&mut self, next: Option<&str>) -> Result<(), String> {
        let Some(next) = next else { return Ok(()) };
        let limits = &self.limits;
        if next.len() > limits.max_cursor_bytes {
            let (bytes, max) = (next.len(), limits.max_cursor_bytes);
            return Err(format!(
                "the cursor has {bytes} bytes, more than {max} (Limits::list.max_cursor_bytes)"
            ));
        }
        if !self.cursors.insert(next.to_owned()) {
            return Err("the server sent the same cursor twice".to_owned());
        }
        if self.cursors.len() >= limits.max_pages {
            let max = limits.max_pages;
            return Err(format!("the list has more than {max} pages (Limits::list.max_pages)"));
        }
        Ok(())
    }
}

fn exceeded(method: &'static str, reason: &str) -> Error {
    Error::new(ErrorKind::Limit, format!("{method}: {reason}")).during(method)
}
