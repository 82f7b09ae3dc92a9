// Client of the TypeScript SDK 2.4.0 that logs in to a protected server: see "Authorization" in ../FIXTURE.md.
//
//     node client-login.mjs [--mode auto|legacy|2026-07-28] [--timeout-ms N] --url URL
//
// The environment variable ISSUER has the issuer of the tokens.
import { Client, ClientCredentialsProvider, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';

import { Run, check, commandLine, equal } from './harness.mjs';

const options = commandLine(['auto', 'legacy', '2026-07-28']);
const run = new Run(options.deadline);
// Nothing listens there: the browser stops before it.
const CALLBACK = 'http://127.0.0.1:1/callback';

/** A browser without a user: it follows redirects to the client and keeps cookies. Returns the parameters for the client. */
async function visit(url) {
    const cookies = new Map();
    let next = url;
    for (let pages = 0; pages < 16; pages += 1) {
        const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
        const response = await fetch(next, { redirect: 'manual', headers: cookie ? { cookie } : {} });
        for (const line of response.headers.getSetCookie()) {
            const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
            cookies.set(name, value);
        }
        const location = response.headers.get('location');
        check(location !== null, `${next} answered ${response.status} without a redirect: ${await response.text()}`);
        next = new URL(location, next);
        if (next.href.startsWith(CALLBACK)) return next.searchParams;
    }
    throw new Error(`${url} redirects more than 16 times`);
}

/** A client that a user logs in with, which keeps everything in memory. */
class User {
    redirectUrl = CALLBACK;
    clientMetadata = { client_name: 'typescript-sdk', redirect_uris: [CALLBACK], application_type: 'native', token_endpoint_auth_method: 'none' };
    visited = [];
    #kept = {};

    clientInformation() { return this.#kept.client; }
    saveClientInformation(client) { this.#kept.client = client; }
    tokens() { return this.#kept.tokens; }
    saveTokens(tokens) { this.#kept.tokens = tokens; }
    codeVerifier() { return this.#kept.verifier; }
    saveCodeVerifier(verifier) { this.#kept.verifier = verifier; }
    saveDiscoveryState(state) { this.#kept.discovery = state; }
    discoveryState() { return this.#kept.discovery; }
    redirectToAuthorization(url) { this.visited.push(url); }
}

function transportFor(authProvider) {
    return new StreamableHTTPClientTransport(new URL(options.url), { authProvider });
}

async function connect(transport) {
    const mode = ['auto', 'legacy'].includes(options.mode) ? options.mode : { pin: options.mode };
    const client = new Client({ name: 'typescript-sdk', version: '2.4.0' }, { versionNegotiation: { mode } });
    await client.connect(transport);
    return client;
}

/** Runs what must fail until the user has logged in, and lets the user do so. */
async function logIn(user, transport, attempt) {
    const before = user.visited.length;
    let failure;
    try {
        await attempt();
    } catch (error) {
        failure = error;
    }
    const isUnauthorized = error => error instanceof UnauthorizedError || (error?.cause !== undefined && isUnauthorized(error.cause));
    check(isUnauthorized(failure), `expected UnauthorizedError, got ${failure?.stack ?? failure}`);
    equal(user.visited.length, before + 1, 'visits');
    await transport.finishAuth(await visit(user.visited.at(-1)));
}

async function text(client, name) {
    const { content, isError } = await client.callTool({ name, arguments: {} });
    check(!isError, `${name}: ${content[0].text}`);
    return content[0].text;
}

await run.feature('client_credentials', async () => {
    const service = new ClientCredentialsProvider({ clientId: 'service', clientSecret: 'service-secret', scope: 'files:read', expectedIssuer: process.env.ISSUER });
    const client = await connect(transportFor(service));
    equal(await text(client, 'read'), 'read', 'read');
    await client.close();
});

const user = new User();
let client;
let transport;
await run.feature('authorization_code', async () => {
    const first = transportFor(user);
    await logIn(user, first, () => connect(first));
    check(user.visited[0].searchParams.get('code_challenge_method') === 'S256', 'PKCE is used');
    equal(user.visited[0].searchParams.get('resource'), options.url, 'resource');
    transport = transportFor(user);
    client = await connect(transport);
    equal(await text(client, 'whoami'), 'ada with files:read', 'whoami');
});

await run.feature('step_up', async () => {
    await logIn(user, transport, () => text(client, 'write'));
    equal(await text(client, 'write'), 'written', 'write');
    equal(await text(client, 'whoami'), 'ada with files:read files:write', 'whoami');
    await client.close();
});

run.done();
