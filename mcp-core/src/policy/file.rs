//! Policy files, in TOML.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Number;
use toml::Spanned;
use toml::value::Datetime;

use super::decision::{RuleId, Verdict};
use super::error::PolicyError;
use super::glob::Glob;
use super::level::Level;
use super::limits::PolicyLimits;
use super::predicate::{Predicate, Test, check_pointer};
use super::rate::RateCounter;
use super::rule::{AnnotationTests, Globs, Rule};
use super::schedule::{Schedule, hours, unix_time, utc_offset, weekday};
use crate::json::canonical;

/// A file, compiled.
#[derive(Debug)]
pub(super) struct PolicyFile {
    pub(super) default: Option<Verdict>,
    pub(super) trusted_servers: Option<Globs>,
    pub(super) rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileSpec {
    default: Option<Spanned<Verdict>>,
    trusted_servers: Option<GlobList>,
    #[serde(default, rename = "rule")]
    rules: Vec<Spanned<RuleSpec>>,
}

type GlobList = Spanned<Vec<Spanned<String>>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleSpec {
    verdict: Spanned<Verdict>,
    name: Option<String>,
    reason: Option<String>,
    principals: Option<GlobList>,
    servers: Option<GlobList>,
    methods: Option<GlobList>,
    tools: Option<GlobList>,
    prompts: Option<GlobList>,
    resources: Option<GlobList>,
    arguments: Option<Spanned<Vec<Spanned<PredicateSpec>>>>,
    annotations: Option<AnnotationSpec>,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    without_scopes: Vec<String>,
    rate: Option<RateSpec>,
    weekdays: Option<Spanned<Vec<Spanned<String>>>>,
    hours: Option<Spanned<String>>,
    utc_offset: Option<Spanned<String>>,
    from: Option<Spanned<Datetime>>,
    until: Option<Spanned<Datetime>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PredicateSpec {
    pointer: Spanned<String>,
    equals: Option<Spanned<toml::Value>>,
    prefix: Option<String>,
    glob: Option<Spanned<String>>,
    min: Option<Spanned<toml::Value>>,
    max: Option<Spanned<toml::Value>>,
    exists: Option<bool>,
    #[serde(default)]
    not: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnnotationSpec {
    read_only: Option<bool>,
    destructive: Option<bool>,
    idempotent: Option<bool>,
    open_world: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RateSpec {
    calls: Spanned<u32>,
    per: Spanned<String>,
}

impl PolicyFile {
    /// Parses a file. `max_rules` is how many more rules there may be.
    pub(super) fn parse(
        level: Level,
        name: &str,
        text: &str,
        limits: &PolicyLimits,
        max_rules: usize,
    ) -> Result<Self, PolicyError> {
        let place = Place { name, text, limits };
        if text.len() > limits.max_file_bytes {
            return place.fail(0..0, format!(
                "{} bytes exceed the limit of {} bytes (PolicyLimits::max_file_bytes); split the policy or raise it",
                text.len(),
                limits.max_file_bytes
            ));
        }
        let spec: FileSpec = toml::from_str(text).map_err(|error| {
            PolicyError::at(name, text, error.span(), error.message().to_owned())
        })?;
        if let Some(default) = &spec.default {
            place.check_level(level, default)?;
        }
        if let Some(rule) = spec.rules.get(max_rules) {
            return place.fail(
                rule.span(),
                format!(
                    "more than {} rules (PolicyLimits::max_rules); merge rules or raise the limit",
                    limits.max_rules
                ),
            );
        }
        let file: Arc<str> = name.into();
        let rules = spec.rules.into_iter().enumerate().map(|(index, rule)| {
            let rule = rule.into_inner();
            let name = rule.name.as_deref().map(Arc::from);
            let id = RuleId { level, file: Arc::clone(&file), number: index + 1, name };
            place.rule(id, rule)
        });
        Ok(Self {
            default: spec.default.map(Spanned::into_inner),
            trusted_servers: place.globs(spec.trusted_servers)?,
            rules: rules.collect::<Result<_, _>>()?,
        })
    }
}

/// A file, for its errors.
struct Place<'a> {
    name: &'a str,
    text: &'a str,
    limits: &'a PolicyLimits,
}

impl Place<'_> {
    fn fail<T>(&self, span: Range<usize>, message: String) -> Result<T, PolicyError> {
        Err(PolicyError::at(self.name, self.text, Some(span), message))
    }

    /// Checks and converts a value.
    fn convert<T, R>(
        &self,
        value: Option<Spanned<T>>,
        convert: impl FnOnce(&T) -> Result<R, String>,
    ) -> Result<Option<R>, PolicyError> {
        let Some(value) = value else { return Ok(None) };
        let span = value.span();
        convert(value.as_ref()).map(Some).or_else(|message| self.fail(span, message))
    }

    fn check_level(&self, level: Level, verdict: &Spanned<Verdict>) -> Result<(), PolicyError> {
        if level == Level::Managed && *verdict.as_ref() == Verdict::Allow {
            let message = "a managed policy can only tighten, expected `ask` or `deny`";
            return self.fail(verdict.span(), message.to_owned());
        }
        Ok(())
    }

    fn globs(&self, list: Option<GlobList>) -> Result<Option<Globs>, PolicyError> {
        let Some(list) = list else { return Ok(None) };
        let (span, list) = (list.span(), list.into_inner());
        if list.is_empty() {
            let message =
                "the list is empty and matches nothing; without the key, everything matches";
            return self.fail(span, message.to_owned());
        }
        if list.len() > self.limits.max_globs {
            return self.fail(span, format!(
                "{} globs exceed the limit of {} (PolicyLimits::max_globs); use wildcards or raise it",
                list.len(),
                self.limits.max_globs
            ));
        }
        let globs = list.into_iter().map(|glob| self.glob(&glob));
        globs.collect::<Result<_, _>>().map(|globs| Some(Globs(globs)))
    }

    fn glob(&self, glob: &Spanned<String>) -> Result<Glob, PolicyError> {
        let (length, max) = (glob.as_ref().len(), self.limits.max_glob_bytes);
        if length > max {
            return self.fail(glob.span(), format!(
                "{length} bytes exceed the limit of {max} bytes (PolicyLimits::max_glob_bytes); shorten the glob or raise it"
            ));
        }
        Glob::parse(glob.as_ref()).or_else(|message| self.fail(glob.span(), message))
    }

    fn rule(&self, id: RuleId, spec: RuleSpec) -> Result<Rule, PolicyError> {
        self.check_level(id.level, &spec.verdict)?;
        let annotations = spec.annotations.map(|said| AnnotationTests {
            read_only: said.read_only,
            destructive: said.destructive,
            idempotent: said.idempotent,
            open_world: said.open_world,
        });
        Ok(Rule {
            id: Arc::new(id),
            verdict: spec.verdict.into_inner(),
            reason: spec.reason.map(Arc::from),
            principals: self.globs(spec.principals)?,
            servers: self.globs(spec.servers)?,
            methods: self.globs(spec.methods)?,
            tools: self.globs(spec.tools)?,
            prompts: self.globs(spec.prompts)?,
            resources: self.globs(spec.resources)?,
            annotations: annotations.unwrap_or_default(),
            scopes: spec.scopes,
            without_scopes: spec.without_scopes,
            predicates: self.predicates(spec.arguments)?,
            rate: spec.rate.map(|rate| self.rate(rate)).transpose()?,
            schedule: self.schedule(
                spec.weekdays,
                [spec.hours, spec.utc_offset],
                [spec.from, spec.until],
            )?,
        })
    }

    fn predicates(
        &self,
        specs: Option<Spanned<Vec<Spanned<PredicateSpec>>>>,
    ) -> Result<Vec<Predicate>, PolicyError> {
        let Some(specs) = specs else { return Ok(Vec::new()) };
        let (span, specs) = (specs.span(), specs.into_inner());
        if specs.len() > self.limits.max_predicates {
            return self.fail(span, format!(
                "{} predicates exceed the limit of {} (PolicyLimits::max_predicates); use several rules or raise it",
                specs.len(),
                self.limits.max_predicates
            ));
        }
        specs.into_iter().map(|spec| self.predicate(spec.span(), spec.into_inner())).collect()
    }

    fn predicate(&self, span: Range<usize>, spec: PredicateSpec) -> Result<Predicate, PolicyError> {
        let min = self.convert(spec.min, number)?;
        let max = self.convert(spec.max, number)?;
        let glob = spec.glob.map(|glob| self.glob(&glob)).transpose()?;
        let range = (min.is_some() || max.is_some()).then_some(Test::Range { min, max });
        let tests = [
            self.convert(spec.equals, json)?.map(|value| Test::Equals(canonical(&value))),
            spec.prefix.map(Test::Prefix),
            glob.map(Test::Glob),
            range,
            spec.exists.map(Test::Exists),
        ];
        let mut tests = tests.into_iter().flatten();
        let (Some(test), None) = (tests.next(), tests.next()) else {
            let message =
                "expected one test: `equals`, `prefix`, `glob`, `exists`, or `min` and `max`";
            return self.fail(span, message.to_owned());
        };
        let pointer_span = spec.pointer.span();
        let pointer = spec.pointer.into_inner();
        check_pointer(&pointer).or_else(|message| self.fail(pointer_span, message))?;
        Ok(Predicate { pointer, test, is_inverted: spec.not })
    }

    fn rate(&self, spec: RateSpec) -> Result<RateCounter, PolicyError> {
        let per = spec.per.as_ref();
        let Some(duration) = duration(per) else {
            return self.fail(
                spec.per.span(),
                format!(
                    "`{}` is no duration, expected a text like \"30s\", \"10m\", \"1h\" or \"1d\"",
                    per.escape_debug()
                ),
            );
        };
        let calls = *spec.calls.as_ref();
        if calls == 0 {
            let message = "0 calls, expected at least 1; leave the rate out instead";
            return self.fail(spec.calls.span(), message.to_owned());
        }
        Ok(RateCounter::new(calls, duration, self.limits.max_rate_counts))
    }

    fn schedule(
        &self,
        weekdays: Option<Spanned<Vec<Spanned<String>>>>,
        [hours_text, offset]: [Option<Spanned<String>>; 2],
        [from, until]: [Option<Spanned<Datetime>>; 2],
    ) -> Result<Option<Schedule>, PolicyError> {
        let is_limited =
            weekdays.is_some() || hours_text.is_some() || from.is_some() || until.is_some();
        let utc_offset = self.convert(offset, |text| utc_offset(text))?.unwrap_or(0);
        let mut schedule = Schedule { utc_offset, ..Schedule::default() };
        if let Some(list) = weekdays {
            let mut flags = [false; 7];
            for day in list.into_inner() {
                let index = weekday(day.as_ref()).or_else(|why| self.fail(day.span(), why))?;
                flags[index] = true;
            }
            schedule.weekdays = Some(flags);
        }
        schedule.hours = self.convert(hours_text, |text| hours(text))?;
        schedule.from = self.convert(from, unix_time)?;
        schedule.until = self.convert(until, unix_time)?;
        Ok(is_limited.then_some(schedule))
    }
}

/// Reads a duration: a whole number of seconds, minutes, hours or days, up to 365 days.
fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    let seconds = number.parse::<u64>().ok()?.checked_mul(unit)?;
    (1..=365 * 86_400).contains(&seconds).then(|| Duration::from_secs(seconds))
}

fn number(value: &toml::Value) -> Result<Number, String> {
    let number = match value {
        toml::Value::Integer(number) => Some(Number::from(*number)),
        toml::Value::Float(number) => Number::from_f64(*number),
        _ => None,
    };
    number.ok_or_else(|| format!("`{}` is no number", value.type_str()))
}

/// Converts a value into JSON.
fn json(value: &toml::Value) -> Result<serde_json::Value, String> {
    Ok(match value {
        toml::Value::String(text) => text.as_str().into(),
        toml::Value::Boolean(value) => (*value).into(),
        toml::Value::Integer(_) | toml::Value::Float(_) => number(value)?.into(),
        toml::Value::Array(items) => items.iter().map(json).collect::<Result<Vec<_>, _>>()?.into(),
        toml::Value::Table(members) => {
            let members = members.iter().map(|(name, value)| Ok((name.clone(), json(value)?)));
            serde_json::Value::Object(members.collect::<Result<_, String>>()?)
        }
        toml::Value::Datetime(_) => {
            return Err("JSON has no date-times, expected a text in quotes".to_owned());
        }
    })
}
