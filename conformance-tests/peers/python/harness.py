"""Shared by the client scripts: the command line, the run of the features, and the summary."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import traceback
import warnings
from collections.abc import Awaitable, Callable

import anyio
import httpx2
import mcp_types as types
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.shared.exceptions import MCPDeprecationWarning, MCPError

TOOLS = """
test_simple_text test_image_content test_audio_content test_embedded_resource test_multiple_content_types
test_tool_with_logging test_tool_with_progress test_reconnection test_error_handling test_sampling test_elicitation
test_elicitation_sep1034_defaults test_elicitation_sep1330_enums json_schema_2020_12_tool test_missing_capability
test_logging_tool test_trigger_tool_change test_trigger_prompt_change add divide slow cancelled_count list_roots
toggle_tool touch_resource visit_url
""".split()


class Failure(Exception):
    """A failed assertion."""


def check(condition: object, message: str) -> None:
    if not condition:
        raise Failure(message)


def equal(got: object, want: object, what: str) -> None:
    check(got == want, f"{what}: expected {want!r}, got {got!r}")


def includes(text: str | None, part: str, what: str) -> None:
    check(text is not None and part in text, f"{what}: expected a text with {part!r}, got {text!r}")


async def until(condition: Callable[[], bool | Awaitable[bool]], what: str, seconds: float = 5) -> None:
    end = time.monotonic() + seconds
    while True:
        held = condition()
        if held if isinstance(held, bool) else await held:
            return
        check(time.monotonic() < end, f"{what}: still not so after {seconds} s")
        await anyio.sleep(0.01)


async def refused(call: Awaitable[object], code: int, what: str) -> MCPError:
    try:
        result = await call
    except MCPError as error:
        check(error.code == code, f"{what}: expected error {code}, got {error.code}: {error.message}")
        return error
    raise Failure(f"{what}: expected error {code}, got the result {result!r}")


def text_of(result: types.CallToolResult) -> str | None:
    return next((block.text for block in result.content if block.type == "text"), None)


class Posts:
    """The methods of the messages that a client posts over HTTP."""

    def __init__(self) -> None:
        self.methods: list[str | None] = []

    async def note(self, request: httpx2.Request) -> None:
        if request.method == "POST":
            self.methods.append(json.loads(request.content).get("method"))

    def client(self, **options: object) -> httpx2.AsyncClient:
        """Creates an HTTP client as the SDK does, and records its requests."""
        client = create_mcp_http_client(**options)
        client.event_hooks["request"].append(self.note)
        return client


class Run:
    """Runs features one after the other. The first failure ends the run."""

    def __init__(self) -> None:
        self.passed = 0
        self.current = "start"

    async def feature(self, name: str, body: Callable[[], Awaitable[None]]) -> None:
        self.current = name
        await body()
        self.passed += 1
        print(f"ok {name}", flush=True)


def reason(raised: BaseException) -> BaseException:
    """Returns the exception that the exception groups of task groups contain."""
    while isinstance(raised, BaseExceptionGroup):
        raised = next((one for one in raised.exceptions if isinstance(one, Failure)), raised.exceptions[0])
    return raised


def command_line(description: str) -> argparse.Namespace:
    """`[--mode M] [--input] [--timeout-ms N] (--url URL | -- COMMAND ARGS...)`."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mode", default="auto", choices=["auto", "legacy", "2026-07-28"])
    parser.add_argument("--input", action="store_true", help="also drive input_required results (2026)")
    parser.add_argument("--url", help="a Streamable HTTP server instead of a command")
    parser.add_argument("--timeout-ms", type=int, default=60_000)
    parser.add_argument("command", nargs="*")
    options = parser.parse_args()
    if bool(options.url) == bool(options.command):
        parser.error("give either --url or a command after --")
    return options


def finish(drive: Callable[[Run, argparse.Namespace], Awaitable[None]], options: argparse.Namespace) -> None:
    """Runs `drive` with a timeout and prints the outcome."""
    warnings.simplefilter("ignore", MCPDeprecationWarning)
    run = Run()

    async def bounded() -> None:
        with anyio.fail_after(options.timeout_ms / 1000):
            await drive(run, options)

    try:
        anyio.run(bounded)
    except BaseException as raised:
        cause = reason(raised)
        shown = str(cause) if isinstance(cause, Failure) else repr(cause)
        print(f"not ok {run.current}: {shown}")
        print(f"{run.passed} passed, 1 failed", flush=True)
        if not isinstance(cause, Failure):
            traceback.print_exception(raised, file=sys.stderr)
        os._exit(1)
    print(f"{run.passed} passed, 0 failed", flush=True)
