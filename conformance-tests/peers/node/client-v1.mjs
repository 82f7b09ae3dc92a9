// Client of the TypeScript SDK 1.32.2 (2025-11-25 and older) against the fixture of ../FIXTURE.md.
//
//     node client-v1.mjs [--timeout-ms N] (--url URL | -- COMMAND ARGS…)
//
// A URL that ends in /sse selects HTTP+SSE, the transport of 2024-11-05.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
    CallToolResultSchema,
    CreateMessageRequestSchema,
    ElicitRequestSchema,
    ListRootsRequestSchema
} from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';

import { drive } from './features.mjs';
import { Run, commandLine } from './harness.mjs';

const options = commandLine(['legacy']);
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

async function open({ handlers }) {
    const client = new Client(
        { name: 'typescript-sdk-v1', version: '1.32.2' },
        {
            capabilities: {
                ...(handlers.elicit && { elicitation: { form: {}, url: {} } }),
                ...(handlers.sample && { sampling: {} }),
                ...(handlers.roots && { roots: { listChanged: true } })
            }
        }
    );
    if (handlers.elicit) client.setRequestHandler(ElicitRequestSchema, ({ params }) => handlers.elicit(params));
    if (handlers.sample) client.setRequestHandler(CreateMessageRequestSchema, ({ params }) => handlers.sample(params));
    if (handlers.roots) client.setRequestHandler(ListRootsRequestSchema, () => handlers.roots());
    const notifications = [];
    client.fallbackNotificationHandler = async notification => void notifications.push(notification);

    const wire = [];
    const { transport, posted } = transportTo(options);
    const send = transport.send.bind(transport);
    transport.send = (message, sendOptions) => {
        wire.push({ sent: true, message });
        return send(message, sendOptions);
    };
    // The client also receives the answer to `initialize` through this property, so it is replaced before the start.
    let deliver;
    Object.defineProperty(transport, 'onmessage', {
        get: () => deliver,
        set: handler => {
            deliver = (message, extra) => {
                wire.push({ sent: false, message });
                handler(message, extra);
            };
        }
    });
    await client.connect(transport);
    const { protocolVersion: revision } = wire.find(({ message }) => message.result?.protocolVersion).message.result;

    const all = async (list, key) => {
        const items = [];
        let cursor;
        do {
            const page = await list(cursor === undefined ? undefined : { cursor });
            items.push(...page[key]);
            cursor = page.nextCursor;
        } while (cursor !== undefined);
        return items;
    };
    return {
        era: 'legacy',
        revision,
        serverInfo: client.getServerVersion(),
        capabilities: client.getServerCapabilities(),
        instructions: client.getInstructions(),
        notifications,
        wire,
        posted,
        ping: () => client.ping(),
        tools: () => all(params => client.listTools(params), 'tools'),
        call: (name, args, { meta, ...rest } = {}) =>
            client.callTool({ name, arguments: args, ...(meta && { _meta: meta }) }, CallToolResultSchema, rest),
        prompts: () => all(params => client.listPrompts(params), 'prompts'),
        prompt: (name, args) => client.getPrompt({ name, arguments: args }),
        resources: () => all(params => client.listResources(params), 'resources'),
        templates: () => all(params => client.listResourceTemplates(params), 'resourceTemplates'),
        read: uri => client.readResource({ uri }),
        complete: (ref, argument, context) => client.complete({ ref, argument, ...(context && { context: { arguments: context } }) }),
        setLevel: level => client.setLoggingLevel(level),
        subscribe: uri => client.subscribeResource({ uri }),
        unsubscribe: uri => client.unsubscribeResource({ uri }),
        rootsChanged: () => client.sendRootsListChanged(),
        raw: (method, params) => client.request({ method, params }, z.looseObject({})),
        close: () => client.close()
    };
}

await drive(run, open, options);
run.done();
