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
        let key = TypeId::of::<T>();
        let entry: Entry = (key, value);
        if let Some(place) = self.first.iter_mut().chain(&mut self.others).find(|(other, _)| *other == key) {
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

    fn find(&self, key: TypeId) -> Option<&Arc<dyn Any + Send + Sync>> {
        self.first.iter().chain(&self.others).find(|(other, _)| *other == key).map(|(_, value)| value)
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
}
