"""The SDKs of model providers convert the tools of a server, and call them in the form of the result.

    host_tools.py openai|gemini|claude|claude-strict COMMAND ARGS...

It runs with hosts/.venv, and needs neither a key nor a network: only the converters of the SDKs run, and the calls
that a model would make are generated from the schemas that they return.

- openai: `MCPUtil.to_function_tool` of openai-agents 0.24.0, with `convert_schemas_to_strict`
- gemini: `mcp_to_gemini_tool` of google-genai 3.6.1
- claude: `async_mcp_tool` of anthropic 2.14.0; claude-strict also `transform_schema`, its strict form
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Awaitable, Callable
from typing import Any

# No trace leaves the process.
os.environ["OPENAI_AGENTS_DISABLE_TRACING"] = "1"

import anyio
from jsonschema import Draft202012Validator

Schema = dict[str, Any]
Call = Callable[[str, dict[str, Any]], Awaitable[tuple[bool, str]]]

# Calls whose members depend on each other, and what the tool returns: in all dialects, and in the two with entries.
PLACE = {"latitude": 1.5, "longitude": 2.5, "label": None}
WRITTEN = {
    "constraints": {
        "code": "abc", "even": 4, "positive": 0.5, "items": ["a", "b"], "link": "https://example.com/", "at": None,
    },
    "shape": {"kind": "circle", "center": PLACE, "radius": None},
    "flattened": {"name": "a", "kind": "line", "from": PLACE, "to": PLACE},
    "defaults": {"limit": 3, "tags": ["a"], "nested": {"depth": 1, "unit": "celsius"}},
}
DIALECT = {
    "shape": {"kind": "circle", "center": PLACE, "radius": None, "from": None, "to": None},
    "flattened": {"name": "a", "kind": "line", "from": PLACE, "to": PLACE, "center": None, "radius": None},
    "defaults": {"limit": None, "tags": None, "nested": {"depth": None, "unit": None}},
    "maps": {
        "counts": [{"key": "a", "value": None}, {"key": "b", "value": 2}],
        "places": [{"key": "home", "value": PLACE}],
        "by_number": [{"key": "7", "value": "seven"}],
        "anything": [{"key": "x", "value": "[1, null]"}],
    },
    "untyped": {"value": "{\"a\": [1]}", "maybe": None},
}
RETURNED = {
    "shape": {"kind": "circle", "center": PLACE, "radius": None},
    "flattened": {"name": "a", "kind": "line", "from": PLACE, "to": PLACE},
    "defaults": {"limit": 10, "tags": [], "nested": {"depth": 0, "unit": None}},
    "maps": {
        "counts": {"a": None, "b": 2}, "places": {"home": PLACE}, "by_number": {"7": "seven"},
        "anything": {"x": [1, None]},
    },
    "untyped": {"value": {"a": [1]}, "maybe": None},
}


class Failure(Exception):
    """The converter refused a tool, or the server a call."""


def check(condition: object, message: str) -> None:
    if not condition:
        raise Failure(message)


def member(schema: Schema, *names: str) -> Any:
    return next((schema[name] for name in names if schema.get(name) is not None), None)


def sample(schema: Schema, root: Schema, turn: int) -> Any:
    """Generates a value of a schema. Each turn takes other alternatives."""
    if "$ref" in schema:
        target: Any = root
        for part in schema["$ref"].removeprefix("#").split("/")[1:]:
            target = target[part]
        return sample(target, root, turn)
    types = schema.get("type")
    types = [types] if isinstance(types, str) else list(types or [])
    types = [str(name).rsplit(".", 1)[-1].lower() for name in types]
    if (schema.get("nullable") or "null" in types) and (turn % 2 or types == ["null"]):
        return None
    alternatives = member(schema, "anyOf", "any_of", "oneOf")
    if alternatives:
        return sample(alternatives[turn % len(alternatives)], root, turn)
    values = schema.get("enum")
    if values:
        return values[turn % len(values)]
    if "const" in schema:
        return schema["const"]
    kind = next((name for name in types if name != "null"), None)
    check(kind, f"a schema without a type: {schema}")
    if kind == "object":
        properties = schema.get("properties") or {}
        return {name: sample(inner, root, turn) for name, inner in properties.items()}
    if kind == "array":
        items = schema.get("items")
        check(items, f"a list without items: {schema}")
        # The items of a tuple are alternatives in its order, and their number is in the description.
        text = schema.get("description") or ""
        count = len(re.findall(r"\b\d+\. ", text)) if "in this order" in text else 0
        inner = member(items, "anyOf", "any_of") if count else None
        return [sample(inner[index] if inner else items, root, turn) for index in range(count or 1)]
    if kind == "string":
        if "contains JSON" in (schema.get("description") or ""):
            return '{"a": [1, null]}'
        return "7" if "\\d" in (schema.get("pattern") or "") else "abc"
    if kind == "integer":
        return 2
    if kind == "number":
        return 1.5
    return True


async def calls(host: str, tools: dict[str, Schema], call: Call) -> int:
    """Calls each tool in the form of its schema, and compares what it returns."""
    explicit = {**WRITTEN, **({} if host == "claude" else DIALECT)}
    count = 0
    for name, schema in tools.items():
        fixed = explicit.get(name)
        generated = [sample(schema, schema, turn) for turn in range(4)]
        for arguments in [fixed] if fixed else generated:
            failed, text = await call(name, arguments)
            check(not failed, f"{name} refused {json.dumps(arguments)}: {text}")
            count += 1
            expected = None if host == "claude" else RETURNED.get(name)
            if expected is not None:
                check(json.loads(text) == expected, f"{name} returned {text}")
    return count


async def openai(command: list[str]) -> tuple[int, int]:
    from agents.mcp import MCPServerStdio, MCPUtil
    from agents.tool_context import ToolContext

    params = {"command": command[0], "args": command[1:]}
    async with MCPServerStdio(params=params, client_session_timeout_seconds=30) as server:
        listed = await server.list_tools()
        converted = {tool.name: MCPUtil.to_function_tool(tool, server, True) for tool in listed}
        for tool in listed:
            function = converted[tool.name]
            check(function.strict_json_schema, f"{tool.name} is not strict")
            check(function.params_json_schema == tool.input_schema, f"{tool.name} was changed for strict mode")

        async def call(name: str, arguments: dict[str, Any]) -> tuple[bool, str]:
            result = await server.call_tool(name, arguments)
            return outcome(result)

        # The function itself: the path that an agent takes.
        context = ToolContext(context=None, tool_name="nothing", tool_call_id="1", tool_arguments="{}")
        said = await converted["nothing"].on_invoke_tool(context, "{}")
        check("nothing" in str(said), f"nothing returned {said!r}")
        schemas = {name: function.params_json_schema for name, function in converted.items()}
        return len(schemas), await calls("openai", schemas, call)


async def with_client(command: list[str], body: Callable[[Any, list[Any]], Awaitable[tuple[int, int]]]) -> tuple[int, int]:
    from mcp import ClientSession, StdioServerParameters
    from mcp.client.stdio import stdio_client

    params = StdioServerParameters(command=command[0], args=command[1:])
    async with stdio_client(params) as (read, write), ClientSession(read, write) as session:
        await session.initialize()
        return await body(session, (await session.list_tools()).tools)


async def gemini(command: list[str]) -> tuple[int, int]:
    from google.genai._mcp_utils import mcp_to_gemini_tool

    def complete(schema: Schema, place: str) -> None:
        """What the API requires and the converter does not check."""
        alternatives = schema.get("any_of") or []
        check(schema.get("type") or alternatives, f"{place} has no type")
        kind = str(schema.get("type") or "").rsplit(".", 1)[-1].lower()
        check(kind != "object" or schema.get("properties") or "/" not in place, f"{place} has no properties")
        check(kind != "array" or schema.get("items"), f"{place} has no items")
        for name, inner in (schema.get("properties") or {}).items():
            complete(inner, f"{place}/{name}")
        for inner in [*alternatives, *filter(None, [schema.get("items")])]:
            complete(inner, f"{place}/")

    async def body(session: Any, listed: list[Any]) -> tuple[int, int]:
        schemas: dict[str, Schema] = {}
        for tool in listed:
            try:
                declaration = mcp_to_gemini_tool(tool).function_declarations[0]
            except Exception as error:
                raise Failure(f"{tool.name} is not converted: {error!r}") from error
            schemas[tool.name] = declaration.parameters.model_dump(exclude_none=True, mode="json")
            complete(schemas[tool.name], tool.name)

        async def call(name: str, arguments: dict[str, Any]) -> tuple[bool, str]:
            return outcome(await session.call_tool(name, arguments))

        return len(schemas), await calls("gemini", schemas, call)

    return await with_client(command, body)


async def claude(command: list[str], strict: bool) -> tuple[int, int]:
    from anthropic import transform_schema
    from anthropic.lib.tools.mcp import async_mcp_tool

    async def body(session: Any, listed: list[Any]) -> tuple[int, int]:
        schemas: dict[str, Schema] = {}
        for tool in listed:
            definition = async_mcp_tool(tool, session, strict=strict or None).to_dict()
            schema = definition["input_schema"]
            Draft202012Validator.check_schema(schema)
            check(schema == tool.input_schema, f"{tool.name} was changed")
            if strict:
                try:
                    schema = transform_schema(schema)
                except Exception as error:
                    raise Failure(f"{tool.name} is not converted: {error!r}") from error
                check(not {"anyOf", "oneOf", "allOf"} & schema.keys(), f"{tool.name} has alternatives at the root")
            schemas[tool.name] = schema

        async def call(name: str, arguments: dict[str, Any]) -> tuple[bool, str]:
            return outcome(await session.call_tool(name, arguments))

        if strict:
            return len(schemas), await calls("claude-strict", schemas, call)
        # As written, maps and tuples have no generator here; the server is called in their form elsewhere.
        plain = {name: schemas[name] for name in ["nothing", "nested", "enums", *WRITTEN]}
        return len(schemas), await calls("claude", plain, call)

    return await with_client(command, body)


def outcome(result: Any) -> tuple[bool, str]:
    return bool(result.is_error), next((block.text for block in result.content if block.type == "text"), "")


async def main() -> None:
    host, *command = sys.argv[1:]
    with anyio.fail_after(120):
        if host == "openai":
            tools, count = await openai(command)
        elif host == "gemini":
            tools, count = await gemini(command)
        else:
            tools, count = await claude(command, strict=host == "claude-strict")
    print(f"{tools} tools accepted, {count} calls understood")


def first(raised: BaseException) -> BaseException:
    while isinstance(raised, BaseExceptionGroup):
        raised = raised.exceptions[0]
    return raised


if __name__ == "__main__":
    try:
        anyio.run(main)
    except BaseException as raised:
        cause = first(raised)
        if not isinstance(cause, Failure):
            raise
        sys.exit(f"not accepted: {cause}")
