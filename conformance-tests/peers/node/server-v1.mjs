// Server of the TypeScript SDK 1.32.2 for the tests of the Rust client: sessions over Streamable HTTP.
//
//     node server-v1.mjs [--json] [--stateless]
//
// ../FIXTURE.md documents its features. `--json` answers with JSON instead of streams, `--stateless` has no sessions.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';

import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { z } from 'zod';

import { Events } from './listening.mjs';

const flag = { type: 'boolean', default: false };
const { values: options } = parseArgs({ options: { json: flag, stateless: flag } });
const text = value => ({ content: [{ type: 'text', text: value }] });

function server() {
    const mcp = new McpServer({ name: 'typescript-server-v1', version: '1.32.2' });
    const tool = (name, inputSchema, run) => mcp.registerTool(name, { description: name, inputSchema }, run);
    tool('echo', { message: z.string() }, ({ message }) => text(message));
    tool('progress', { steps: z.number() }, async ({ steps }, { _meta, sendNotification }) => {
        for (let progress = 1; progress <= steps; progress += 1) {
            const params = { progressToken: _meta?.progressToken, progress, total: steps };
            if (_meta?.progressToken !== undefined) await sendNotification({ method: 'notifications/progress', params });
        }
        return text(`${steps} steps`);
    });
    tool('ask', { question: z.string() }, async ({ question: message }, { sendRequest }) => {
        const requestedSchema = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] };
        const params = { mode: 'form', message, requestedSchema };
        const { content } = await sendRequest({ method: 'elicitation/create', params }, z.any());
        return text(`Hello, ${content.name}!`);
    });
    // Not related to the call, so the request is sent on the stream of the session. Some servers do this.
    tool('ask_unrelated', { question: z.string() }, async ({ question: message }) => {
        const requestedSchema = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] };
        const { content } = await mcp.server.elicitInput({ message, requestedSchema });
        return text(`Hello, ${content.name}!`);
    });
    tool('cut', {}, async (_, { closeSSEStream, sendNotification, _meta }) => {
        if (closeSSEStream === undefined) return text('not cut');
        closeSSEStream();
        const params = { progressToken: _meta?.progressToken, progress: 1 };
        await sendNotification({ method: 'notifications/progress', params });
        return text('resumed');
    });
    return mcp;
}

const sessions = new Map();

async function session(id) {
    const known = sessions.get(id);
    if (known !== undefined) return known;
    const transport = new StreamableHTTPServerTransport({
        sessionIdGenerator: options.stateless ? undefined : randomUUID,
        enableJsonResponse: options.json,
        eventStore: options.stateless ? undefined : new Events(),
        retryInterval: 10,
        onsessioninitialized: id => sessions.set(id, transport),
        onsessionclosed: id => sessions.delete(id)
    });
    await server().connect(transport);
    return transport;
}

createServer(async (request, response) => {
    const id = request.headers['mcp-session-id'];
    if (id !== undefined && !sessions.has(id)) {
        response.writeHead(404).end();
        return;
    }
    await (await session(id)).handleRequest(request, response);
}).listen();
