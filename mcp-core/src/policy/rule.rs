//! A rule, compiled.

use std::sync::Arc;

use super::decision::{RuleId, Verdict};
use super::glob::Glob;
use super::predicate::Predicate;
use super::rate::RateCounter;
use super::request::{Operation, PolicyRequest, Subject};
use super::schedule::Schedule;
use crate::types::ToolAnnotations;

/// A rule. Conditions that are `None` or empty hold.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) id: Arc<RuleId>,
    pub(super) verdict: Verdict,
    pub(super) reason: Option<Arc<str>>,
    pub(super) principals: Option<Globs>,
    pub(super) servers: Option<Globs>,
    pub(super) methods: Option<Globs>,
    pub(super) tools: Option<Globs>,
    pub(super) prompts: Option<Globs>,
    pub(super) resources: Option<Globs>,
    pub(super) annotations: AnnotationTests,
    pub(super) scopes: Vec<String>,
    pub(super) without_scopes: Vec<String>,
    pub(super) schedule: Option<Schedule>,
    pub(super) predicates: Vec<Predicate>,
    pub(super) rate: Option<RateCounter>,
}

/// A list of globs, of which one must match.
#[derive(Debug, Clone)]
pub(super) struct Globs(pub(super) Vec<Glob>);

impl Globs {
    pub(super) fn matches(&self, text: &str) -> bool {
        self.0.iter().any(|glob| glob.matches(text))
    }

    fn may_begin(&self, text: &str) -> bool {
        self.0.iter().any(|glob| glob.may_begin(text))
    }
}

/// What a tool must say of itself.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct AnnotationTests {
    pub(super) read_only: Option<bool>,
    pub(super) destructive: Option<bool>,
    pub(super) idempotent: Option<bool>,
    pub(super) open_world: Option<bool>,
}

impl AnnotationTests {
    /// What is not said has the default of the protocol, which is the worse one.
    fn hold(self, said: Option<&ToolAnnotations>) -> bool {
        let is = |wanted: Option<bool>, hint: fn(&ToolAnnotations) -> Option<bool>, default| {
            wanted.is_none_or(|wanted| wanted == said.and_then(hint).unwrap_or(default))
        };
        is(self.read_only, |said| said.read_only_hint, false)
            && is(self.destructive, |said| said.destructive_hint, true)
            && is(self.idempotent, |said| said.idempotent_hint, false)
            && is(self.open_world, |said| said.open_world_hint, true)
    }

    fn is_empty(self) -> bool {
        let Self { read_only, destructive, idempotent, open_world } = self;
        [read_only, destructive, idempotent, open_world].iter().all(Option::is_none)
    }
}

/// Whether a rule matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Match {
    No,
    /// That depends on what is not known yet.
    Maybe,
    Yes,
}

impl From<bool> for Match {
    fn from(matches: bool) -> Self {
        if matches { Self::Yes } else { Self::No }
    }
}

impl Rule {
    /// The names that the rule can match, if they are few. Rules are found by them.
    pub(super) fn literal_names(&self) -> Option<Vec<&str>> {
        let lists = [&self.tools, &self.prompts, &self.resources];
        if lists.iter().all(|list| list.is_none()) {
            return None;
        }
        lists.into_iter().flatten().flat_map(|list| &list.0).map(Glob::literal).collect()
    }

    /// Whether the rule matches a call of which the arguments are known. Counts the call if the
    /// rule has a rate.
    ///
    /// # Errors
    /// What is wrong with the arguments.
    pub(super) fn matches<'r>(
        &self,
        request: &'r PolicyRequest<'_>,
        annotations: Option<&ToolAnnotations>,
    ) -> Result<Match, &'r str> {
        let selected = self.selects(request, annotations);
        if selected == Match::No {
            return Ok(Match::No);
        }
        if !self.predicates.is_empty() {
            let arguments = request.arguments_value()?;
            if !self.predicates.iter().all(|predicate| predicate.holds(arguments)) {
                return Ok(Match::No);
            }
        }
        let Some(rate) = &self.rate else { return Ok(selected) };
        let key = (request.principal, request.server, request.subject.name());
        let is_within = rate.admits(key, request.instant);
        // A rule that allows ends at the rate, and others begin there.
        let is_met = is_within == (self.verdict == Verdict::Allow);
        Ok(if is_met { selected } else { Match::No })
    }

    /// Whether the rule matches calls with any arguments, with some, or with none.
    pub(super) fn matches_calls(
        &self,
        request: &PolicyRequest<'_>,
        annotations: Option<&ToolAnnotations>,
    ) -> Match {
        match self.selects(request, annotations) {
            Match::Yes if !self.predicates.is_empty() || self.rate.is_some() => Match::Maybe,
            selected => selected,
        }
    }

    /// Whether the conditions hold that do not depend on arguments and on other calls.
    fn selects(&self, request: &PolicyRequest<'_>, annotations: Option<&ToolAnnotations>) -> Match {
        let is = |globs: &Option<Globs>, text: &str| {
            globs.as_ref().is_none_or(|globs| globs.matches(text))
        };
        if !is(&self.methods, request.method) || !self.is_about(request.operation()) {
            return Match::No;
        }
        let selected = self.selects_subject(request);
        if selected == Match::No
            || !is(&self.servers, request.server)
            || !is(&self.principals, request.principal.unwrap_or_default())
            || !self.scopes.iter().all(|scope| request.has_scope(scope))
            || !(self.without_scopes.is_empty()
                || self.without_scopes.iter().any(|scope| !request.has_scope(scope)))
            || !self.schedule.as_ref().is_none_or(|schedule| schedule.contains(request.now))
        {
            return Match::No;
        }
        let is_tool = matches!(request.subject, Subject::Tool(_));
        if !self.annotations.is_empty() && !(is_tool && self.annotations.hold(annotations)) {
            return Match::No;
        }
        selected
    }

    /// Whether a rule is meant for a kind of request. One that names methods is meant for those.
    fn is_about(&self, operation: Operation) -> bool {
        self.methods.is_some()
            || match operation {
                Operation::Use | Operation::Custom => true,
                Operation::Accompanying => self.verdict != Verdict::Ask,
                Operation::Protocol => false,
            }
    }

    fn selects_subject(&self, request: &PolicyRequest<'_>) -> Match {
        let Self { tools, prompts, resources, .. } = self;
        if tools.is_none() && prompts.is_none() && resources.is_none() {
            return Match::Yes;
        }
        let is = |globs: &Option<Globs>, text: &str| {
            globs.as_ref().is_some_and(|globs| globs.matches(text))
        };
        match &request.subject {
            Subject::None => Match::No,
            Subject::Tool(name) => is(tools, name).into(),
            Subject::Prompt(name) => is(prompts, name).into(),
            Subject::Resource(_) | Subject::Template(_) => {
                let (Some(globs), Some((text, begin))) = (resources, request.resource_text())
                else {
                    return Match::No;
                };
                match &request.subject {
                    _ if globs.matches(&text) => Match::Yes,
                    Subject::Template(_) if globs.may_begin(begin) => Match::Maybe,
                    _ => Match::No,
                }
            }
        }
    }
}
