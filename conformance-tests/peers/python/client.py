"""Client of the Python SDK 2.3.0 against the fixture of ../FIXTURE.md, in either era.

    client.py [--mode auto|legacy|2026-07-28] [--input] [--timeout-ms N] (--url URL | -- COMMAND ARGS...)

`auto` probes with server/discover and falls back to initialize. `legacy` is initialize with 2025-11-25. With
2026-07-28 the first message is the first call, without a probe. The SDK checks every result against the schema of the
revision, so a missing member fails the call.
"""

from __future__ import annotations

import argparse
import base64
import json
import math
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import anyio
import mcp_types as types
from mcp import Client, StdioServerParameters
from mcp.client.sse import sse_client
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.client.subscriptions import PromptsListChanged, ResourceUpdated, ToolsListChanged
from mcp.shared.exceptions import MCPError
from pydantic import BaseModel, ConfigDict

from harness import TOOLS, Failure, Posts, Run, check, command_line, equal, finish, includes, refused, text_of, until

LOG_LEVEL = "io.modelcontextprotocol/logLevel"
WATCHED = "test://watched-resource"


class Loose(BaseModel):
    """Any result, unchanged."""

    model_config = ConfigDict(extra="allow")


class Tap:
    """A stream of the transport that records all messages."""

    def __init__(self, stream: Any, wire: list[tuple[str, dict[str, Any]]], way: str):
        self.stream, self.wire, self.way = stream, wire, way

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def note(self, item: Any) -> Any:
        if not isinstance(item, Exception):
            self.wire.append((self.way, item.message.model_dump(by_alias=True, mode="json", exclude_unset=True)))
        return item

    async def send(self, item: Any) -> None:
        await self.stream.send(self.note(item))

    async def receive(self) -> Any:
        return self.note(await self.stream.receive())

    def __aiter__(self) -> Tap:
        return self

    async def __anext__(self) -> Any:
        return self.note(await self.stream.__anext__())

    async def __aenter__(self) -> Tap:
        await self.stream.__aenter__()
        return self

    async def __aexit__(self, *raised: Any) -> Any:
        return await self.stream.__aexit__(*raised)


class Peer:
    """A connection that records what it receives."""

    def __init__(self, options: argparse.Namespace, handlers: bool = True):
        self.options = options
        self.wire: list[tuple[str, dict[str, Any]]] = []
        self.posts = Posts()
        self.notes: list[Any] = []
        self.elicitations: list[Any] = []
        self.samplings: list[Any] = []
        self.answer: types.ElicitResult | Callable[[Any], types.ElicitResult] = types.ElicitResult(action="cancel")
        self.roots = [
            types.Root(uri="file:///projects/one", name="one"),
            types.Root(uri="file:///projects/two"),
        ]
        callbacks: dict[str, Any] = {}
        if handlers:
            callbacks = {
                "elicitation_callback": self.elicit,
                "sampling_callback": self.sample,
                "list_roots_callback": self.list_roots,
            }
        self.client = Client(
            self.transport(),
            mode=options.mode,
            client_info=types.Implementation(name="python-sdk", version="2.3.0"),
            message_handler=self.note,
            **callbacks,
        )

    @asynccontextmanager
    async def transport(self):
        async with AsyncExitStack() as stack:
            if self.options.url:
                inner = await self.http(stack, self.options.url)
            else:
                command, *args = self.options.command
                inner = stdio_client(StdioServerParameters(command=command, args=args))
            read, write = await stack.enter_async_context(inner)
            yield Tap(read, self.wire, "received"), Tap(write, self.wire, "sent")

    async def http(self, stack: AsyncExitStack, url: str) -> Any:
        # HTTP+SSE, the transport of 2024-11-05.
        if url.endswith("/sse"):
            return sse_client(url, httpx_client_factory=self.posts.client)
        return streamable_http_client(url, http_client=await stack.enter_async_context(self.posts.client()))

    async def note(self, message: Any) -> None:
        self.notes.append(message)

    async def elicit(self, _context: Any, params: Any) -> types.ElicitResult:
        self.elicitations.append(params)
        return self.answer(params) if callable(self.answer) else self.answer

    async def sample(self, _context: Any, params: Any) -> types.CreateMessageResult:
        self.samplings.append(params)
        content = types.TextContent(type="text", text="Paris")
        return types.CreateMessageResult(role="assistant", content=content, model="a-model", stop_reason="endTurn")

    async def list_roots(self, _context: Any) -> types.ListRootsResult:
        return types.ListRootsResult(roots=self.roots)

    def noted(self, kind: type) -> list[Any]:
        return [note for note in self.notes if isinstance(note, kind)]

    def sent_cancel_of(self, request_id: Any) -> bool:
        return any(
            way == "sent" and message.get("method") == "notifications/cancelled" and message["params"]["requestId"] == request_id
            for way, message in self.wire
        )

    async def call(self, name: str, arguments: dict[str, Any] | None = None, **options: Any) -> types.CallToolResult:
        return await self.client.call_tool(name, arguments, **options)

    async def text(self, name: str, arguments: dict[str, Any] | None = None, **options: Any) -> str | None:
        return text_of(await self.call(name, arguments, **options))

    async def all(self, fetch: Callable[..., Awaitable[Any]], member: str) -> list[Any]:
        items, cursor = [], None
        while True:
            page = await fetch(cursor=cursor, cache_mode="refresh")
            items += getattr(page, member)
            cursor = page.next_cursor
            if cursor is None:
                return items

    async def tools(self) -> list[types.Tool]:
        return await self.all(self.client.list_tools, "tools")

    async def raw(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        request = types.Request[dict[str, Any], str](method=method, params=params)
        return (await self.client.session.send_request(request, Loose)).model_dump()


async def drive(run: Run, options: argparse.Namespace) -> None:
    peer = Peer(options)
    async with peer.client:
        await features(run, options, peer)
    bare = Peer(options, handlers=False)
    async with bare.client:
        await without_capabilities(run, bare, legacy=options.mode == "legacy")


async def features(run: Run, options: argparse.Namespace, peer: Peer) -> None:
    client = peer.client
    legacy = client.protocol_version < "2026"
    equal(client.protocol_version, "2025-11-25" if legacy else "2026-07-28", "revision")
    equal(legacy, options.mode == "legacy", "an era of legacy")

    def feature(name: str) -> Callable[[Callable[[], Awaitable[None]]], Awaitable[None]]:
        return lambda body: run.feature(name, body)

    if not legacy and options.mode != "auto":

        @feature("a call without a probe before it")
        async def body() -> None:
            equal(await peer.text("add", {"a": 20, "b": 22}), "42", "text of add")
            methods = [message.get("method") for way, message in peer.wire if way == "sent"]
            check("server/discover" not in methods and "initialize" not in methods, f"the client sent {methods}")

        await body

    @feature(f"{'initialize' if legacy else 'discover'} {client.protocol_version}")
    async def body() -> None:
        if legacy:
            info, capabilities, instructions = client.server_info, client.server_capabilities, client.instructions
        else:
            result = types.DiscoverResult.model_validate(await client.session.send_discover("2026-07-28"))
            check("2026-07-28" in result.supported_versions, f"supportedVersions: {result.supported_versions}")
            stamp = (result.meta or {}).get("io.modelcontextprotocol/serverInfo")
            info = types.Implementation.model_validate(stamp)
            capabilities, instructions = result.capabilities, result.instructions
        equal(info and info.name, "everything-server", "server name")
        check(instructions, "the server has no instructions")
        check(capabilities.tools and capabilities.tools.list_changed, "capabilities.tools.listChanged")
        check(capabilities.prompts and capabilities.prompts.list_changed, "capabilities.prompts.listChanged")
        resources = capabilities.resources
        check(resources and resources.list_changed and resources.subscribe, "capabilities.resources")
        check(capabilities.completions is not None, "capabilities.completions")
        check(not legacy or capabilities.logging is not None, "capabilities.logging")

    await body

    if legacy:

        @feature("ping")
        async def body() -> None:
            equal((await client.send_ping()).model_dump(exclude_none=True, exclude_unset=True), {}, "result of ping")

        await body

    @feature("tools/list")
    async def body() -> None:
        listed = await peer.tools()
        names = [tool.name for tool in listed]
        for name in TOOLS:
            check(name in names, f"tools/list lacks {name}; it has {names}")
        equal(len(set(names)), len(names), "number of different names")
        check("toggled" not in names, "toggled is listed before toggle_tool was called")
        for tool in listed:
            check(tool.description, f"{tool.name} has no description")
            equal(tool.input_schema.get("type"), "object", f"inputSchema.type of {tool.name}")
        add = next(tool for tool in listed if tool.name == "add")
        equal(add.input_schema["properties"]["a"]["type"], "integer", "type of argument a of add")
        equal(sorted(add.input_schema["required"]), ["a", "b"], "required arguments of add")
        equal(add.input_schema["additionalProperties"], False, "additionalProperties of add")
        equal((add.output_schema or {}).get("type"), "object" if legacy else "integer", "outputSchema.type of add")
        equal(add.title, "Add", "title of add")
        check(add.annotations and add.annotations.read_only_hint, "readOnlyHint of add")
        rich = next(tool for tool in listed if tool.name == "json_schema_2020_12_tool").input_schema
        equal(rich["$defs"]["address"]["$anchor"], "addressDef", "$anchor of json_schema_2020_12_tool")
        for keyword in ("$schema", "allOf", "if", "then", "else"):
            check(keyword in rich, f"json_schema_2020_12_tool lost {keyword}")

    await body

    @feature("tools/call, each kind of content")
    async def body() -> None:
        simple = await peer.call("test_simple_text")
        equal(text_of(simple), "This is a simple text response for testing.", "text")
        check(not simple.is_error, "test_simple_text is an error")
        (image,) = (await peer.call("test_image_content")).content
        equal((image.type, image.mime_type), ("image", "image/png"), "kind of content")
        equal(base64.b64decode(image.data)[1:4], b"PNG", "signature of the image")
        (audio,) = (await peer.call("test_audio_content")).content
        equal((audio.type, audio.mime_type), ("audio", "audio/wav"), "kind of content")
        equal(base64.b64decode(audio.data)[:4], b"RIFF", "signature of the sound")
        (block,) = (await peer.call("test_embedded_resource")).content
        equal((block.type, str(block.resource.uri)), ("resource", "test://embedded-resource"), "kind of content")
        kinds = {block.type for block in (await peer.call("test_multiple_content_types")).content}
        check(kinds >= {"text", "image", "resource"}, f"kinds of content: {kinds}")

    await body

    @feature("structured content")
    async def body() -> None:
        result = await peer.call("add", {"a": 1, "b": 2})
        equal(text_of(result), "3", "text of add")
        equal(result.structured_content, {"result": 3} if legacy else 3, "structuredContent of add")
        half = (await peer.call("divide", {"a": 1, "b": 2})).structured_content
        equal(half["result"] if legacy else half, 0.5, "structuredContent of divide")

    await body

    @feature("errors")
    async def body() -> None:
        failed = await peer.call("test_error_handling")
        check(failed.is_error and text_of(failed), "test_error_handling is no error with a text")
        divided = await peer.call("divide", {"a": 1, "b": 0})
        check(divided.is_error, "divide by 0 is no error")
        includes(text_of(divided), "division by zero", "text of divide by 0")
        for wrong, pointer in (({"a": "one", "b": 2}, "/a"), ({"a": 1}, "/b"), ({"a": 1, "b": 2, "c": 3}, "/c")):
            result = await peer.call("add", wrong)
            check(result.is_error, f"add with {wrong} is no error")
            includes(text_of(result), pointer, f"text of add with {wrong}")
        await refused(peer.call("no_such_tool"), -32602, "no_such_tool")
        await refused(peer.raw("unknown/method", {}), -32601, "unknown/method")
        unknown = client.read_resource("test://no-such-resource")
        error = await refused(unknown, -32002 if legacy else -32602, "test://no-such-resource")
        equal((error.data or {}).get("uri"), "test://no-such-resource", "data.uri")
        await refused(client.get_prompt("no_such_prompt"), -32602, "no_such_prompt")
        error = await refused(client.get_prompt("test_prompt_with_arguments", {"arg1": "x"}), -32602, "without arg2")
        includes(error.message, "arg2", "message")

    await body

    @feature("progress")
    async def body() -> None:
        seen: list[tuple[float, float | None]] = []

        async def progress(value: float, total: float | None, message: str | None) -> None:
            seen.append((value, total))

        await peer.call("test_tool_with_progress", {}, progress_callback=progress)
        await until(lambda: len(seen) == 3, "three reports of progress")
        equal(seen, [(0, 100), (50, 100), (100, 100)], "progress")

    await body

    async def count() -> int:
        return int(await peer.text("cancelled_count") or "-1")

    @feature("cancellation")
    async def body() -> None:
        before = await count()
        with anyio.CancelScope() as scope:

            async def began(*_progress: object) -> None:
                scope.cancel()

            await peer.call("slow", {"ms": 30_000}, progress_callback=began)
        check(scope.cancelled_caught, "slow ended before it was cancelled")

        async def risen() -> bool:
            return await count() == before + 1

        await until(risen, "cancelled_count risen by 1")
        equal(await peer.text("slow", {"ms": 1}), "slept 1 ms", "a call after the cancelled one")

    await body

    @feature("timeout cancels")
    async def body() -> None:
        before = await count()
        try:
            await peer.call("slow", {"ms": 30_000}, read_timeout_seconds=0.2)
            raise Failure("slow ended before its timeout")
        except MCPError as error:
            includes(error.message.lower(), "timed out", "message")

        async def risen() -> bool:
            return await count() == before + 1

        await until(risen, "cancelled_count risen by 1")

    await body

    @feature("how a call is cancelled")
    async def body() -> None:
        # Since 2026-07-28, a client cancels over HTTP by closing the stream; otherwise with a notification.
        sent = [message.get("method") for way, message in peer.wire if way == "sent"]
        sent = peer.posts.methods if options.url else sent
        cancelled = sent.count("notifications/cancelled")
        equal(cancelled, 0 if options.url and not legacy else 2, "notifications/cancelled of the two calls")

    await body

    @feature("a stream that the server closes before the answer")
    async def body() -> None:
        # In a session over HTTP the client reconnects for the answer; otherwise no stream is closed.
        equal(await peer.text("test_reconnection"), "Reconnection test completed", "answer of the tool")

    await body

    @feature("many calls at once")
    async def body() -> None:
        sums: dict[int, str | None] = {}

        async def add(n: int) -> None:
            sums[n] = await peer.text("add", {"a": n, "b": n})

        async with anyio.create_task_group() as group:
            for n in range(50):
                group.start_soon(add, n)
        equal(sums, {n: str(2 * n) for n in range(50)}, "sums")
        started = time.monotonic()
        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(peer.call, "slow", {"ms": 200})
        check(time.monotonic() - started < 3, "20 calls of 200 ms took 3 s: they ran one after the other")

    await body

    @feature("a large message")
    async def body() -> None:
        value = 'ä€😀"\\\n\u2028' * 30_000
        result = await client.get_prompt("test_prompt_with_arguments", {"arg1": value, "arg2": "end"})
        check(value in result.messages[0].content.text, "the text of the prompt lost something")

    await body

    @feature("logging")
    async def body() -> None:
        notes = lambda: peer.noted(types.LoggingMessageNotification)  # noqa: E731
        if legacy:
            await client.set_logging_level("debug")
            await peer.call("test_tool_with_logging")
            await until(lambda: len(notes()) >= 3, "three log messages")
            equal(notes()[0].params.level, "info", "level")
            await client.set_logging_level("error")
            before = len(notes())
            await peer.call("test_tool_with_logging")
            await anyio.sleep(0.1)
            equal(len(notes()), before, "log messages of level info while the level is error")
        else:
            await peer.call("test_logging_tool")
            await peer.call("test_logging_tool", meta={LOG_LEVEL: "error"})
            await anyio.sleep(0.1)
            equal(notes(), [], "log messages that were not asked for")
            await peer.call("test_logging_tool", meta={LOG_LEVEL: "info"})
            await until(lambda: len(notes()) >= 1, "a log message")
            equal(notes()[0].params.level, "info", "level")

    await body

    @feature("prompts")
    async def body() -> None:
        prompts = {prompt.name: prompt for prompt in await peer.all(client.list_prompts, "prompts")}
        for name in ("simple_prompt", "prompt_with_arguments", "prompt_with_embedded_resource", "prompt_with_image"):
            check(f"test_{name}" in prompts, f"prompts/list lacks test_{name}")
        arguments = [(one.name, one.required) for one in prompts["test_prompt_with_arguments"].arguments]
        equal(arguments, [("arg1", True), ("arg2", True)], "arguments of test_prompt_with_arguments")
        simple = await client.get_prompt("test_simple_prompt")
        equal(simple.messages[0].content.text, "This is a simple prompt for testing.", "text of test_simple_prompt")
        filled = await client.get_prompt("test_prompt_with_arguments", {"arg1": "hello", "arg2": "world"})
        want = "Prompt with arguments: arg1='hello', arg2='world'"
        equal(filled.messages[0].content.text, want, "text with arguments")
        embedded = await client.get_prompt("test_prompt_with_embedded_resource", {"resourceUri": "test://example"})
        uris = [str(one.content.resource.uri) for one in embedded.messages if one.content.type == "resource"]
        equal(uris, ["test://example"], "uri of the embedded resource")
        pictured = await client.get_prompt("test_prompt_with_image")
        images = [one.content.mime_type for one in pictured.messages if one.content.type == "image"]
        equal(images, ["image/png"], "mimeType of the image")

    await body

    @feature("resources over pages, templates, reading")
    async def body() -> None:
        before = sum(message.get("method") == "resources/list" for _, message in peer.wire)
        resources = await peer.all(client.list_resources, "resources")
        pages = sum(message.get("method") == "resources/list" for _, message in peer.wire) - before
        uris = [str(resource.uri) for resource in resources]
        for uri in ["test://static-text", "test://static-binary", WATCHED, *(f"test://item/{n + 1}" for n in range(25))]:
            check(uri in uris, f"resources/list lacks {uri}")
        equal(len(set(uris)), len(uris), "number of different resources")
        equal(pages, math.ceil(len(uris) / 10), "pages of 10")
        await refused(client.list_resources(cursor="no-such-cursor"), -32602, "a made-up cursor")
        templates = await peer.all(client.list_resource_templates, "resource_templates")
        check("test://template/{id}/data" in [one.uri_template for one in templates], f"templates: {templates}")
        (still,) = (await client.read_resource("test://static-text")).contents
        check(still.mime_type == "text/plain" and still.text, f"test://static-text: {still}")
        (binary,) = (await client.read_resource("test://static-binary")).contents
        equal(base64.b64decode(binary.blob)[1:4], b"PNG", "signature of the blob")
        (data,) = (await client.read_resource("test://template/123/data")).contents
        includes(data.text, "123", "text of the template")
        equal((await client.read_resource("test://item/17")).contents[0].text, "Item 17", "text of item 17")

    await body

    @feature("completion")
    async def body() -> None:
        prompt = types.PromptReference(type="ref/prompt", name="test_prompt_with_arguments")
        template = types.ResourceTemplateReference(type="ref/resource", uri="test://template/{id}/data")

        async def complete(ref: Any, name: str, value: str, context: dict[str, str] | None = None) -> list[str]:
            return (await client.complete(ref, {"name": name, "value": value}, context)).completion.values

        equal(await complete(prompt, "arg1", "test"), ["test-one", "test-two"], "completion of arg1")
        equal(await complete(prompt, "arg1", "nothing"), [], "completion of arg1 from nothing")
        equal(await complete(template, "id", "12"), ["12", "123"], "completion of a template variable")
        given = await complete(prompt, "arg2", "al", {"arg1": "alpha"})
        equal(given, ["alpha-1", "alpha-2"], "completion of arg2 given arg1")

    await body

    async def has(name: str) -> bool:
        return name in [tool.name for tool in await peer.tools()]

    if legacy:

        @feature("subscribe, updated, unsubscribe")
        async def body() -> None:
            updates = lambda: peer.noted(types.ResourceUpdatedNotification)  # noqa: E731
            await peer.call("touch_resource", {"uri": WATCHED})
            await client.subscribe_resource(WATCHED)
            equal(await peer.text("touch_resource", {"uri": WATCHED}), f"touched {WATCHED}", "text of touch_resource")
            await until(lambda: len(updates()) == 1, "one resources/updated")
            equal(str(updates()[0].params.uri), WATCHED, "uri of the update")
            await peer.call("touch_resource", {"uri": "test://static-text"})
            await client.unsubscribe_resource(WATCHED)
            await peer.call("touch_resource", {"uri": WATCHED})
            await anyio.sleep(0.1)
            equal(len(updates()), 1, "updates in all")

        await body

        @feature("list_changed")
        async def body() -> None:
            changes = lambda kind: len(peer.noted(kind))  # noqa: E731
            before = changes(types.ToolListChangedNotification)
            await peer.call("toggle_tool", {"on": True})
            await until(lambda: changes(types.ToolListChangedNotification) == before + 1, "one tools/list_changed")
            check(await has("toggled"), "tools/list lacks toggled")
            equal(await peer.text("toggled"), "toggled", "text of toggled")
            await peer.call("toggle_tool", {"on": False})
            await until(lambda: changes(types.ToolListChangedNotification) == before + 2, "a second list_changed")
            check(not await has("toggled"), "tools/list still has toggled")
            await refused(peer.call("toggled"), -32602, "toggled after it was removed")
            await peer.call("test_trigger_prompt_change")
            await until(lambda: changes(types.PromptListChangedNotification) >= 1, "a prompts/list_changed")

        await body
    else:

        @feature("subscriptions/listen")
        async def body() -> None:
            async with client.listen(tools_list_changed=True, resource_subscriptions=[WATCHED]) as changes:
                equal(changes.honored.tools_list_changed, True, "acknowledged toolsListChanged")
                equal(list(changes.honored.resource_subscriptions or []), [WATCHED], "acknowledged subscriptions")
                with anyio.fail_after(5):
                    await peer.call("toggle_tool", {"on": True})
                    equal(await anext(changes), ToolsListChanged(), "first event")
                    check(await has("toggled"), "tools/list lacks toggled")
                    await peer.call("test_trigger_prompt_change")
                    await peer.call("touch_resource", {"uri": "test://static-text"})
                    await peer.call("touch_resource", {"uri": WATCHED})
                    equal(await anext(changes), ResourceUpdated(uri=WATCHED), "second event")
            # The SDK notifies the server shortly after it has closed the stream.
            await until(lambda: peer.sent_cancel_of(changes.subscription_id), "notifications/cancelled of the stream")
            before = len(peer.notes)
            await peer.call("toggle_tool", {"on": False})
            await anyio.sleep(0.1)
            equal(peer.notes[before:], [], "notifications after the stream was closed")
            check(not await has("toggled"), "tools/list still has toggled")

        await body

        @feature("subscriptions/listen, two streams")
        async def body() -> None:
            async with client.listen(tools_list_changed=True) as tools, client.listen(prompts_list_changed=True) as prompts:
                with anyio.fail_after(5):
                    await peer.call("test_trigger_prompt_change")
                    equal(await anext(prompts), PromptsListChanged(), "event of the stream of prompts")
                    await peer.call("test_trigger_tool_change")
                    equal(await anext(tools), ToolsListChanged(), "event of the stream of tools")

        await body

    if legacy or options.input:
        await asked(run, peer, legacy)
    if options.input and not legacy:
        await input_required(run, peer)

    @feature("results on the wire")
    async def body() -> None:
        results = [message["result"] for way, message in peer.wire if way == "received" and "result" in message]
        check(len(results) > 50, f"only {len(results)} results came")
        for result in results:
            if legacy:
                foreign = {"resultType", "ttlMs", "cacheScope"} & result.keys()
                check(not foreign, f"{foreign} of 2026 in {json.dumps(result)[:500]}")
            else:
                check("resultType" in result, f"no resultType in {json.dumps(result)[:500]}")
        if not legacy:
            requests = [message for way, message in peer.wire if way == "received" and "method" in message and "id" in message]
            equal(requests, [], "requests of the server")

    await body


async def asked(run: Run, peer: Peer, legacy: bool) -> None:
    """Requests of the server: messages in the legacy era, results in the modern era."""

    async def elicitation() -> None:
        person = {"username": "ann", "email": "ann@example.com"}
        peer.answer = types.ElicitResult(action="accept", content=person)
        accepted = await peer.text("test_elicitation", {"message": "Who are you?"})
        for part in ("accept", "ann", "ann@example.com"):
            includes(accepted, part, "answer of the tool to accept")
        question = peer.elicitations.pop()
        equal(question.message, "Who are you?", "message of the elicitation")
        equal(list(question.requested_schema["properties"]), ["username", "email"], "fields of the form")
        for action in ("decline", "cancel"):
            peer.answer = types.ElicitResult(action=action)
            includes(await peer.text("test_elicitation", {"message": "Who?"}), action, f"answer of the tool to {action}")
        peer.elicitations.clear()
        peer.answer = types.ElicitResult(action="accept", content={"name": "Jane"})
        includes(await peer.text("test_elicitation_sep1034_defaults"), "Jane", "answer of the tool")
        properties = peer.elicitations.pop().requested_schema["properties"]
        want = {"name": "John Doe", "age": 30, "score": 95.5, "status": "active", "verified": True}
        equal({key: value.get("default") for key, value in properties.items()}, want, "defaults")
        peer.answer = types.ElicitResult(action="accept", content={"titledMulti": ["value1", "value3"]})
        includes(await peer.text("test_elicitation_sep1330_enums"), "value3", "answer of the tool")
        peer.elicitations.clear()

    async def visit() -> None:
        page = "https://example.com/consent?id=1"
        for action in ("accept", "decline", "cancel"):
            peer.answer = types.ElicitResult(action=action)
            equal(await peer.text("visit_url", {"url": page}), f"visit: {action}", "answer of the tool")
            question = peer.elicitations.pop()
            equal((question.mode, question.url), ("url", page), "mode and URL")
            check(question.message, "the elicitation has no message")
            elicitation_id = getattr(question, "elicitation_id", None)
            check(bool(elicitation_id) == legacy, f"elicitationId of this revision: {elicitation_id!r}")

    async def sampling() -> None:
        includes(await peer.text("test_sampling", {"prompt": "The capital of France?"}), "Paris", "answer of the tool")
        question = peer.samplings.pop()
        equal(question.max_tokens, 100, "maxTokens")
        content = question.messages[0].content
        content = content[0] if isinstance(content, list) else content
        equal(content.text, "The capital of France?", "text of the message")

    async def roots() -> None:
        async def uris() -> list[str]:
            return (await peer.text("list_roots") or "").split()

        equal(await uris(), [str(root.uri) for root in peer.roots], "roots that the server saw")
        peer.roots.pop()
        if legacy:
            await peer.client.send_roots_list_changed()
        equal(await uris(), [str(root.uri) for root in peer.roots], "roots that the server saw after they changed")

    await run.feature("elicitation: accept, decline, cancel, defaults, enumerations", elicitation)
    await run.feature("elicitation: a URL", visit)
    await run.feature("sampling", sampling)
    await run.feature("roots", roots)


async def input_required(run: Run, peer: Peer) -> None:
    """Requests of a server on 2026-07-28: `input_required` results, answered by repeating the request."""

    async def tools() -> None:
        def answer(params: Any) -> types.ElicitResult:
            filled = {"name": "Alice", "ok": True, "color": "blue"}
            content = {key: filled[key] for key in params.requested_schema["properties"]}
            return types.ElicitResult(action="accept", content=content)

        peer.answer = answer
        for name, part, elicitations, samplings in (
            ("elicitation", "Alice", 1, 0),
            ("sampling", "Paris", 0, 1),
            ("list_roots", "file:///projects/one", 0, 0),
            ("request_state", "state-ok", 1, 0),
            ("multiple_inputs", "Alice", 1, 1),
            ("multi_round", "Alice", 2, 0),
        ):
            includes(await peer.text(f"test_input_required_result_{name}"), part, f"answer of {name}")
            asked_for = (len(peer.elicitations), len(peer.samplings))
            equal(asked_for, (elicitations, samplings), f"elicitations and samplings of {name}")
            peer.elicitations.clear()
            peer.samplings.clear()

    async def prompt() -> None:
        peer.answer = types.ElicitResult(action="accept", content={"context": "whales"})
        result = await peer.client.get_prompt("test_input_required_result_prompt")
        includes(result.messages[0].content.text, "whales", "text of the prompt")

    await run.feature("input_required: tools", tools)
    await run.feature("input_required: a prompt", prompt)


async def without_capabilities(run: Run, peer: Peer, legacy: bool) -> None:
    async def body() -> None:
        equal(await peer.text("add", {"a": 2, "b": 2}), "4", "text of add")
        if not legacy:
            error = await refused(peer.call("test_missing_capability"), -32021, "test_missing_capability")
            equal((error.data or {}).get("requiredCapabilities"), {"sampling": {}}, "data.requiredCapabilities")
            error = await refused(peer.call("visit_url", {"url": "https://example.com"}), -32021, "visit_url")
            equal((error.data or {}).get("requiredCapabilities"), {"elicitation": {"url": {}}}, "data of visit_url")
            return
        for name, arguments in (
            ("test_elicitation", {"message": "Who?"}),
            ("visit_url", {"url": "https://example.com"}),
            ("test_sampling", {"prompt": "What?"}),
            ("list_roots", {}),
        ):
            try:
                failed = bool((await peer.call(name, arguments)).is_error)
            except MCPError:
                failed = True
            check(failed, f"{name} succeeded for a client that cannot answer it")

    await run.feature("a client without capabilities", body)


if __name__ == "__main__":
    finish(drive, command_line(__doc__))
