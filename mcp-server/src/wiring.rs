//! Where a route is defined, and what its handler needs of the server: what errors of the build
//! name.

use std::panic::Location;

use mcp_core::extensions::Extensions;

use crate::error::BuildError;
use crate::extract::Needs;

/// The origin of a route, and what its handler needs.
#[derive(Debug, Clone)]
pub(crate) struct Wiring {
    /// Where the builder of the route was called. For a macro, its attribute.
    pub(crate) place: &'static Location<'static>,
    pub(crate) needs: Needs,
}

impl Wiring {
    /// Of a route whose builder the caller creates.
    #[track_caller]
    pub(crate) fn here() -> Self {
        Self { place: Location::caller(), needs: Needs::default() }
    }

    /// Returns an error for each state that the server does not have. `states` are those of the
    /// server.
    pub(crate) fn missing_states(
        &self,
        kind: &'static str,
        name: &str,
        states: &Extensions,
    ) -> impl Iterator<Item = BuildError> {
        self.needs.missing_states(states).map(move |missing| BuildError::MissingState {
            kind,
            name: name.to_owned(),
            state: missing.name,
            in_arc: missing.in_arc,
            place: self.place,
        })
    }
}
