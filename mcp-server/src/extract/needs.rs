//! What a handler needs of its server, which is checked when the server is built.

use std::any::{TypeId, type_name};
use std::fmt;
use std::sync::Arc;

use mcp_core::extensions::Extensions;

/// What the arguments of a handler need of the server. [`FromContext::needs`] adds to it.
///
/// [`FromContext::needs`]: super::FromContext::needs
#[derive(Clone, Default)]
pub struct Needs {
    states: Vec<NeededState>,
}

#[derive(Clone, Copy)]
struct NeededState {
    id: TypeId,
    name: &'static str,
    is_in: fn(&Extensions) -> bool,
    is_in_arc: fn(&Extensions) -> bool,
}

/// A state that a handler takes and the server does not have.
pub(crate) struct MissingState {
    pub(crate) name: &'static str,
    /// Whether the server has it in an `Arc`, which is another type.
    pub(crate) in_arc: bool,
}

impl Needs {
    /// Adds a [`State<S>`](super::State): building the server fails if it has none of this type.
    pub fn state<S: Send + Sync + 'static>(&mut self) {
        let id = TypeId::of::<S>();
        if self.states.iter().all(|known| known.id != id) {
            self.states.push(NeededState {
                id,
                name: type_name::<S>(),
                is_in: |states| states.get::<S>().is_some(),
                is_in_arc: |states| states.get::<Arc<S>>().is_some(),
            });
        }
    }

    pub(crate) fn missing_states(&self, states: &Extensions) -> impl Iterator<Item = MissingState> {
        let missing = self.states.iter().filter(|needed| !(needed.is_in)(states));
        missing.map(|NeededState { name, is_in_arc, .. }| MissingState {
            name,
            in_arc: is_in_arc(states),
        })
    }
}

impl fmt::Debug for Needs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let states = self.states.iter().map(|state| state.name);
        f.debug_struct("Needs").field("states", &states.collect::<Vec<_>>()).finish()
    }
}
