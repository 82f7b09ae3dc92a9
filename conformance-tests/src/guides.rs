//! README.md and the pages of `docs/`, so that the tests compile their programs.

#[doc = include_str!("../../README.md")]
struct Readme;
#[doc = include_str!("../../mcp-core/README.md")]
struct CoreReadme;
#[doc = include_str!("../../mcp-server/README.md")]
struct ServerReadme;
#[doc = include_str!("../../mcp-client/README.md")]
struct ClientReadme;
#[doc = include_str!("../../docs/guide/first-server.md")]
struct FirstServer;
#[doc = include_str!("../../docs/guide/tools.md")]
struct Tools;
#[doc = include_str!("../../docs/guide/resources.md")]
struct Resources;
#[doc = include_str!("../../docs/guide/prompts.md")]
struct Prompts;
#[doc = include_str!("../../docs/guide/calls.md")]
struct Calls;
#[doc = include_str!("../../docs/guide/input.md")]
struct Input;
#[doc = include_str!("../../docs/guide/changes.md")]
struct Changes;
#[doc = include_str!("../../docs/guide/transports.md")]
struct Transports;
#[doc = include_str!("../../docs/guide/http.md")]
struct Http;
#[doc = include_str!("../../docs/guide/errors.md")]
struct Errors;
#[doc = include_str!("../../docs/guide/negotiation.md")]
struct Negotiation;
#[doc = include_str!("../../docs/guide/troubleshooting.md")]
struct Troubleshooting;
#[doc = include_str!("../../docs/guide/from-rmcp.md")]
struct FromRmcp;
#[doc = include_str!("../../docs/guide/client.md")]
struct Client;
#[doc = include_str!("../../docs/guide/client-http.md")]
struct ClientHttp;
#[doc = include_str!("../../docs/guide/client-changes.md")]
struct ClientChanges;
#[doc = include_str!("../../docs/guide/client-questions.md")]
struct ClientQuestions;
#[doc = include_str!("../../docs/guide/groups.md")]
struct Groups;
#[doc = include_str!("../../docs/guide/host-authors.md")]
struct HostAuthors;
#[doc = include_str!("../../docs/tasks.md")]
struct Tasks;
#[doc = include_str!("../../docs/authorization.md")]
struct Authorization;
#[doc = include_str!("../../docs/protecting-a-server.md")]
struct ProtectingAServer;
#[doc = include_str!("../../docs/policy-and-audit.md")]
struct PolicyAndAudit;
#[doc = include_str!("../../docs/fleet.md")]
struct Fleet;
#[doc = include_str!("../../docs/stores.md")]
struct Stores;
#[doc = include_str!("../../docs/guide/testing.md")]
struct Testing;
