"""Server of FastMCP 4 (4.2.1) for the tests of the Rust client, both eras on stdio and HTTP.

    server_fastmcp.py [--http | --sse]

../FIXTURE.md documents its features.
"""

from __future__ import annotations

import sys

import anyio
import mcp_types as types
from fastmcp import Context, FastMCP
from fastmcp.exceptions import ToolError
from fastmcp.utilities.types import Image
from pydantic import BaseModel

mcp = FastMCP("fastmcp-server", version="4.2.1", instructions="A server of FastMCP 4, for the tests of other clients.")
cancelled = 0


class Sum(BaseModel):
    sum: int


class Name(BaseModel):
    name: str


@mcp.tool(title="Echo", annotations=types.ToolAnnotations(read_only_hint=True, open_world_hint=False))
def echo(message: str) -> str:
    """Answers what it gets."""
    return message


@mcp.tool
def add(a: int, b: int) -> Sum:
    """Adds two integers; the structured result is an object."""
    return Sum(sum=a + b)


@mcp.tool
def double(n: int) -> int:
    """Doubles an integer; the structured result is a number."""
    return 2 * n


@mcp.tool
def fail(message: str = "as asked") -> str:
    """Fails."""
    raise ToolError(f"failed: {message}")


@mcp.tool
async def progress(steps: int, ctx: Context) -> str:
    """Reports progress."""
    for step in range(1, steps + 1):
        await ctx.report_progress(step, steps, f"step {step} of {steps}")
    return f"{steps} steps"


@mcp.tool
async def slow(ms: int) -> str:
    """Sleeps, then answers."""
    global cancelled
    try:
        await anyio.sleep(ms / 1000)
    except anyio.get_cancelled_exc_class():
        cancelled += 1
        raise
    return f"slept {ms} ms"


@mcp.tool
def cancelled_count() -> str:
    """Counts the calls of `slow` that were cancelled."""
    return str(cancelled)


@mcp.tool
async def log(line: str, ctx: Context) -> str:
    """Logs one line at each of debug, info and error."""
    await ctx.debug(line, logger_name="log-tool")
    await ctx.info(line, logger_name="log-tool")
    await ctx.error(line, logger_name="log-tool")
    return "logged"


def modern(ctx: Context) -> bool:
    return ctx.request_context.protocol_version >= "2026"


@mcp.tool
async def ask(question: str, ctx: Context) -> types.InputRequiredResult | str:
    """Asks the user for a name: by a request on 2025, by an `input_required` result on 2026."""
    if not modern(ctx):
        answer = await ctx.elicit(question, Name)
        return f"Hello, {answer.data.name}!" if answer.action == "accept" else f"No name: {answer.action}"
    answers = ctx.input_responses or {}
    if "name" not in answers:
        form = types.ElicitRequestFormParams(message=question, requested_schema=Name.model_json_schema())
        return types.InputRequiredResult(input_requests={"name": types.ElicitRequest(params=form)}, request_state="asked")
    answer = answers["name"]
    return f"Hello, {answer.content['name']}!" if answer.action == "accept" else f"No name: {answer.action}"


@mcp.tool
async def sample(prompt: str, ctx: Context) -> types.InputRequiredResult | str:
    """Asks the model of the client."""
    message = types.SamplingMessage(role="user", content=types.TextContent(type="text", text=prompt))
    if not modern(ctx):
        result = await ctx.session.create_message(messages=[message], max_tokens=50)
    elif "completion" not in (ctx.input_responses or {}):
        params = types.CreateMessageRequestParams(messages=[message], max_tokens=50)
        request = types.CreateMessageRequest(params=params)
        return types.InputRequiredResult(input_requests={"completion": request})
    else:
        result = ctx.input_responses["completion"]
    return f"{result.model}: {result.content.text}"


@mcp.tool
async def roots(ctx: Context) -> types.InputRequiredResult | str:
    """Lists the roots of the client."""
    if not modern(ctx):
        result = await ctx.session.list_roots()
    elif "roots" not in (ctx.input_responses or {}):
        return types.InputRequiredResult(input_requests={"roots": types.ListRootsRequest()})
    else:
        result = ctx.input_responses["roots"]
    return "\n".join(str(root.uri) for root in result.roots)


@mcp.tool
def picture() -> Image:
    """Answers an image."""
    return Image(data=b"\x89PNG\r\n\x1a\n", format="png")


def extra() -> str:
    """Is there while it is on."""
    return "extra"


@mcp.tool
async def toggle(on: bool, ctx: Context) -> str:
    """Adds or removes the tool `extra`."""
    if on:
        mcp.add_tool(extra)
    else:
        mcp.local_provider.remove_tool("extra")
    await ctx.send_notification(types.ToolListChangedNotification())
    return f"extra is {'on' if on else 'off'}"


@mcp.resource("memo://one", mime_type="text/plain")
def memo() -> str:
    """A memo."""
    return "One memo."


@mcp.resource("memo://dot", mime_type="image/png")
def dot() -> bytes:
    return b"\x89PNG\r\n\x1a\n"


NOTES = {"first": "The first note.", "second": "The second note."}


@mcp.resource("note://{id}", mime_type="text/plain")
def note(id: str) -> str:
    """A note by its id."""
    return NOTES.get(id, f"No note {id}.")


@mcp.prompt(title="Greeting")
def greet(name: str, tone: str = "calm") -> str:
    """Greets somebody."""
    return f"Greet {name} in a {tone} tone."


@mcp.completion
def complete(ref: object, argument: types.CompletionArgument, context: object) -> list[str] | None:
    values = {"tone": ["calm", "cheerful", "stern"], "id": list(NOTES)}.get(argument.name)
    return values and [value for value in values if value.startswith(argument.value)]


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--http"]:
            mcp.run(transport="http", port=0, show_banner=False)
        case ["--sse"]:
            mcp.run(transport="sse", port=0, show_banner=False)
        case _:
            mcp.run(transport="stdio", show_banner=False)
