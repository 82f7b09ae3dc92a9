// Client of the TypeScript SDK 2.4.0 against the fixture of ../FIXTURE.md, in either era.
//
//     node client-v2.mjs [--mode auto|legacy|2026-07-28|2024-11-05|…] [--input] [--timeout-ms N] (--url URL | -- COMMAND ARGS…)
//
// `auto` probes with server/discover and falls back to initialize. `legacy` is initialize with 2025-11-25. A date
// selects that revision: 2026-07-28 through the probe, an older one through initialize.
//
// A URL that ends in /sse selects HTTP+SSE, the transport of 2024-11-05.
import { Client, SSEClientTransport, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { z } from 'zod';

import { drive } from './features.mjs';
import { Run, check, commandLine } from './harness.mjs';

const LEGACY = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'];
const options = commandLine(['auto', 'legacy', '2026-07-28', ...LEGACY]);
const run = new Run(options.deadline);

/** Creates a transport, and over HTTP a list of the messages that it posts. */
function transportTo({ url, command, args }) {
    if (url === undefined) return { transport: new StdioClientTransport({ command, args }) };
    const posted = [];
    const tap = (input, init) => {
        if (init?.method === 'POST') posted.push(JSON.parse(init.body));
        return fetch(input, init);
    };
    const Transport = url.endsWith('/sse') ? SSEClientTransport : StreamableHTTPClientTransport;
    return { transport: new Transport(new URL(url), { fetch: tap }), posted };
}

/** The SDK parses the JSON-RPC error of a 400 response only. That of a 404 (an unknown method) is text. */
function readError(error) {
    if (error.status !== 404) throw error;
    throw JSON.parse(error.data.text).error;
}

/** Returns the options of a client for `mode`. */
function negotiation(mode) {
    if (LEGACY.includes(mode)) return { supportedProtocolVersions: [mode] };
    if (mode === 'legacy' || mode === 'auto') return { versionNegotiation: { mode } };
    return { versionNegotiation: { mode: { pin: mode } } };
}

async function open({ handlers }) {
    const client = new Client(
        { name: 'typescript-sdk-v2', version: '2.4.0' },
        {
            ...negotiation(options.mode),
            capabilities: {
                ...(handlers.elicit && { elicitation: { form: {}, url: {} } }),
                ...(handlers.sample && { sampling: {} }),
                ...(handlers.roots && { roots: { listChanged: true } })
            }
        }
    );
    if (handlers.elicit) client.setRequestHandler('elicitation/create', ({ params }) => handlers.elicit(params));
    if (handlers.sample) client.setRequestHandler('sampling/createMessage', ({ params }) => handlers.sample(params));
    if (handlers.roots) client.setRequestHandler('roots/list', () => handlers.roots());
    const notifications = [];
    client.fallbackNotificationHandler = async notification => void notifications.push(notification);

    const wire = [];
    const { transport, posted } = transportTo(options);
    const send = transport.send.bind(transport);
    transport.send = (message, sendOptions) => {
        wire.push({ sent: true, message });
        return send(message, sendOptions);
    };
    await client.connect(transport);
    const deliver = transport.onmessage;
    transport.onmessage = (message, extra) => {
        wire.push({ sent: false, message });
        deliver(message, extra);
    };

    const fresh = { cacheMode: 'refresh' };
    const era = client.getProtocolEra();
    const revision = client.getNegotiatedProtocolVersion();
    const want = options.mode === 'legacy' ? '2025-11-25' : options.mode === 'auto' ? '2026-07-28' : options.mode;
    check(revision === want, `mode ${options.mode} came to ${revision}`);
    return {
        era,
        revision,
        serverInfo: client.getServerVersion(),
        capabilities: client.getServerCapabilities(),
        instructions: client.getInstructions(),
        notifications,
        wire,
        posted,
        ping: () => client.ping(),
        tools: async () => (await client.listTools(undefined, fresh)).tools,
        call: (name, args, { meta, ...rest } = {}) => client.callTool({ name, arguments: args, ...(meta && { _meta: meta }) }, rest),
        prompts: async () => (await client.listPrompts(undefined, fresh)).prompts,
        prompt: (name, args) => client.getPrompt({ name, arguments: args }),
        resources: async () => (await client.listResources(undefined, fresh)).resources,
        templates: async () => (await client.listResourceTemplates(undefined, fresh)).resourceTemplates,
        read: uri => client.readResource({ uri }, fresh),
        complete: (ref, argument, context) => client.complete({ ref, argument, ...(context && { context: { arguments: context } }) }),
        setLevel: level => client.setLoggingLevel(level),
        subscribe: uri => client.subscribeResource({ uri }),
        unsubscribe: uri => client.unsubscribeResource({ uri }),
        rootsChanged: () => client.sendRootsListChanged(),
        listen: async filter => {
            const subscription = await client.listen(filter);
            return { honored: subscription.honoredFilter, closed: subscription.closed, close: () => subscription.close() };
        },
        raw: (method, params) => client.request({ method, params }, z.looseObject({}), { allowInputRequired: true }).catch(readError),
        close: () => client.close()
    };
}

await drive(run, open, options);
run.done();
