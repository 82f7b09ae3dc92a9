"""Server of the Python SDK 2.3.0 for the tests of the Rust client, both eras on Streamable HTTP.

    server_python.py [--sse]

../FIXTURE.md documents its features.
"""

from __future__ import annotations

import sys
from itertools import count
from typing import Any

import anyio
import mcp_types as types
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.streamable_http import EventMessage, EventStore
from pydantic import BaseModel

mcp = MCPServer("python-server", version="2.3.0", instructions="A server of the Python SDK, for the tests of other clients.")
cancelled = 0
watched: set[str] = set()


class Sum(BaseModel):
    sum: int


class Name(BaseModel):
    name: str


class Events(EventStore):
    """Stores events for resumed streams."""

    def __init__(self) -> None:
        self.ids = count(1)
        self.events: list[tuple[int, str, Any]] = []

    async def store_event(self, stream_id: str, message: Any) -> str:
        self.events.append((next(self.ids), stream_id, message))
        return str(self.events[-1][0])

    async def replay_events_after(self, last_event_id: str, send_callback: Any) -> str | None:
        stream = next((stream for id, stream, _ in self.events if str(id) == last_event_id), None)
        for id, of, message in self.events:
            if of == stream and id > int(last_event_id) and message is not None:
                await send_callback(EventMessage(message, str(id)))
        return stream


def modern(ctx: Context) -> bool:
    return (ctx.protocol_version or "") >= "2026"


@mcp.tool()
def echo(message: str) -> str:
    """Answers what it gets."""
    return message


@mcp.tool()
def add(a: int, b: int) -> Sum:
    """Adds two integers; the structured result is an object."""
    return Sum(sum=a + b)


@mcp.tool()
def fail() -> str:
    """Fails."""
    raise ValueError("as asked")


@mcp.tool()
async def progress(steps: int, ctx: Context) -> str:
    """Reports progress."""
    for step in range(1, steps + 1):
        await ctx.report_progress(step, steps, f"step {step} of {steps}")
    return f"{steps} steps"


@mcp.tool()
async def slow(ms: int) -> str:
    """Sleeps, then answers."""
    global cancelled
    try:
        await anyio.sleep(ms / 1000)
    except anyio.get_cancelled_exc_class():
        cancelled += 1
        raise
    return f"slept {ms} ms"


@mcp.tool()
def cancelled_count() -> str:
    """Counts the calls of `slow` that were cancelled."""
    return str(cancelled)


@mcp.tool()
async def log(line: str, ctx: Context) -> str:
    """Logs one line."""
    await ctx.info(line, logger_name="log-tool")
    return "logged"


@mcp.tool()
async def ask(question: str, ctx: Context) -> types.CallToolResult | types.InputRequiredResult:
    """Asks the user for a name: by a request on 2025, by an `input_required` result on 2026."""
    if not modern(ctx):
        answer = await ctx.elicit(question, Name)
        return said(f"Hello, {answer.data.name}!" if answer.action == "accept" else f"No name: {answer.action}")
    answers = ctx.input_responses or {}
    if "name" not in answers:
        form = types.ElicitRequestFormParams(message=question, requested_schema=Name.model_json_schema())
        return types.InputRequiredResult(input_requests={"name": types.ElicitRequest(params=form)}, request_state="asked")
    return said(f"Hello, {answers['name'].content['name']}!")


@mcp.tool()
async def sample(prompt: str, ctx: Context) -> types.CallToolResult | types.InputRequiredResult:
    """Asks the model of the client."""
    message = types.SamplingMessage(role="user", content=types.TextContent(type="text", text=prompt))
    if not modern(ctx):
        result = await ctx.session.create_message(messages=[message], max_tokens=50, related_request_id=ctx.request_id)
    elif "completion" not in (ctx.input_responses or {}):
        params = types.CreateMessageRequestParams(messages=[message], max_tokens=50)
        return types.InputRequiredResult(input_requests={"completion": types.CreateMessageRequest(params=params)})
    else:
        result = ctx.input_responses["completion"]
    return said(f"{result.model}: {result.content.text}")


@mcp.tool()
async def roots(ctx: Context) -> types.CallToolResult | types.InputRequiredResult:
    """Lists the roots of the client: on 2025 by the stream of the session."""
    if not modern(ctx):
        result = await ctx.session.list_roots()
    elif "roots" not in (ctx.input_responses or {}):
        return types.InputRequiredResult(input_requests={"roots": types.ListRootsRequest()})
    else:
        result = ctx.input_responses["roots"]
    return said("\n".join(str(root.uri) for root in result.roots))


def said(text: str) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)])


def extra() -> str:
    """Is there while it is on."""
    return "extra"


@mcp.tool()
async def toggle(on: bool, ctx: Context) -> str:
    """Adds or removes the tool `extra`."""
    if on:
        mcp.add_tool(extra)
    else:
        mcp.remove_tool("extra")
    await ctx.notify_tools_changed()
    return f"extra is {'on' if on else 'off'}"


@mcp.tool()
async def touch(uri: str, ctx: Context) -> str:
    """Announces that a resource has changed."""
    await ctx.notify_resource_updated(uri)
    return f"touched {uri}"


@mcp.tool()
async def cut(ctx: Context) -> str:
    """Closes its stream before it answers."""
    if ctx.request_context.close_sse_stream is None:
        return "not cut"
    await ctx.close_sse_stream()
    return "resumed"


@mcp.resource("memo://one", mime_type="text/plain")
def memo() -> str:
    """A memo."""
    return "One memo."


@mcp.resource("note://{id}", mime_type="text/plain")
def note(id: str) -> str:
    """A note by its id."""
    return f"Note {id}."


@mcp.prompt(title="Greeting")
def greet(name: str, tone: str = "calm") -> str:
    """Greets somebody."""
    return f"Greet {name} in a {tone} tone."


@mcp.completion()
async def complete(ref: object, argument: types.CompletionArgument, context: object) -> types.Completion | None:
    values = ["calm", "cheerful", "stern"]
    return types.Completion(values=[value for value in values if value.startswith(argument.value)])


if __name__ == "__main__":
    if sys.argv[1:] == ["--sse"]:
        mcp.run(transport="sse", port=0)
    else:
        mcp.run(transport="streamable-http", port=0, event_store=Events(), retry_interval=10)
