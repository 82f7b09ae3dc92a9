"""Client of FastMCP 4 with tasks (fastmcp-tasks 4.1.4) against the fixture of ../FIXTURE.md.

    client_fastmcp_tasks.py [--mode auto|2026-07-28] [--timeout-ms N] (--url URL | -- COMMAND ARGS...)

It runs with tasks/.venv. FastMCP has the extension of 2026-07-28, and not the experimental tasks of 2025-11-25. It
polls, and does not listen.
"""

from __future__ import annotations

import argparse
import json
import logging
from typing import Any

import httpx2
from fastmcp import Client
from fastmcp.client.elicitation import ElicitResult
from fastmcp.client.transports import StdioTransport, StreamableHttpTransport
from fastmcp.exceptions import ToolError
from fastmcp_tasks import ToolTask, call_tool_task

from harness import Failure, Posts, Run, check, command_line, equal, finish, includes, refused

TASKS = "io.modelcontextprotocol/tasks"


class Host:
    """A client that answers questions, and what it was asked."""

    def __init__(self, options: argparse.Namespace):
        self.posts = Posts()
        self.asked: list[str] = []
        self.answers: dict[str, Any] = {}
        # Whether requests about tasks get the header that they lack, and the number of those that lacked it.
        self.adds_names = True
        self.unnamed = 0
        if options.url:
            transport = StreamableHttpTransport(options.url, httpx_client_factory=self.http)
        else:
            command, *args = options.command
            transport = StdioTransport(command, args)
        self.client = Client(transport, mode=options.mode, elicitation_handler=self.elicit)

    def http(self, **options: Any) -> Any:
        # The SDK follows redirects by its own rule, and its factory has no option for them.
        options.pop("follow_redirects", None)
        client = self.posts.client(**options)
        client.event_hooks["request"].append(self.name)
        return client

    async def name(self, request: httpx2.Request) -> None:
        """Adds Mcp-Name to requests about tasks. The extension requires it, and FastMCP omits it (4.1.4)."""
        message = json.loads(request.content) if request.method == "POST" else {}
        if message.get("method", "").startswith("tasks/") and "mcp-name" not in request.headers:
            self.unnamed += 1
            if self.adds_names:
                request.headers["mcp-name"] = message["params"]["taskId"]

    async def elicit(self, message: str, kind: Any, params: Any, _context: Any) -> Any:
        self.asked.append(message)
        return self.answers.get(message, ElicitResult(action="decline"))

    async def text(self, tool: str, /, **arguments: Any) -> str:
        return (await self.client.call_tool(tool, arguments)).content[0].text

    async def start(self, tool: str, /, **arguments: Any) -> ToolTask:
        return await call_tool_task(self.client, tool, arguments)


async def fails(call: Any, what: str) -> str:
    try:
        result = await call
    except ToolError as error:
        return str(error)
    raise Failure(f"{what}: expected a ToolError, got {result!r}")


async def drive(run: Run, options: argparse.Namespace) -> None:
    # FastMCP logs a warning for each error of a tool.
    logging.disable(logging.WARNING)
    host = Host(options)
    async with host.client:
        await results(run, host, over_http=bool(options.url), auto=options.mode == "auto")
        await questions(run, host)
        await control(run, host, over_http=bool(options.url))


async def results(run: Run, host: Host, over_http: bool, auto: bool) -> None:
    async def transparent() -> None:
        equal(host.client.protocol_version, "2026-07-28", "revision")
        if auto:
            equal(host.client.server_capabilities.extensions[TASKS], {}, "settings of the extension")
        equal(await host.text("slow_compute", seconds=0.3, label="a"), "a: computed for 0.3 s", "text")
        if over_http:
            check("tasks/get" in host.posts.methods, "the client does not poll")

    async def in_place() -> None:
        equal(await host.text("greet", name="Ada"), "Hello, Ada!", "text")
        includes(await fails(host.start("greet", name="Ada"), "greet"), "did not run as a task", "error")

    async def errors() -> None:
        equal(await fails(host.text("failing_job"), "failing_job"), "the job failed, as intended", "error")
        # FastMCP has no other form for an error of the protocol.
        equal(await fails(host.text("protocol_error_job"), "job"), "the job broke, as intended", "error")

    await run.feature("a call that becomes a task", transparent)
    await run.feature("a call that does not", in_place)
    await run.feature("errors for the model and for the client", errors)


async def questions(run: Run, host: Host) -> None:
    async def form() -> None:
        host.answers = {"Delete a.txt?": {"confirm": True}}
        equal(await host.text("confirm_delete", filename="a.txt"), "deleted a.txt", "text")
        equal(host.asked, ["Delete a.txt?"], "questions")
        host.asked.clear()
        declined = await fails(host.text("confirm_delete", filename="b.txt"), "a question that is declined")
        includes(declined, "declined", "error")
        host.asked.clear()

    async def several() -> None:
        host.answers = {"What is your name?": {"name": "Ada"}, "Do you like tasks?": {"confirm": False}}
        equal(await host.text("multi_input"), "Ada dislikes tasks", "text")
        equal(sorted(host.asked), ["Do you like tasks?", "What is your name?"], "questions")
        host.asked.clear()

    async def before() -> None:
        host.answers = {"What is your name?": {"name": "Bo"}}
        equal(await host.text("test_tool_with_task"), "Hello, Bo!", "text")
        equal(host.asked, ["What is your name?"], "questions")
        host.asked.clear()

    async def observed() -> None:
        host.answers = {"Delete c.txt?": {"confirm": False}}
        task = await host.start("confirm_delete", filename="c.txt")
        parked = await task.wait(state="input_required", timeout=10)
        equal(list(parked.input_requests), ["confirm"], "keys of the questions")
        equal(host.asked, [], "questions so far")
        equal((await task.result()).content[0].text, "kept c.txt", "text")
        equal(host.asked, ["Delete c.txt?"], "questions")

    await run.feature("input in the middle of a task", form)
    await run.feature("several questions at once", several)
    await run.feature("input before the task", before)
    await run.feature("a task that waits for input", observed)


async def control(run: Run, host: Host, over_http: bool) -> None:
    async def state() -> None:
        task = await host.start("slow_compute", seconds=60)
        equal((task.create_result.status, task.create_result.poll_interval_ms), ("working", 100), "the created task")
        status = await task.status()
        equal((status.task_id, status.status), (task.task_id, "working"), "state")
        await task.cancel()
        equal((await task.wait(timeout=10)).status, "cancelled", "state after the cancellation")
        includes(await fails(task.result(), "the result"), "was cancelled", "error")
        # A task that has ended can be cancelled again.
        await task.cancel()

    async def unknown() -> None:
        task = await host.start("slow_compute", seconds=0)
        equal((await task.wait(timeout=10)).status, "completed", "state")
        if over_http:
            check(host.unnamed > 0, "FastMCP sends Mcp-Name now; remove what this script does about it")
            host.adds_names = False
            await refused(task.status(), -32020, "a request without Mcp-Name")
            host.adds_names = True
        task.create_result.task_id = "unknown"
        await refused(task.status(), -32602, "the state of an unknown task")

    await run.feature("state and cancellation", state)
    await run.feature("requests that name no task, or an unknown one", unknown)


if __name__ == "__main__":
    finish(drive, command_line(__doc__))
