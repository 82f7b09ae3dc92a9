//! A policy that asks, over every transport and in every revision with elicitation.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use mcp_client::types::{ElicitAction, ElicitResult};
use mcp_client::{Client, Revision};
use mcp_server::layer::PolicyLayer;
use mcp_server::policy::Policy;
use mcp_server::tool::ToolRoute;
use mcp_server::{Server, ServerBuilder};
use serde_json::json;

use crate::transports::Transport;

const POLICY: &str = r#"
    default = "ask"
    [[rule]]
    name = "small amounts"
    verdict = "allow"
    tools = ["pay"]
    arguments = [{ pointer = "/amount", max = 10 }]
    [[rule]]
    name = "no fortunes"
    verdict = "deny"
    tools = ["pay"]
    arguments = [{ pointer = "/amount", min = 1000 }]
"#;

#[derive(serde::Deserialize, mcp_server::schemars::JsonSchema)]
#[schemars(crate = "mcp_server::schemars")]
struct Payment {
    amount: u64,
}

fn bank(paid: &Arc<AtomicUsize>) -> ServerBuilder {
    let paid = Arc::clone(paid);
    let pay = move |mcp_server::extract::Args(payment): mcp_server::extract::Args<Payment>| {
        let paid = Arc::clone(&paid);
        async move {
            paid.fetch_add(1, Ordering::SeqCst);
            format!("paid {}", payment.amount)
        }
    };
    let policy = Policy::parse("policy.toml", POLICY).expect("a policy");
    Server::builder("bank", "1")
        .tool(ToolRoute::builder("pay").handler(pay))
        .layer(PolicyLayer::new(policy))
}

#[tokio::test]
async fn a_call_is_allowed_asked_about_or_denied_by_its_arguments() {
    let revisions = [Revision::V2025_06_18, Revision::V2025_11_25, Revision::V2026_07_28];
    for revision in revisions {
        for transport in Transport::ALL.into_iter().filter(|it| it.supports(revision)) {
            for action in [ElicitAction::Accept, ElicitAction::Decline, ElicitAction::Cancel] {
                let case = format!("{transport:?} {revision} {action:?}");
                let paid = Arc::new(AtomicUsize::new(0));
                let asked = Arc::new(Mutex::new(Vec::new()));
                let (answer, seen) = (action.clone(), Arc::clone(&asked));
                let builder = Client::builder().revision(revision).on_elicit(move |form| {
                    seen.lock().expect("not poisoned").push(form.message.clone());
                    let answer = ElicitResult::new(answer.clone());
                    async move { Ok(answer) }
                });
                let server = bank(&paid).build().expect("a server");
                let client = transport.connect(&server, builder).await;
                let pay = |amount: u64| client.call_tool("pay", &json!({ "amount": amount }));
                assert_eq!(pay(10).await.expect("allowed").text(), "paid 10", "{case}");
                let error = pay(1_000).await.expect_err("denied");
                let message = error.peer().expect("an error of the server").message().to_owned();
                assert_eq!(
                    message, "tools/call of pay is denied by the policy: rule \"no fortunes\"",
                    "{case}"
                );
                assert!(asked.lock().expect("not poisoned").is_empty(), "{case}");
                let result = pay(50).await;
                assert_eq!(result.is_ok(), action == ElicitAction::Accept, "{case}: {result:?}");
                assert_eq!(
                    *asked.lock().expect("not poisoned"),
                    [
                        r#"Allow a call of the tool `pay` with the arguments {"amount":50}? (no rule matches, so the default decides)"#
                    ],
                    "{case}"
                );
                let expected = if action == ElicitAction::Accept { 2 } else { 1 };
                assert_eq!(paid.load(Ordering::SeqCst), expected, "{case}");
                client.close().await;
            }
        }
    }
}

/// A host without a way to ask.
#[tokio::test]
async fn a_client_that_cannot_ask_its_user_is_refused() {
    for revision in Revision::ALL {
        for transport in Transport::ALL.into_iter().filter(|it| it.supports(revision)) {
            let paid = Arc::new(AtomicUsize::new(0));
            let server = bank(&paid).build().expect("a server");
            let client = transport.connect(&server, Client::builder().revision(revision)).await;
            let error = client.call_tool("pay", &json!({ "amount": 50 })).await.expect_err("no");
            let message = error.peer().expect("an error of the server").message();
            assert!(message.contains("needs the approval of the user"), "{message}");
            assert_eq!(paid.load(Ordering::SeqCst), 0, "{transport:?} {revision}");
            client.close().await;
        }
    }
}
