"""Client of FastMCP 4 (fastmcp-slim 4.2.1) against the fixture of ../FIXTURE.md, in either era.

    client_fastmcp.py [--mode auto|legacy|2026-07-28] [--timeout-ms N] (--url URL | -- COMMAND ARGS...)

FastMCP is based on the Python SDK, which client.py tests in detail. This script tests what FastMCP adds: lists over
all pages, results parsed by the output schema, handlers for requests of the server, and errors. FastMCP has no
function for subscriptions, so the script uses its session.
"""

from __future__ import annotations

import argparse
import base64
import logging
from typing import Any

import anyio
import mcp_types as types
from fastmcp import Client
from fastmcp.client.elicitation import ElicitResult
from fastmcp.client.transports import SSETransport, StdioTransport, StreamableHttpTransport
from fastmcp.exceptions import ToolError
from mcp.client.subscriptions import PromptsListChanged, ResourceUpdated, ToolsListChanged, listen

from harness import TOOLS, Failure, Posts, Run, check, command_line, equal, finish, includes, refused, until

WATCHED = "test://watched-resource"
ROOTS = ["file:///projects/one", "file:///projects/two"]


class Host:
    """A client with all handlers, and what they received."""

    def __init__(self, options: argparse.Namespace):
        self.posts = Posts()
        self.notes: list[Any] = []
        self.logs: list[Any] = []
        self.elicitations: list[Any] = []
        self.samplings: list[Any] = []
        self.answer: Any = None
        if options.url:
            kind = SSETransport if options.url.endswith("/sse") else StreamableHttpTransport
            transport = kind(options.url, httpx_client_factory=self.http)
        else:
            command, *args = options.command
            transport = StdioTransport(command, args)
        self.client = Client(
            transport,
            mode=options.mode,
            roots=ROOTS,
            sampling_handler=self.sample,
            elicitation_handler=self.elicit,
            log_handler=self.log,
            message_handler=self.note,
        )

    def http(self, **options: Any) -> Any:
        # The SDK follows redirects by its own rule, and its factory has no option for them.
        options.pop("follow_redirects", None)
        return self.posts.client(**options)

    async def sample(self, messages: Any, params: Any, _context: Any) -> str:
        self.samplings.append((messages, params))
        return "Paris"

    async def elicit(self, message: str, kind: Any, params: Any, _context: Any) -> Any:
        self.elicitations.append((message, kind, params))
        return self.answer(params) if callable(self.answer) else self.answer

    async def log(self, message: Any) -> None:
        self.logs.append(message)

    async def note(self, message: Any) -> None:
        self.notes.append(message)

    def noted(self, kind: type) -> int:
        return sum(isinstance(note, kind) for note in self.notes)

    async def text(self, name: str, arguments: dict[str, Any] | None = None, **options: Any) -> str:
        return (await self.client.call_tool(name, arguments or {}, **options)).content[0].text


async def fails(call: Any, what: str) -> str:
    try:
        result = await call
    except ToolError as error:
        return str(error)
    raise Failure(f"{what}: expected a ToolError, got {result!r}")


async def drive(run: Run, options: argparse.Namespace) -> None:
    # FastMCP logs a warning for each handler that raises an error, which this script does on purpose.
    logging.disable(logging.WARNING)
    host = Host(options)
    async with host.client as client:
        await connection(run, host, legacy=options.mode == "legacy")
        await tools(run, host, legacy=client.initialize_result is not None)
        await running(run, host, over_http=bool(options.url), legacy=options.mode == "legacy")
        await prompts_and_resources(run, host)
        await (watching if options.mode == "legacy" else listening)(run, host)
        await questions(run, host)


async def connection(run: Run, host: Host, legacy: bool) -> None:
    client = host.client

    async def body() -> None:
        equal(client.protocol_version, "2025-11-25" if legacy else "2026-07-28", "revision")
        equal(client.initialize_result is not None, legacy, "an initialize result")
        if legacy:
            check(await client.ping(), "ping was not answered")
        # With a fixed revision the client has sent nothing yet, and knows nothing about the server.
        if legacy or client.mode == "auto":
            equal(client.server_info and client.server_info.name, "everything-server", "server name")
            check(client.instructions, "the server has no instructions")
            check(client.server_capabilities and client.server_capabilities.tools, "no capability for tools")

    await run.feature(f"connect to {client.protocol_version}", body)


async def tools(run: Run, host: Host, legacy: bool) -> None:
    client = host.client

    async def lists() -> None:
        listed = {tool.name: tool for tool in await client.list_tools()}
        for name in TOOLS:
            check(name in listed, f"tools/list lacks {name}; it has {sorted(listed)}")
        equal(sorted(listed["add"].input_schema["required"]), ["a", "b"], "required arguments of add")
        check(listed["add"].annotations.read_only_hint, "readOnlyHint of add")

    async def calls() -> None:
        equal(await host.text("test_simple_text"), "This is a simple text response for testing.", "text")
        mixed = (await client.call_tool("test_multiple_content_types", {})).content
        check({block.type for block in mixed} >= {"text", "image", "resource"}, f"kinds of content: {mixed}")
        # The data of a result follows the output schema: an integer on 2026-07-28, an object before.
        total = await client.call_tool("add", {"a": 1, "b": 2})
        equal(total.structured_content, {"result": 3} if legacy else 3, "structuredContent of add")
        equal(total.data.result if legacy else total.data, 3, "data of add")

    async def errors() -> None:
        includes(await fails(client.call_tool("divide", {"a": 1, "b": 0}), "divide by 0"), "division by zero", "error")
        includes(await fails(client.call_tool("add", {"a": "one", "b": 2}), "add with a text"), "/a", "error")
        quiet = await client.call_tool("test_error_handling", {}, raise_on_error=False)
        check(quiet.is_error, "test_error_handling is no error")
        await refused(client.call_tool("no_such_tool", {}), -32602, "no_such_tool")

    await run.feature("list_tools", lists)
    await run.feature("call_tool", calls)
    await run.feature("errors", errors)


async def running(run: Run, host: Host, over_http: bool, legacy: bool) -> None:
    client = host.client

    async def progress() -> None:
        seen: list[tuple[float, float | None]] = []

        async def handler(value: float, total: float | None, message: str | None) -> None:
            seen.append((value, total))

        await client.call_tool("test_tool_with_progress", {}, progress_handler=handler)
        await until(lambda: len(seen) == 3, "three reports of progress")
        equal(seen, [(0, 100), (50, 100), (100, 100)], "progress")

    async def logs() -> None:
        if legacy:
            await client.set_logging_level("debug")
        await client.call_tool("test_tool_with_logging", {})
        await until(lambda: len(host.logs) == 3, "three log messages")
        equal(host.logs[0].level, "info", "level")

    async def cancellation() -> None:
        before = int(await host.text("cancelled_count"))
        with anyio.CancelScope() as scope:

            async def began(*_progress: object) -> None:
                scope.cancel()

            await client.call_tool("slow", {"ms": 30_000}, progress_handler=began)
        check(scope.cancelled_caught, "slow ended before it was cancelled")

        async def risen() -> bool:
            return int(await host.text("cancelled_count")) == before + 1

        await until(risen, "cancelled_count risen by 1")
        if over_http:
            # Since 2026-07-28, the client closes the stream and sends no notification.
            told = host.posts.methods.count("notifications/cancelled")
            equal(told, 1 if legacy else 0, "notifications/cancelled")

    async def many() -> None:
        sums: dict[int, str] = {}

        async def add(n: int) -> None:
            sums[n] = await host.text("add", {"a": n, "b": n})

        async with anyio.create_task_group() as group:
            for n in range(50):
                group.start_soon(add, n)
        equal(sums, {n: str(2 * n) for n in range(50)}, "sums")

    await run.feature("progress", progress)
    await run.feature("logs", logs)
    await run.feature("cancellation", cancellation)
    await run.feature("many calls at once", many)


async def prompts_and_resources(run: Run, host: Host) -> None:
    client = host.client

    async def prompts() -> None:
        listed = [prompt.name for prompt in await client.list_prompts()]
        check("test_prompt_with_arguments" in listed, f"prompts/list: {listed}")
        filled = await client.get_prompt("test_prompt_with_arguments", {"arg1": "hello", "arg2": "world"})
        want = "Prompt with arguments: arg1='hello', arg2='world'"
        equal(filled.messages[0].content.text, want, "text with arguments")
        error = await refused(client.get_prompt("test_prompt_with_arguments", {"arg1": "x"}), -32602, "without arg2")
        includes(error.message, "arg2", "message")

    async def resources() -> None:
        uris = [str(resource.uri) for resource in await client.list_resources()]
        for uri in [WATCHED, *(f"test://item/{n + 1}" for n in range(25))]:
            check(uri in uris, f"resources/list lacks {uri}")
        templates = [template.uri_template for template in await client.list_resource_templates()]
        equal(templates, ["test://template/{id}/data"], "templates")
        (binary,) = await client.read_resource("test://static-binary")
        equal(base64.b64decode(binary.blob)[1:4], b"PNG", "signature of the blob")
        (data,) = await client.read_resource("test://template/123/data")
        includes(data.text, "123", "text of the template")

    async def completion() -> None:
        prompt = types.PromptReference(type="ref/prompt", name="test_prompt_with_arguments")
        completed = await client.complete(prompt, {"name": "arg1", "value": "test"})
        equal(completed.values, ["test-one", "test-two"], "completion of arg1")

    await run.feature("prompts", prompts)
    await run.feature("resources over pages, templates, reading", resources)
    await run.feature("completion", completion)


async def watching(run: Run, host: Host) -> None:
    client = host.client

    async def body() -> None:
        await client.session.subscribe_resource(WATCHED)
        await client.call_tool("touch_resource", {"uri": WATCHED})
        await until(lambda: host.noted(types.ResourceUpdatedNotification) == 1, "one resources/updated")
        await client.session.unsubscribe_resource(WATCHED)
        await client.call_tool("toggle_tool", {"on": True})
        await until(lambda: host.noted(types.ToolListChangedNotification) == 1, "one tools/list_changed")
        equal(await host.text("toggled"), "toggled", "text of toggled")
        await client.call_tool("toggle_tool", {"on": False})
        await until(lambda: host.noted(types.ToolListChangedNotification) == 2, "a second tools/list_changed")
        await refused(client.call_tool("toggled", {}), -32602, "toggled after it was removed")

    await run.feature("subscribe, updated, list_changed", body)


async def listening(run: Run, host: Host) -> None:
    client = host.client

    async def body() -> None:
        session = client.session
        tools = listen(session, tools_list_changed=True, resource_subscriptions=[WATCHED])
        async with tools as changes, listen(session, prompts_list_changed=True) as prompts:
            with anyio.fail_after(5):
                await client.call_tool("toggle_tool", {"on": True})
                equal(await anext(changes), ToolsListChanged(), "first event")
                equal(await host.text("toggled"), "toggled", "text of toggled")
                await client.call_tool("test_trigger_prompt_change", {})
                equal(await anext(prompts), PromptsListChanged(), "event of the stream of prompts")
                await client.call_tool("touch_resource", {"uri": WATCHED})
                equal(await anext(changes), ResourceUpdated(uri=WATCHED), "second event")
        await client.call_tool("toggle_tool", {"on": False})
        await refused(client.call_tool("toggled", {}), -32602, "toggled after it was removed")

    await run.feature("subscriptions/listen, two streams", body)


async def questions(run: Run, host: Host) -> None:
    async def form() -> None:
        host.answer = {"username": "ann", "email": "ann@example.com"}
        accepted = await host.text("test_elicitation", {"message": "Who are you?"})
        for part in ("accept", "ann", "ann@example.com"):
            includes(accepted, part, "answer of the tool to accept")
        message, kind, _ = host.elicitations.pop()
        equal(message, "Who are you?", "message of the elicitation")
        # FastMCP passes a class that it made from the schema of the form.
        equal(list(kind.__dataclass_fields__), ["username", "email"], "fields of the form")
        for action in ("decline", "cancel"):
            host.answer = ElicitResult(action=action)
            includes(await host.text("test_elicitation", {"message": "Who?"}), action, f"answer to {action}")
        host.answer = {"titledMulti": ["value1", "value3"]}
        includes(await host.text("test_elicitation_sep1330_enums"), "value3", "answer of the tool")
        host.elicitations.clear()

    async def visit() -> None:
        page = "https://example.com/consent?id=1"
        for action in ("accept", "decline", "cancel"):
            host.answer = ElicitResult(action=action)
            equal(await host.text("visit_url", {"url": page}), f"visit: {action}", "answer of the tool")
            message, kind, params = host.elicitations.pop()
            check(message and kind is None, "a visit has a message and no form")
            equal((params.mode, params.url), ("url", page), "mode and URL")

    async def rounds() -> None:
        filled = {"name": "Alice", "color": "blue"}
        host.answer = lambda params: {key: filled[key] for key in params.requested_schema["properties"]}
        includes(await host.text("test_input_required_result_multi_round"), "Alice", "answer of the tool")
        equal(len(host.elicitations), 2, "elicitations")
        includes(await host.text("test_input_required_result_multiple_inputs"), "Alice", "answer of the tool")
        equal(len(host.elicitations), 3, "elicitations")
        host.samplings.clear()

    async def sampling() -> None:
        includes(await host.text("test_sampling", {"prompt": "The capital of France?"}), "Paris", "answer of the tool")
        messages, params = host.samplings.pop()
        equal(params.max_tokens, 100, "maxTokens")
        equal(messages[0].content.text, "The capital of France?", "text of the message")

    async def roots() -> None:
        equal((await host.text("list_roots")).split(), ROOTS, "roots that the server saw")

    await run.feature("elicitation: a form", form)
    await run.feature("elicitation: a URL", visit)
    await run.feature("elicitation: two rounds, and several at once", rounds)
    await run.feature("sampling", sampling)
    await run.feature("roots", roots)


if __name__ == "__main__":
    finish(drive, command_line(__doc__))
