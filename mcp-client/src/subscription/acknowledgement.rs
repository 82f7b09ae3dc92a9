//! What a server agreed to, compared with what was requested (SUB-5).

use std::collections::HashSet;

use mcp_core::types::SubscriptionFilter;
use serde_json::Value;

/// The part of an acknowledgement that was requested. A server that acknowledges more is logged.
pub(super) fn agreed_part(
    requested: &SubscriptionFilter,
    acknowledged: &SubscriptionFilter,
) -> SubscriptionFilter {
    let agreed = common_part(requested, acknowledged);
    if !is_empty(&missing_part(acknowledged, &agreed)) {
        tracing::warn!("the server acknowledged more than the subscription requested");
    }
    let missing = missing_part(requested, &agreed);
    if !is_empty(&missing) {
        tracing::debug!(?missing, "the server acknowledged less than the subscription requested");
    }
    agreed
}

/// What is in both filters.
fn common_part(requested: &SubscriptionFilter, agreed: &SubscriptionFilter) -> SubscriptionFilter {
    combine(requested, agreed, |is_agreed| is_agreed)
}

/// What was requested and is not agreed.
pub(super) fn missing_part(
    requested: &SubscriptionFilter,
    agreed: &SubscriptionFilter,
) -> SubscriptionFilter {
    combine(requested, agreed, |is_agreed| !is_agreed)
}

/// The members of `requested` that are kept, by whether `agreed` has them.
fn combine(
    requested: &SubscriptionFilter,
    agreed: &SubscriptionFilter,
    keep: impl Fn(bool) -> bool,
) -> SubscriptionFilter {
    let flag = |requested: Option<bool>, agreed: Option<bool>| {
        requested.filter(|requested| *requested && keep(agreed == Some(true)))
    };
    let mut filter = SubscriptionFilter::new();
    filter.tools_list_changed = flag(requested.tools_list_changed, agreed.tools_list_changed);
    filter.prompts_list_changed = flag(requested.prompts_list_changed, agreed.prompts_list_changed);
    filter.resources_list_changed =
        flag(requested.resources_list_changed, agreed.resources_list_changed);
    let names = |requested: &Option<Vec<String>>, agreed: &Option<Vec<String>>| {
        let agreed: HashSet<&String> = agreed.iter().flatten().collect();
        let requested = requested.iter().flatten();
        let kept: Vec<String> =
            requested.filter(|name| keep(agreed.contains(name))).cloned().collect();
        (!kept.is_empty()).then_some(kept)
    };
    filter.resource_subscriptions =
        names(&requested.resource_subscriptions, &agreed.resource_subscriptions);
    filter.task_ids = names(&requested.task_ids, &agreed.task_ids);
    for (member, requested) in requested.extra.iter() {
        if let Some(kept) = combine_values(requested, agreed.extra.get(member), &keep) {
            filter.extra.insert(member, kept);
        }
    }
    filter
}

/// The part of a member that an extension defines: some entries of a list, or the whole value.
fn combine_values(
    requested: &Value,
    agreed: Option<&Value>,
    keep: impl Fn(bool) -> bool,
) -> Option<Value> {
    let Value::Array(entries) = requested else {
        return keep(agreed == Some(requested)).then(|| requested.clone());
    };
    let agreed: HashSet<&Value> = agreed.and_then(Value::as_array).into_iter().flatten().collect();
    let kept = entries.iter().filter(|entry| keep(agreed.contains(entry)));
    let kept: Vec<Value> = kept.cloned().collect();
    (!kept.is_empty()).then_some(Value::Array(kept))
}

fn is_empty(filter: &SubscriptionFilter) -> bool {
    *filter == SubscriptionFilter::new()
}
