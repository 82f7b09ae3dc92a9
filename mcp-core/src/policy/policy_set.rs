//! The rules of all files.

use std::collections::HashMap;

use super::decision::{Decision, Verdict};
use super::engine::PolicyEngine;
use super::file::PolicyFile;
use super::level::Level;
use super::request::{Operation, PolicyRequest, Subject};
use super::rule::{Globs, Match, Rule};
use crate::types::ToolAnnotations;

/// The rules of one or more files. See the [module](super) for the language.
///
/// ```
/// use mcp_core::policy::{Policy, PolicyEngine, PolicyRequest, Verdict};
///
/// let rules = r#"
///     default = "ask"
///
///     [[rule]]
///     verdict = "allow"
///     tools = ["read_*"]
/// "#;
/// let policy = Policy::parse("policy.toml", rules)?;
/// assert_eq!(policy.decide(&PolicyRequest::tool("read_note")).verdict(), Verdict::Allow);
/// assert_eq!(policy.decide(&PolicyRequest::tool("delete_note")).verdict(), Verdict::Ask);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Policy {
    /// In the order of levels.
    rules: Vec<Rule>,
    /// The rules that name their tools, prompts and resources without wildcards, by these names.
    named: HashMap<String, Vec<usize>>,
    /// The other rules.
    general: Vec<usize>,
    /// The strictest default of the files of users, projects and sessions.
    default: Option<Verdict>,
    /// The strictest default of the managed files; no default is less strict.
    at_least: Verdict,
    trusted: Vec<Globs>,
    /// The `trusted_servers` of the managed files. A trusted server matches each of them.
    trusted_by_managed: Vec<Globs>,
}

impl Policy {
    pub(super) fn new(files: Vec<(Level, PolicyFile)>) -> Self {
        let mut policy = Self {
            rules: Vec::new(),
            named: HashMap::new(),
            general: Vec::new(),
            default: None,
            at_least: Verdict::Allow,
            trusted: Vec::new(),
            trusted_by_managed: Vec::new(),
        };
        for (level, file) in files {
            if level == Level::Managed {
                policy.at_least = policy.at_least.max(file.default.unwrap_or(Verdict::Allow));
                policy.trusted_by_managed.extend(file.trusted_servers);
            } else {
                policy.default = policy.default.max(file.default);
                policy.trusted.extend(file.trusted_servers);
            }
            policy.rules.extend(file.rules);
        }
        for (index, rule) in policy.rules.iter().enumerate() {
            match rule.literal_names() {
                None => policy.general.push(index),
                Some(mut names) => {
                    names.sort_unstable();
                    names.dedup();
                    for name in names {
                        policy.named.entry(name.to_owned()).or_default().push(index);
                    }
                }
            }
        }
        policy
    }

    /// Returns the annotations of the tool, if its server is trusted.
    fn annotations<'a>(&self, request: &PolicyRequest<'a>) -> Option<&'a ToolAnnotations> {
        request.annotations.filter(|_| self.trusts(request))
    }

    fn trusts(&self, request: &PolicyRequest<'_>) -> bool {
        let is_listed = |globs: &Globs| globs.matches(request.server);
        (request.is_trusted || self.trusted.iter().any(is_listed))
            && self.trusted_by_managed.iter().all(is_listed)
    }

    /// The rules that may match, in no particular order.
    fn candidates(&self, request: &PolicyRequest<'_>) -> impl Iterator<Item = (usize, &Rule)> {
        // Rules name URIs, and a template stands for many: each rule may match.
        let all = matches!(request.subject, Subject::Template(_));
        let named = request.subject.name().filter(|_| !all).and_then(|name| self.named.get(name));
        let some = self.general.iter().chain(named.into_iter().flatten()).copied();
        let every = 0..if all { self.rules.len() } else { 0 };
        every
            .chain(some.filter(move |_| !all))
            .filter_map(|index| Some((index, self.rules.get(index)?)))
    }

    /// What happens to a request that no rule matches.
    fn by_default(&self, request: &PolicyRequest<'_>) -> Verdict {
        let is_read_only = || {
            let said = self.annotations(request);
            said.is_some_and(|said| said.read_only_hint == Some(true))
        };
        match request.operation() {
            Operation::Protocol => Verdict::Allow,
            Operation::Accompanying => {
                match self.at_least.max(self.default.unwrap_or(Verdict::Allow)) {
                    Verdict::Deny => Verdict::Deny,
                    Verdict::Ask | Verdict::Allow => Verdict::Allow,
                }
            }
            Operation::Use | Operation::Custom => {
                let derived = || {
                    let is_harmless = match request.subject {
                        Subject::None => false,
                        Subject::Tool(_) => is_read_only(),
                        Subject::Prompt(_) | Subject::Resource(_) | Subject::Template(_) => {
                            self.trusts(request)
                        }
                    };
                    if is_harmless { Verdict::Allow } else { Verdict::Ask }
                };
                self.at_least.max(self.default.unwrap_or_else(derived))
            }
        }
    }
}

/// The strictest rule that matches, and the first one of several.
#[derive(Default)]
struct Strictest<'a>(Option<(usize, &'a Rule)>);

impl<'a> Strictest<'a> {
    fn add(&mut self, index: usize, rule: &'a Rule) {
        let is_stricter = |(other, before): (usize, &Rule)| {
            rule.verdict > before.verdict || rule.verdict == before.verdict && index < other
        };
        if self.0.is_none_or(is_stricter) {
            self.0 = Some((index, rule));
        }
    }

    fn decision(&self) -> Option<Decision> {
        let (_, rule) = self.0?;
        Some(Decision::by_rule(rule.verdict, &rule.id, rule.reason.as_ref()))
    }

    fn denies(&self) -> bool {
        self.0.is_some_and(|(_, rule)| rule.verdict == Verdict::Deny)
    }
}

impl PolicyEngine for Policy {
    fn decide(&self, request: &PolicyRequest<'_>) -> Decision {
        let annotations = self.annotations(request);
        // Managed rules only tighten what the others and the default decide.
        let (mut managed, mut others) = (Strictest::default(), Strictest::default());
        let mut unreadable = None;
        for (index, rule) in self.candidates(request) {
            // Rates count all calls, so that one rule has no influence on another.
            if (managed.denies() || others.denies()) && rule.rate.is_none() {
                continue;
            }
            let is_match = match rule.matches(request, annotations) {
                Ok(Match::Yes) => true,
                Ok(Match::Maybe) => rule.verdict != Verdict::Deny,
                Ok(Match::No) => false,
                Err(reason) => {
                    unreadable = Some(reason);
                    false
                }
            };
            if is_match {
                let found =
                    if rule.id.level == Level::Managed { &mut managed } else { &mut others };
                found.add(index, rule);
            }
        }
        if let Some(reason) = unreadable
            && !managed.denies()
            && !others.denies()
        {
            let reason = format!("a rule needs the arguments, which cannot be read: {reason}");
            return Decision::new(Verdict::Deny, reason);
        }
        let other = others.decision();
        let other = other.unwrap_or_else(|| Decision::by_default(self.by_default(request)));
        managed.decision().filter(|managed| managed.verdict() >= other.verdict()).unwrap_or(other)
    }

    fn is_listed(&self, request: &PolicyRequest<'_>) -> bool {
        let annotations = self.annotations(request);
        let mut is_possible = false;
        for (_, rule) in self.candidates(request) {
            match (rule.verdict, rule.matches_calls(request, annotations)) {
                (Verdict::Deny, Match::Yes) => return false,
                (Verdict::Deny, _) | (_, Match::No) => {}
                (_, Match::Yes | Match::Maybe) => is_possible |= rule.id.level != Level::Managed,
            }
        }
        is_possible || self.by_default(request) != Verdict::Deny
    }
}
