"""Server with tasks of FastMCP 4 (fastmcp-tasks 4.1.4) for the tests of the Rust client, on stdio and HTTP.

    server_fastmcp_tasks.py [--http]

It runs with tasks/.venv. ../FIXTURE.md documents its tools.
"""

from __future__ import annotations

import sys
from datetime import timedelta

import anyio
import mcp_types as types
from fastmcp import Context, FastMCP
from fastmcp.exceptions import ToolError
from fastmcp.utilities.tasks import TaskConfig
from fastmcp_tasks import TasksExtension
from mcp.shared.exceptions import MCPError

mcp = FastMCP("fastmcp-tasks-server", version="4.1.4")
mcp.add_extension(TasksExtension(url="memory://", minimum_check_interval=timedelta(milliseconds=20)))
QUICKLY = timedelta(milliseconds=50)
optional = TaskConfig(mode="optional", poll_interval=QUICKLY)
required = TaskConfig(mode="required", poll_interval=QUICKLY)
running = 0


@mcp.tool(task=optional)
async def slow(ms: int) -> str:
    """Sleeps, then answers."""
    global running
    running += 1
    try:
        await anyio.sleep(ms / 1000)
    finally:
        running -= 1
    return f"slept {ms} ms"


@mcp.tool
async def running_count() -> str:
    """Tells how many calls of slow are running."""
    return str(running)


@mcp.tool(task=required)
async def fail() -> str:
    """Fails with an error for the model."""
    raise ToolError("failed: as asked")


@mcp.tool(task=optional)
async def refuse() -> str:
    """Fails with an error for the client."""
    raise MCPError(code=-31000, message="refused: as asked")


def form(message: str, field: str) -> types.ElicitRequest:
    schema = {"type": "object", "properties": {field: {"type": "string"}}, "required": [field]}
    return types.ElicitRequest(params=types.ElicitRequestFormParams(message=message, requested_schema=schema))


@mcp.tool(task=optional)
async def introduce(ctx: Context) -> str | types.InputRequiredResult:
    """Asks for a name and a city at once, and then for a greeting."""
    answers = ctx.input_responses or {}
    if not ctx.request_state:
        if "first" not in answers:
            questions = {"first": form("First name?", "name"), "last": form("Last name?", "name")}
            return types.InputRequiredResult(input_requests=questions)
        name = " ".join(answers[key].content["name"] for key in ("first", "last"))
        question = {"greeting": form("How do I greet you?", "name")}
        return types.InputRequiredResult(input_requests=question, request_state=name)
    return f"{answers['greeting'].content['name']}, {ctx.request_state}!"


if __name__ == "__main__":
    if sys.argv[1:] == ["--http"]:
        mcp.run(transport="http", port=0, show_banner=False)
    else:
        mcp.run(transport="stdio", show_banner=False)
