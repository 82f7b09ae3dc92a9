//! Rates and schedules of rules.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use mcp_core::policy::{PolicyEngine as _, PolicyRequest, Verdict};
use tokio::time::Instant;

use crate::decisions::policy;

#[tokio::test(start_paused = true)]
async fn a_rule_that_allows_ends_at_its_rate_and_one_that_denies_begins_there() {
    for (default, verdict, within, above) in [
        ("deny", "allow", Verdict::Allow, Verdict::Deny),
        ("allow", "deny", Verdict::Allow, Verdict::Deny),
        ("allow", "ask", Verdict::Allow, Verdict::Ask),
    ] {
        let policy = policy(&format!(
            "default = \"{default}\"\n[[rule]]\nverdict = \"{verdict}\"\ntools = [\"t*\"]\nrate = {{ calls = 2, per = \"10s\" }}"
        ));
        let decide = |principal, tool| {
            policy.decide(&PolicyRequest::tool(tool).principal(Some(principal))).verdict()
        };
        for (principal, tool) in [("a", "t1"), ("a", "t2"), ("b", "t1")] {
            assert_eq!([(); 3].map(|()| decide(principal, tool)), [within, within, above]);
        }
        // Lists count nothing.
        for _ in 0..10 {
            policy.is_listed(&PolicyRequest::tool("t3").principal(Some("a")));
        }
        assert_eq!(decide("a", "t3"), within);
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!([(); 2].map(|()| decide("a", "t1")), [within, above]);
    }
}

#[test]
fn a_rule_applies_at_its_times() {
    let policy = policy(
        "default = \"deny\"\n[[rule]]\nverdict = \"allow\"\nweekdays = [\"mon\"]\nhours = \"09:00-17:00\"\nutc_offset = \"+01:00\"",
    );
    // 1970-01-05 was a Monday.
    let monday = UNIX_EPOCH + Duration::from_secs(4 * 86_400);
    let at = |time: SystemTime| {
        policy.decide(&PolicyRequest::tool("t").at(time, Instant::now())).verdict()
    };
    let hours = |hours: u64| monday + Duration::from_secs(hours * 3_600);
    assert_eq!(at(hours(8)), Verdict::Allow);
    assert_eq!(at(hours(7)), Verdict::Deny);
    assert_eq!(at(hours(16)), Verdict::Deny);
    assert_eq!(at(hours(8 + 24)), Verdict::Deny);
}
