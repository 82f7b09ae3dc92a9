//! The arguments of a call, for what decides by them.

use super::route::ToolRoute;

impl ToolRoute {
    /// Returns the arguments of a call as the handler sees them, if the caller has written them in
    /// the form of the dialect. Whatever decides by arguments reads this form, because otherwise a
    /// caller chooses what it sees (THREAT-118). `None` too if they cannot be translated: then the
    /// call fails before its handler.
    pub(crate) fn arguments_as_written(&self, arguments: &str) -> Option<String> {
        if self.dialect.is_as_written() {
            return None;
        }
        let translated = self.dialect.as_written(arguments, self.input.schema()).ok()?;
        translated.map(|arguments| arguments.to_string())
    }
}
