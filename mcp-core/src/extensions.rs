//! Values that travel with a request, one per type.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::Arc;

type Entry = (TypeId, Arc<dyn Any + Send + Sync>);

/// A map from types to shared values: what a binding knows of a call (headers, principal, peer address) and
/// what layers add.
///
/// Cheap to clone, and free of allocation while it is empty or holds one value that is shared already:
/// every call passes through here.
#[derive(Clone, Default)]
pub struct Extensions {
    first: Option<Entry>,
    others: Vec<Entry>,
}

impl Extensions {
    /// No values.
    pub const fn new() -> Self {
        Self { first: None, others: Vec::new() }
    }

    /// Puts in a value; it takes the place of one of the same type.
    pub fn insert<T: Send + Sync + 'static>(&mut self, value: T) {
        self.insert_shared(Arc::new(value));
    }

    /// As [`Extensions::insert`], for a value that is shared already.
    pub fn insert_shared<T: Send + Sync + 'static>(&mut self, value: Arc<T>) {
        self.insert_entry(TypeId::of::<T>(), value);
    }

    fn insert_entry(&mut self, key: TypeId, value: Arc<dyn Any + Send + Sync>) {
        let entry: Entry = (key, value);
        if let Some(place) =
            self.first.iter_mut().chain(&mut self.others).find(|(other, _)| *other == key)
        {
            *place = entry;
        } else if self.first.is_none() {
            self.first = Some(entry);
        } else {
            self.others.push(entry);
        }
    }

    /// The value of a type.
    pub fn get<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.find(TypeId::of::<T>())?.downcast_ref()
    }

    /// The value of a type, shared.
    pub fn get_shared<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        Arc::clone(self.find(TypeId::of::<T>())?).downcast().ok()
    }

    /// Takes out the value of a type.
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

    /// Whether there are no values.
    pub const fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// These values, and in front of them those of `newer`.
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
    fn one_value_a_type() {
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
    fn values_are_taken_out_and_merged() {
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
