"""Client of the Python SDK 2.3.0 that logs in to a protected server: see "Authorization" in ../FIXTURE.md.

    client_login.py [--mode auto|legacy|2026-07-28] [--timeout-ms N] --url URL

The environment variable ISSUER has the issuer of the tokens.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx2
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.auth.extensions.client_credentials import ClientCredentialsOAuthProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientInformationFull, OAuthClientMetadata, OAuthToken

from harness import Run, check, command_line, equal, finish, text_of

# Nothing listens there: the browser stops before it.
CALLBACK = "http://127.0.0.1:1/callback"


class Memory:
    """Keeps the registration and the tokens of a client."""

    def __init__(self) -> None:
        self.tokens: OAuthToken | None = None
        self.client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


class Browser:
    """A browser without a user: it follows redirects to the client and keeps cookies."""

    def __init__(self) -> None:
        self.visited: list[dict[str, list[str]]] = []
        self.returned = ""

    async def visit(self, url: str) -> None:
        self.visited.append(parse_qs(urlsplit(url).query))
        async with httpx2.AsyncClient() as client:
            for _ in range(16):
                response = await client.get(url)
                check(response.has_redirect_location, f"{url} answered {response.status_code}: {response.text}")
                url = urljoin(url, response.headers["location"])
                if url.startswith(CALLBACK):
                    self.returned = url
                    return
        check(False, "more than 16 redirects")

    async def callback(self) -> AuthorizationCodeResult:
        check("code=" in self.returned, f"the client got no code: {self.returned}")
        found = {name: values[0] for name, values in parse_qs(urlsplit(self.returned).query).items()}
        return AuthorizationCodeResult(code=found["code"], state=found.get("state"), iss=found.get("iss"))


@asynccontextmanager
async def connected(url: str, mode: str, auth: httpx2.Auth) -> AsyncGenerator[Client]:
    async with httpx2.AsyncClient(auth=auth, timeout=30) as http:
        async with Client(streamable_http_client(url, http_client=http), mode=mode) as client:
            yield client


async def text(client: Client, name: str) -> str | None:
    result = await client.call_tool(name, {})
    check(not result.is_error, f"{name}: {text_of(result)}")
    return text_of(result)


async def drive(run: Run, options: argparse.Namespace) -> None:
    url, mode = options.url, options.mode

    async def service() -> None:
        auth = ClientCredentialsOAuthProvider(
            url, Memory(), "service", "service-secret", scope="files:read", issuer=os.environ["ISSUER"]
        )
        async with connected(url, mode, auth) as client:
            equal(await text(client, "read"), "read", "read")

    async def log_in() -> None:
        equal(await text(client, "whoami"), "ada with files:read", "whoami")
        equal(len(browser.visited), 1, "visits")
        equal(browser.visited[0]["code_challenge_method"], ["S256"], "PKCE")
        equal(browser.visited[0]["resource"], [url], "resource")

    async def step_up() -> None:
        equal(await text(client, "write"), "written", "write")
        equal(len(browser.visited), 2, "visits")
        equal(await text(client, "whoami"), "ada with files:read files:write", "whoami")

    await run.feature("client_credentials", service)
    browser = Browser()
    metadata = OAuthClientMetadata(
        client_name="python-sdk", redirect_uris=[CALLBACK], token_endpoint_auth_method="none", application_type="native"
    )
    user = OAuthClientProvider(url, metadata, Memory(), browser.visit, browser.callback)
    async with connected(url, mode, user) as client:
        await run.feature("authorization_code", log_in)
        await run.feature("step_up", step_up)


if __name__ == "__main__":
    finish(drive, command_line(__doc__))
