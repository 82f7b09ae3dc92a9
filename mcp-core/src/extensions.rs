//! Values that travel with a request, one per type.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::Arc;

type Entry = (TypeId, Arc<dyn Any + Send + Sync>);

/// A map from types to shared values. A transport stores in it what it knows about a call (headers,
/// principal, peer address), and layers add to it.
///
/// Cheap to clone. It does not allocate while it is empty or holds one value that is already in an
/// `Arc`, because every call creates one.
///
/// ```
/// use mcp_core::extensions::Extensions;
///
/// #[derive(Debug, PartialEq)]
/// struct Tenant(&'static str);
///
/// let mut extensions = Extensions::new();
/// extensions.insert(Tenant("north"));
/// assert_eq!(extensions.get::<Tenant>(), Some(&Tenant("north")));
/// ```
#[derive(Clone, Default)]
pub struct Extensions {
    first: Option<Entry>,
    others: Vec<Entry>,
}

impl Extensions {
    /// Creates an empty map.
    pub const fn new() -> Self {
        Self { first: None, others: Vec::new() }
    }

    /// Inserts a value. It replaces a value of the same type.
    pub fn insert<T: Send + Sync + 'static>(&mut self, value: T) {
        self.insert_shared(Arc::new(value));
    }

    /// Inserts a value that is already in an `Arc`. It replaces a value of the same type.
    pub fn insert_shared<T: Send + Sync + 'static>(&mut self, value: Arc<T>) {
        self.insert_entry(TypeId::of::<T>(), value);
    }

    fn insert_entry(&mut self, key: TypeId, value: Arc<dyn Any + Send + Sync>) {
        let entry: Entry = (key, value);
        if let Some(existing) =
            self.first.iter_mut().chain(&mut self.others).find(|(other, _)| *other == key)
        {
            *existing = entry;
        } else if self.first.is_none() {
            self.first = Some(entry);
        } else {
            self.others.push(entry);
        }
    }

    /// Returns the value of type `T`.
    pub fn get<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.find(TypeId::of::<T>())?.downcast_ref()
    }

    /// Returns the value of type `T` as a shared pointer.
    pub fn get_shared<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        Arc::clone(self.find(TypeId::of::<T>())?).downcast().ok()
    }

    /// Removes and returns the value of type `T`.
    pub fn take<T: Send + Sync + 'static>(&mut self) -> Option<Arc<T>> {
        let key = TypeId::of::<T>();
        let taken = match &self.first {
            Some((other, _)) if *other == key => {
                std::mem::replace(&mut self.first, self.others.pop())
            }
            _ => {
                let at = self.others.iter().position(|(other, _)| *other == key)?;
                Some(self.others.swap_remove(at))
            }
        };
        taken?.1.downcast().ok()
    }

    /// Whether the map is empty.
    pub const fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// Returns the values of both maps. Where both have a value of one type, that of `newer` wins.
    #[must_use]
    pub fn merged(&self, newer: Self) -> Self {
        let mut merged = self.clone();
        for (key, value) in newer.first.into_iter().chain(newer.others) {
            merged.insert_entry(key, value);
        }
        merged
    }

    fn find(&self, key: TypeId) -> Option<&Arc<dyn Any + Send + Sync>> {
        self.first
            .iter()
            .chain(&self.others)
            .find(|(other, _)| *other == key)
            .map(|(_, value)| value)
    }
}

impl fmt::Debug for Extensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = self.others.len() + usize::from(self.first.is_some());
        f.debug_struct("Extensions").field("values", &values).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_holds_one_value_for_each_type() {
        let mut extensions = Extensions::new();
        extensions.insert(1_u8);
        extensions.insert("a");
        extensions.insert(2_u8);
        extensions.insert_shared(Arc::new(3_u16));
        assert_eq!(extensions.get::<u8>(), Some(&2));
        assert_eq!(extensions.get::<&str>(), Some(&"a"));
        assert_eq!(extensions.get_shared::<u16>().as_deref(), Some(&3));
        assert_eq!(extensions.get::<u32>(), None);
        assert_eq!(extensions.others.len(), 2);
    }

    #[test]
    fn values_can_be_taken_out_and_merged() {
        let mut extensions = Extensions::new();
        extensions.insert(1_u8);
        extensions.insert(2_u16);
        let mut newer = Extensions::new();
        newer.insert(3_u16);
        newer.insert(4_u32);
        let mut merged = extensions.merged(newer);
        assert_eq!(merged.take::<u8>().as_deref(), Some(&1));
        assert_eq!(merged.take::<u8>(), None);
        assert_eq!(merged.take::<u16>().as_deref(), Some(&3));
        assert_eq!(merged.take::<u32>().as_deref(), Some(&4));
        assert!(merged.is_empty() && !extensions.is_empty());
    }
}
