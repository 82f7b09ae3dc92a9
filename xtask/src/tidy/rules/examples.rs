//! The types where a user begins, and their functions, have an example in their documentation.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::{Attribute, ImplItem, Item, Visibility, spanned::Spanned as _};

use crate::tidy::{
    finding::Finding,
    rule::{Rule, Verdict},
    tree::Tree,
};

pub(super) const RULE: Rule = Rule { name: "examples", check };

/// The types where a user begins, each with the folder or file of its definition and its `impl`
/// blocks. The functions that a macro writes are not seen.
const BEGINNINGS: &[(&str, &[&str])] = &[
    // What `main` of a server builds, sets and serves.
    ("mcp-server/src/", &["Server", "ServerBuilder", "ServerHandle", "Limits"]),
    ("mcp-server/src/", &["HttpOptions", "HttpService", "SchemaDialect", "KeyRing"]),
    // What a handler takes, asks and returns.
    ("mcp-server/src/", &["Context", "ToolError", "State", "Args", "Extension"]),
    ("mcp-server/src/input/", &["ElicitForm", "Question", "Answer", "InputRequired", "Outcome"]),
    ("mcp-server/src/tool/", &["Image", "Audio", "Structured"]),
    // What registers a handler without macros.
    ("mcp-server/src/", &["ToolRoute", "ToolBuilder", "PromptRoute", "PromptBuilder"]),
    ("mcp-server/src/", &["ResourceRoute", "ResourceBuilder", "CompletionCall"]),
    // What is around the handlers of a server.
    ("mcp-server/src/layer/", &["RateLimitLayer", "TimeoutLayer", "ConcurrencyLimitLayer"]),
    ("mcp-server/src/layer/", &["PolicyLayer", "AuditLayer", "AuditNotes"]),
    ("mcp-server/src/audit/", &["AuditLog", "AuditLogBuilder"]),
    // Who may call.
    ("mcp-server/src/auth/", &["Protection", "Principal", "Scopes"]),
    ("mcp-server/src/auth/tokens/", &["JwtVerifier", "JwtVerifierBuilder"]),
    // Where several instances of a server keep what they share.
    ("mcp-server/src/", &["TaskConfig", "Stores"]),
    // What the tests of a server write.
    ("mcp-server/src/test/", &["Client", "ClientBuilder", "ToolAnswer", "Lists"]),
    // The results that both sides make and read.
    ("mcp-core/src/types/", &["CallToolResult", "Content", "ElicitResult", "ElicitSchema"]),
    // What `main` of a client connects with.
    ("mcp-client/src/", &["Client", "ClientBuilder", "ChildCommand", "KnownServer", "Limits"]),
    ("mcp-client/src/", &["SharedCache", "ClientPolicy", "ClientExtension"]),
    ("mcp-client/src/http/", &["Authorizer", "BearerToken", "Binding", "Endpoint", "Refusal"]),
    // What is around a call of a client.
    ("mcp-client/src/call/", &["Call", "CallOnce", "Outcome", "PendingInput", "SavedInput"]),
    ("mcp-client/src/call/", &["List", "Listing", "ToolReply"]),
    ("mcp-client/src/task/", &["TaskOptions", "Started", "TaskHandle", "TaskUpdates", "SavedTask"]),
    ("mcp-client/src/", &["Error", "ErrorKind", "Expired", "LoadedSkill"]),
    // What a server reports to a client, and asks it.
    ("mcp-client/src/", &["Subscription", "Notifications", "LogMessages", "Event", "Closed"]),
    ("mcp-client/src/", &["Question", "OriginatingCall", "QuestionHandler"]),
    // Several servers as one.
    ("mcp-client/src/", &["ClientGroup", "ClientGroupBuilder", "Route", "ResultBudget"]),
    ("mcp-client/src/group/", &["GroupList", "Exposed", "GroupServer", "ServerState"]),
    ("mcp-client/src/config/", &["HostConfig", "ServerEntry", "ConfigError"]),
    ("mcp-client/src/config/", &["ConfigGroup", "StartedGroup"]),
    // Who the client is.
    ("mcp-client/src/oauth/", &["OAuth", "OAuthBuilder", "RegisteredClient", "Loopback"]),
    ("mcp-client/src/oauth/", &["LoginStatus", "Login", "PendingLogin", "SavedLogin", "Logout"]),
    ("mcp-client/src/oauth/", &["ImportedToken", "SigningKey", "IdentityProvider"]),
    ("mcp-client/src/oauth/", &["CredentialStore", "CredentialKey", "StoreLock"]),
    ("mcp-client/src/oauth/", &["MemoryStore", "FileStore", "KeychainStore"]),
    // What an application reads, and sets below the client.
    ("mcp-core/src/", &["HttpRefusal", "Challenge", "RawJson", "Secret", "ProxySettings"]),
    ("mcp-core/src/", &["Policy", "PolicyBuilder", "DryRun", "InputResponses"]),
];

const REMEDY: &str = "write what a user would write, in 2 to 8 visible lines";

fn check(tree: &Tree) -> Verdict {
    let findings = BEGINNINGS.iter().flat_map(|(folder, names)| check_types(tree, folder, names));
    Verdict::Checked(findings.collect())
}

fn check_types(tree: &Tree, folder: &str, names: &[&str]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut defined = Vec::new();
    for path in tree.libraries().filter(|path| path.starts_with(folder)) {
        let text = tree.text(path).unwrap_or_default();
        // Most files have none of the names, and parsing is slow.
        if !names.iter().any(|name| text.contains(name)) {
            continue;
        }
        let Ok(stream) = text.parse::<TokenStream>() else { continue };
        let mut types = Vec::new();
        definitions(stream.clone(), &mut types);
        for found in types.into_iter().filter(|found| names.contains(&found.name.as_str())) {
            if !found.has_example {
                let what = format!("`{}` has no example; {REMEDY}", found.name);
                findings.push(Finding::new(path, found.line, what));
            }
            defined.push(found.name);
        }
        if let Ok(file) = syn::parse2::<syn::File>(stream) {
            check_functions(path, &file.items, names, &mut findings);
        }
    }
    let missing = names.iter().filter(|name| !defined.iter().any(|have| have == *name));
    findings.extend(missing.map(|name| {
        Finding::new(folder, 1, format!("`{name}` is not defined here; correct the list of types"))
    }));
    findings
}

/// A public type and where it is defined.
struct Definition {
    name: String,
    line: usize,
    has_example: bool,
}

/// Finds the public types of a file, also those that are written in a macro.
fn definitions(stream: TokenStream, found: &mut Vec<Definition>) {
    let mut has_example = false;
    let mut words: Vec<String> = Vec::new();
    for tree in stream {
        match tree {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => {
                let text = group.stream().to_string();
                has_example |= text.starts_with("doc") && text.contains("```");
            }
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                definitions(group.stream(), found);
                has_example = false;
                words.clear();
            }
            // What `pub(crate)` makes visible is no beginning.
            TokenTree::Group(_) => words.clear(),
            TokenTree::Punct(punct) if punct.as_char() == ';' => {
                has_example = false;
                words.clear();
            }
            TokenTree::Ident(ident) => {
                words.push(ident.to_string());
                if let [.., public, kind, name] = &words[..]
                    && public == "pub"
                    && ["struct", "enum", "trait"].contains(&kind.as_str())
                {
                    let line = ident.span().start().line;
                    found.push(Definition { name: name.clone(), line, has_example });
                }
            }
            _ => {}
        }
    }
}

/// Checks the inherent `impl` blocks of the named types.
fn check_functions(path: &str, items: &[Item], names: &[&str], findings: &mut Vec<Finding>) {
    for item in items {
        match item {
            Item::Mod(module) if !is_hidden(&module.attrs) => {
                if let Some((_, items)) = &module.content {
                    check_functions(path, items, names, findings);
                }
            }
            Item::Impl(block) if block.trait_.is_none() && !is_hidden(&block.attrs) => {
                let syn::Type::Path(of) = &*block.self_ty else { continue };
                let Some(of) = of.path.segments.last().map(|last| last.ident.to_string()) else {
                    continue;
                };
                if !names.contains(&of.as_str()) {
                    continue;
                }
                for item in &block.items {
                    let ImplItem::Fn(function) = item else { continue };
                    let is_public = matches!(function.vis, Visibility::Public(_));
                    if is_public && !is_hidden(&function.attrs) && !has_example(&function.attrs) {
                        let name = &function.sig.ident;
                        let line = function.sig.span().start().line;
                        let what = format!("`{of}::{name}` has no example; {REMEDY}");
                        findings.push(Finding::new(path, line, what));
                    }
                }
            }
            _ => {}
        }
    }
}

fn has_example(attributes: &[Attribute]) -> bool {
    attributes.iter().filter(|attribute| attribute.path().is_ident("doc")).any(|attribute| {
        attribute.meta.require_name_value().is_ok_and(|doc| match &doc.value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => {
                text.value().contains("```")
            }
            _ => false,
        })
    })
}

/// Whether the item is not documented, or compiled for tests only.
fn is_hidden(attributes: &[Attribute]) -> bool {
    attributes.iter().filter_map(|attribute| attribute.meta.require_list().ok()).any(|list| {
        let inner = list.tokens.to_string();
        (list.path.is_ident("doc") && inner == "hidden")
            || (list.path.is_ident("cfg") && inner == "test")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = "/// ```\n/// f();\n/// ```\n";

    fn findings(source: &str, names: &[&str]) -> Vec<String> {
        let tree = Tree::of(&[("mcp-server/src/a.rs", source)]);
        Verdict::Checked(check_types(&tree, "mcp-server/src/", names)).findings()
    }

    #[test]
    fn a_type_and_its_public_functions_need_an_example() {
        let bare = "/// A.\npub struct A<T>(T);\nimpl<T> A<T> {\n/// F.\npub fn f() {}\n}";
        assert_eq!(
            findings(bare, &["A"]),
            [
                format!("mcp-server/src/a.rs:2: `A` has no example; {REMEDY}"),
                format!("mcp-server/src/a.rs:5: `A::f` has no example; {REMEDY}"),
            ]
        );
        let whole = format!(
            "{EXAMPLE}#[derive(Debug)]\npub struct A<T>(T);\nimpl<T> A<T> {{\n\
             {EXAMPLE}pub async fn f() {{}}\n}}"
        );
        assert!(findings(&whole, &["A"]).is_empty());
    }

    #[test]
    fn what_no_user_sees_needs_none() {
        let source = format!(
            "{EXAMPLE}pub enum A {{}}\nimpl A {{\nfn f() {{}}\npub(crate) fn g() {{}}\n\
             #[doc(hidden)]\npub fn h() {{}}\n#[cfg(test)]\npub fn i() {{}}\n}}\n\
             impl B {{\npub fn f() {{}}\n}}\nimpl Clone for A {{}}\n\
             struct C;\nmod d {{ pub(crate) struct A; }}"
        );
        assert!(findings(&source, &["A"]).is_empty());
    }

    #[test]
    fn a_type_in_a_macro_is_found_and_one_that_is_gone_is_reported() {
        let source =
            format!("object! {{\n{EXAMPLE}pub struct A {{}}\n/// B.\npub struct B {{}}\n}}");
        assert_eq!(
            findings(&source, &["A", "B", "C"]),
            [
                "mcp-server/src/:1: `C` is not defined here; correct the list of types".to_owned(),
                format!("mcp-server/src/a.rs:7: `B` has no example; {REMEDY}"),
            ]
        );
    }
}
