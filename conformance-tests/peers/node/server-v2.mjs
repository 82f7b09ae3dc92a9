// Server of the TypeScript SDK 2.4.0 for the tests of the Rust client: the high-level API, both eras on stdio and HTTP.
//
//     node server-v2.mjs [--probe exit|silent | --http] [--modern-only]
//
// ../FIXTURE.md documents its features. `--probe exit` exits on server/discover, as servers of older SDKs do, and
// `--probe silent` never answers it; both serve the legacy era only. `--modern-only` rejects initialize.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';

import { NodeStreamableHTTPServerTransport, toNodeHandler, toWebRequest } from '@modelcontextprotocol/node';
import {
    McpServer,
    ResourceTemplate,
    completable,
    createMcpHandler,
    inputRequired,
    inputResponse,
    isLegacyRequest
} from '@modelcontextprotocol/server';
import { serveStdio, StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';

const flag = { type: 'boolean', default: false };
const { values: options } = parseArgs({ options: { probe: { type: 'string' }, http: flag, 'modern-only': flag } });
const text = value => ({ content: [{ type: 'text', text: value }] });
let cancelled = 0;
// Over HTTP each modern request has its own instance, which notifies the others through the bus of the handler.
let hasExtra = false;
let bus;

function server({ era }) {
    const mcp = new McpServer(
        { name: 'typescript-server', version: '2.4.0', title: 'TypeScript server' },
        {
            capabilities: { logging: {}, resources: { subscribe: true, listChanged: true } },
            instructions: 'A server of the TypeScript SDK, for the tests of other clients.',
            cacheHints: { 'tools/list': { ttlMs: 60_000, cacheScope: 'public' } }
        }
    );
    const tool = (name, description, inputSchema, run, more) =>
        mcp.registerTool(name, { description, inputSchema: z.object(inputSchema), ...more }, run);
    const ask = (key, request, finish) => (args, ctx) => {
        const answers = ctx.mcpReq.inputResponses ?? {};
        if (inputResponse(answers, key).kind === 'missing') return inputRequired({ inputRequests: { [key]: request(args) } });
        return finish(answers[key]);
    };

    tool('echo', 'Answers what it gets.', { message: z.string() }, ({ message }) => text(message), {
        title: 'Echo',
        annotations: { readOnlyHint: true, openWorldHint: false }
    });
    tool(
        'add',
        'Adds two numbers.',
        { a: z.number(), b: z.number() },
        ({ a, b }) => ({ ...text(String(a + b)), structuredContent: { sum: a + b } }),
        { outputSchema: z.object({ sum: z.number() }) }
    );
    tool('words', 'Splits a text; the structured result is an array.', { text: z.string() }, args => ({
        content: [],
        structuredContent: args.text.split(' ')
    }), { outputSchema: z.array(z.string()) });
    tool('fail', 'Fails.', { message: z.string().optional() }, ({ message = 'as asked' }) => ({ ...text(`failed: ${message}`), isError: true }));
    tool('throw', 'Throws.', {}, () => {
        throw new Error('thrown on purpose');
    });
    tool('progress', 'Reports progress.', { steps: z.int().min(1).max(100) }, async ({ steps }, ctx) => {
        const progressToken = ctx.mcpReq._meta?.progressToken;
        for (let step = 1; step <= steps && progressToken !== undefined; step += 1) {
            const params = { progressToken, progress: step, total: steps, message: `step ${step} of ${steps}` };
            await ctx.mcpReq.notify({ method: 'notifications/progress', params });
        }
        return text(`${steps} steps`);
    });
    tool('slow', 'Sleeps, then answers.', { ms: z.int() }, ({ ms }, ctx) =>
        new Promise((resolve, reject) => {
            const timer = setTimeout(() => resolve(text(`slept ${ms} ms`)), ms);
            ctx.mcpReq.signal.addEventListener('abort', () => {
                clearTimeout(timer);
                cancelled += 1;
                reject(new Error('cancelled'));
            });
        })
    );
    tool('cancelled_count', 'Counts the calls of `slow` that were cancelled.', {}, () => text(String(cancelled)));
    tool('log', 'Logs one line at each of debug, info and error.', { line: z.string() }, async ({ line }, ctx) => {
        for (const level of ['debug', 'info', 'error']) await ctx.mcpReq.log(level, line, 'log-tool');
        return text('logged');
    });
    tool(
        'ask',
        'Asks the user for a name.',
        { question: z.string() },
        ask(
            'name',
            ({ question }) => inputRequired.elicit({ message: question, requestedSchema: z.object({ name: z.string() }) }),
            ({ action, content }) => text(action === 'accept' ? `Hello, ${content.name}!` : `No name: ${action}`)
        )
    );
    tool(
        'sample',
        'Asks the model of the client.',
        { prompt: z.string() },
        ask(
            'completion',
            ({ prompt }) =>
                inputRequired.createMessage({ messages: [{ role: 'user', content: { type: 'text', text: prompt } }], maxTokens: 50 }),
            ({ model, content }) => text(`${model}: ${[content].flat()[0].text}`)
        )
    );
    tool(
        'roots',
        'Lists the roots of the client.',
        {},
        ask('roots', () => inputRequired.listRoots(), ({ roots }) => text(roots.map(({ uri }) => uri).join('\n')))
    );
    tool('picture', 'Answers an image, a link and an embedded resource.', {}, () => ({
        content: [
            { type: 'image', data: 'iVBORw0KGgo=', mimeType: 'image/png' },
            { type: 'resource_link', uri: 'memo://one', name: 'memo', mimeType: 'text/plain' },
            { type: 'resource', resource: { uri: 'memo://one', mimeType: 'text/plain', text: 'One memo.' } }
        ]
    }));
    const extra = tool('extra', 'Is there while it is on.', {}, () => text('extra'));
    if (!hasExtra) extra.disable();
    tool('toggle', 'Turns the tool `extra` on or off.', { on: z.boolean() }, ({ on }) => {
        hasExtra = on;
        if (bus !== undefined && era === 'modern') bus.toolsChanged();
        else if (on) extra.enable();
        else extra.disable();
        return text(`extra is ${on ? 'on' : 'off'}`);
    });
    tool('touch', 'Announces that a resource has changed.', { uri: z.string() }, async ({ uri }) => {
        if (bus !== undefined && era === 'modern') bus.resourceUpdated(uri);
        else if (era === 'modern' || subscribed.has(uri)) await mcp.server.sendResourceUpdated({ uri });
        return text(`touched ${uri}`);
    });

    tool('cut', 'Closes its stream before it answers.', {}, async (_, ctx) => {
        if (ctx.http?.closeSSE === undefined) return text('not cut');
        ctx.http.closeSSE();
        return text('resumed');
    });

    const memo = { mimeType: 'text/plain', description: 'A memo.' };
    mcp.registerResource('memo', 'memo://one', memo, uri => ({ contents: [{ uri: uri.href, mimeType: 'text/plain', text: 'One memo.' }] }));
    mcp.registerResource('dot', 'memo://dot', { mimeType: 'image/png' }, uri => ({
        contents: [{ uri: uri.href, mimeType: 'image/png', blob: 'iVBORw0KGgo=' }]
    }));
    const notes = { first: 'The first note.', second: 'The second note.' };
    mcp.registerResource(
        'note',
        new ResourceTemplate('note://{id}', {
            list: () => ({ resources: Object.keys(notes).map(id => ({ uri: `note://${id}`, name: id })) }),
            complete: { id: value => Object.keys(notes).filter(id => id.startsWith(value)) }
        }),
        { mimeType: 'text/plain', description: 'A note by its id.' },
        (uri, { id }) => ({ contents: [{ uri: uri.href, mimeType: 'text/plain', text: notes[id] ?? `No note ${id}.` }] })
    );
    const subscribed = new Set();
    if (era === 'legacy') {
        mcp.server.setRequestHandler('resources/subscribe', ({ params }) => (subscribed.add(params.uri), {}));
        mcp.server.setRequestHandler('resources/unsubscribe', ({ params }) => (subscribed.delete(params.uri), {}));
    }

    const tones = ['calm', 'cheerful', 'stern'];
    mcp.registerPrompt(
        'greet',
        {
            title: 'Greeting',
            description: 'Greets somebody.',
            argsSchema: z.object({
                name: z.string().describe('who to greet'),
                tone: completable(z.string(), value => tones.filter(tone => tone.startsWith(value))).optional()
            })
        },
        ({ name, tone = 'calm' }) => ({
            description: 'A greeting',
            messages: [{ role: 'user', content: { type: 'text', text: `Greet ${name} in a ${tone} tone.` } }]
        })
    );
    return mcp;
}

/** A transport of a server that does not support the probe. */
class OldTransport extends StdioServerTransport {
    set onmessage(handler) {
        this.handler = message => {
            if (message.method !== 'server/discover') return handler(message);
            if (options.probe === 'exit') process.exit(1);
        };
    }

    get onmessage() {
        return this.handler;
    }
}

/** Both eras on one endpoint: sessions that can be resumed, and requests without a session. */
async function serveHttp() {
    const { Events } = await import('./listening.mjs');
    const onerror = error => console.error(error.message);
    const modern = createMcpHandler(server, { legacy: 'reject', onerror });
    bus = modern.notify;
    const handleModern = toNodeHandler(modern);
    const sessions = new Map();
    const session = async id => {
        const known = sessions.get(id);
        if (known !== undefined) return known;
        const transport = new NodeStreamableHTTPServerTransport({
            sessionIdGenerator: randomUUID,
            eventStore: new Events(),
            retryInterval: 10,
            onsessioninitialized: id => void sessions.set(id, transport),
            onsessionclosed: id => void sessions.delete(id)
        });
        await server({ era: 'legacy' }).connect(transport);
        return transport;
    };
    createServer(async (request, response) => {
        const chunks = [];
        for await (const chunk of request) chunks.push(chunk);
        const body = chunks.length === 0 ? undefined : JSON.parse(Buffer.concat(chunks));
        const isLegacy = !options['modern-only'] && (await isLegacyRequest(await toWebRequest(request, body), body));
        const id = request.headers['mcp-session-id'];
        if (!isLegacy) await handleModern(request, response, body);
        else if (id !== undefined && !sessions.has(id)) response.writeHead(404).end();
        else await (await session(id)).handleRequest(request, response, body);
    }).listen();
}

if (options.http) {
    await serveHttp();
} else if (options.probe === undefined) {
    serveStdio(server, { legacy: options['modern-only'] ? 'reject' : 'serve', onerror: error => console.error(error.message) });
} else {
    await server({ era: 'legacy' }).connect(new OldTransport());
}
