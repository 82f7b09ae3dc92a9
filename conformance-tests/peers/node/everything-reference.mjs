// The fixture of ../FIXTURE.md on the TypeScript server 2.4.0, both eras on one stdio process.
//
// It verifies the client scripts: what passes against this server must pass against the Rust
// `everything-server`. It uses the low-level `Server`, because the fixture prescribes answers (error codes,
// messages about arguments) that the high-level `McpServer` does not let a server choose.
//
//     node everything-reference.mjs
import { ProtocolError, Server, createRequestStateCodec, inputRequired, inputResponse } from '@modelcontextprotocol/server';
import { serveStdio, StdioServerTransport } from '@modelcontextprotocol/server/stdio';

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';
const WAV = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=';

const text = value => ({ content: [{ type: 'text', text: value }] });
const failure = value => ({ ...text(value), isError: true });
const sleep = (ms, signal) =>
    new Promise((resolve, reject) => {
        const timer = setTimeout(resolve, ms);
        signal?.addEventListener('abort', () => {
            clearTimeout(timer);
            reject(new Error('cancelled'));
        });
    });
const invalidParams = (message, data) => new ProtocolError(-32602, message, data);

const object = (properties = {}, required = Object.keys(properties)) => ({
    type: 'object',
    properties,
    ...(required.length > 0 && { required }),
    additionalProperties: false
});
const string = { type: 'string' };
const integer = { type: 'integer' };
const number = { type: 'number' };
const boolean = { type: 'boolean' };

const JSON_SCHEMA_2020_12 = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    $defs: { address: { $anchor: 'addressDef', type: 'object', properties: { street: string, city: string } } },
    properties: {
        name: string,
        address: { $ref: '#/$defs/address' },
        contactMethod: { type: 'string', enum: ['phone', 'email'] },
        phone: string,
        email: string
    },
    allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
    if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
    then: { required: ['phone'] },
    else: { required: ['email'] },
    additionalProperties: false
};

const DEFAULTS_FORM = object(
    {
        name: { type: 'string', default: 'John Doe' },
        age: { type: 'integer', default: 30 },
        score: { type: 'number', default: 95.5 },
        status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
        verified: { type: 'boolean', default: true }
    },
    []
);
const titled = [1, 2, 3].map(n => ({ const: `value${n}`, title: `Title ${n}` }));
const ENUMS_FORM = object(
    {
        untitledSingle: { type: 'string', enum: ['option1', 'option2', 'option3'] },
        titledSingle: { type: 'string', oneOf: titled },
        legacyEnum: { type: 'string', enum: ['opt1', 'opt2', 'opt3'], enumNames: ['One', 'Two', 'Three'] },
        untitledMulti: { type: 'array', items: { type: 'string', enum: ['option1', 'option2', 'option3'] } },
        titledMulti: { type: 'array', items: { anyOf: titled } }
    },
    []
);
for (const form of [DEFAULTS_FORM, ENUMS_FORM]) delete form.additionalProperties;

// One key for the process, so that states of earlier requests can be opened.
const sealed = createRequestStateCodec({ key: crypto.getRandomValues(new Uint8Array(32)) });

let cancelled = 0;

/** Creates a server of one era. `serveStdio` calls this for each connection, and after a probe that falls back. */
function everything({ era }) {
    const server = new Server(
        { name: 'everything-server', version: '1.0.0', title: 'Everything' },
        {
            capabilities: {
                tools: { listChanged: true },
                prompts: { listChanged: true },
                resources: { subscribe: true, listChanged: true },
                completions: {},
                logging: {}
            },
            instructions: 'Every feature of the protocol, for tests.',
            requestState: { verify: sealed.verify }
        }
    );
    const cache = era === 'modern' ? { ttlMs: 0, cacheScope: 'private' } : {};
    const revision = () => server.getNegotiatedProtocolVersion();
    let toggled = false;
    let promptChanges = 0;

    const progress = (ctx, value, total) => {
        const progressToken = ctx.mcpReq._meta?.progressToken;
        if (progressToken === undefined) return Promise.resolve();
        return ctx.mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress: value, total } });
    };
    /** Makes all `requests` in one round, then calls `finish` with the answers. */
    const asking = (requests, finish) => (_args, ctx) => {
        const answers = ctx.mcpReq.inputResponses ?? {};
        const missing = Object.keys(requests).filter(key => inputResponse(answers, key).kind === 'missing');
        if (missing.length > 0) return inputRequired({ inputRequests: requests });
        return finish(answers, ctx);
    };
    const form = (message, requestedSchema) => inputRequired.elicit({ message, requestedSchema });
    const sampling = prompt =>
        inputRequired.createMessage({ messages: [{ role: 'user', content: { type: 'text', text: prompt } }], maxTokens: 100 });
    const described = answer => text(`User response: action=${answer.action}, content=${JSON.stringify(answer.content ?? {})}`);
    const sampled = answer => text(`LLM response: ${[answer.content].flat().map(block => block.text).join('')}`);
    const listed = answer => text(answer.roots.map(root => root.uri).join('\n'));
    const nameForm = form('What is your name?', object({ name: string }));

    const tools = {
        test_simple_text: ['Answers one text.', {}, () => text('This is a simple text response for testing.')],
        test_image_content: ['Answers an image.', {}, () => ({ content: [{ type: 'image', data: PNG, mimeType: 'image/png' }] })],
        test_audio_content: ['Answers a sound.', {}, () => ({ content: [{ type: 'audio', data: WAV, mimeType: 'audio/wav' }] })],
        test_embedded_resource: [
            'Answers an embedded resource.',
            {},
            () => ({
                content: [
                    {
                        type: 'resource',
                        resource: { uri: 'test://embedded-resource', mimeType: 'text/plain', text: 'This is an embedded resource content.' }
                    }
                ]
            })
        ],
        test_multiple_content_types: [
            'Answers several kinds of content.',
            {},
            () => ({
                content: [
                    { type: 'text', text: 'Multiple content types test:' },
                    { type: 'image', data: PNG, mimeType: 'image/png' },
                    { type: 'resource', resource: { uri: 'test://mixed-content-resource', mimeType: 'application/json', text: '{"test":"data"}' } }
                ]
            })
        ],
        test_tool_with_logging: [
            'Logs three times while it works.',
            {},
            async (_args, ctx) => {
                for (const line of ['started', 'processing', 'completed']) {
                    await ctx.mcpReq.log('info', `Tool execution ${line}`);
                    await sleep(50);
                }
                return text('Logged three times.');
            }
        ],
        test_tool_with_progress: [
            'Reports progress 0, 50, 100.',
            {},
            async (_args, ctx) => {
                for (const value of [0, 50, 100]) {
                    await progress(ctx, value, 100);
                    await sleep(50);
                }
                return text('Progress reported.');
            }
        ],
        test_error_handling: ['Fails, as a tool.', {}, () => failure('This tool intentionally returns an error for testing')],
        test_sampling: [
            'Asks the client for a completion.',
            { prompt: string },
            ({ prompt }, ctx) => asking({ sample: sampling(prompt) }, a => sampled(a.sample))({}, ctx)
        ],
        test_elicitation: [
            'Asks the user for a name and an address.',
            { message: string },
            ({ message }, ctx) =>
                asking({ user: form(message, object({ username: string, email: string })) }, a => described(a.user))({}, ctx)
        ],
        test_elicitation_sep1034_defaults: [
            'Asks with defaults.',
            {},
            asking({ form: form('Please fill in the form.', DEFAULTS_FORM) }, a => described(a.form))
        ],
        test_elicitation_sep1330_enums: [
            'Asks with enumerations.',
            {},
            asking({ form: form('Please choose.', ENUMS_FORM) }, a => described(a.form))
        ],
        json_schema_2020_12_tool: ['Has a schema with everything.', JSON_SCHEMA_2020_12, args => text(JSON.stringify(args))],
        test_missing_capability: ['Needs a client that can sample.', {}, () => text('The client can sample.')],
        test_logging_tool: [
            'Logs once, at level info.',
            {},
            async (_args, ctx) => {
                await ctx.mcpReq.log('info', 'Log message of test_logging_tool');
                return text('Logged.');
            }
        ],
        test_trigger_tool_change: [
            'Announces a change of the tools.',
            {},
            async () => {
                await server.sendToolListChanged();
                return text('The tools have changed.');
            }
        ],
        test_trigger_prompt_change: [
            'Announces a change of the prompts.',
            {},
            async () => {
                promptChanges += 1;
                await server.sendPromptListChanged();
                return text(`The prompts have changed ${promptChanges} times.`);
            }
        ],
        test_input_required_result_elicitation: [
            'Asks for a name.',
            {},
            asking({ user_name: nameForm }, a => text(`Hello, ${a.user_name.content?.name}!`))
        ],
        test_input_required_result_sampling: [
            'Asks for a completion.',
            {},
            asking({ capital: sampling('What is the capital of France?') }, a => sampled(a.capital))
        ],
        test_input_required_result_list_roots: ['Asks for roots.', {}, asking({ roots: inputRequired.listRoots() }, a => listed(a.roots))],
        test_input_required_result_request_state: [
            'Keeps state over a round.',
            {},
            async (_args, ctx) => {
                if (ctx.mcpReq.requestState()?.step === 'confirm' && ctx.mcpReq.inputResponses?.confirm) return text('state-ok');
                return inputRequired({
                    inputRequests: { confirm: form('Is it right?', object({ ok: boolean })) },
                    requestState: await sealed.mint({ step: 'confirm' })
                });
            }
        ],
        test_input_required_result_multiple_inputs: [
            'Asks for three things at once.',
            {},
            async (_args, ctx) => {
                const answers = ctx.mcpReq.inputResponses ?? {};
                const requests = { user_name: nameForm, greeting: sampling('Write a greeting.'), roots: inputRequired.listRoots() };
                if (Object.keys(requests).every(key => inputResponse(answers, key).kind !== 'missing')) {
                    return text(`${answers.user_name.content?.name}, ${answers.greeting.content.text}, ${answers.roots.roots.length} roots`);
                }
                return inputRequired({ inputRequests: requests, requestState: await sealed.mint({ step: 'all' }) });
            }
        ],
        test_input_required_result_multi_round: [
            'Asks in two rounds.',
            {},
            async (_args, ctx) => {
                const state = ctx.mcpReq.requestState();
                const answers = ctx.mcpReq.inputResponses ?? {};
                if (state?.step === 2 && answers.step2) return text(`${state.name} likes ${answers.step2.content?.color}`);
                if (state?.step === 1 && answers.step1) {
                    return inputRequired({
                        inputRequests: { step2: form('Which color?', object({ color: string })) },
                        requestState: await sealed.mint({ step: 2, name: answers.step1.content?.name })
                    });
                }
                return inputRequired({ inputRequests: { step1: nameForm }, requestState: await sealed.mint({ step: 1 }) });
            }
        ],
        test_input_required_result_tampered_state: [
            'Refuses a state that it did not make.',
            {},
            async (_args, ctx) => {
                if (ctx.mcpReq.requestState()?.step === 'sealed') return text('state-ok');
                return inputRequired({
                    inputRequests: { confirm: form('Is it right?', object({ ok: boolean })) },
                    requestState: await sealed.mint({ step: 'sealed' })
                });
            }
        ],
        test_input_required_result_capabilities: [
            'Asks only what the client can answer.',
            {},
            (_args, ctx) => {
                const can = ctx.mcpReq.envelope?.['io.modelcontextprotocol/clientCapabilities'] ?? server.getClientCapabilities() ?? {};
                const requests = {
                    ...(can.elicitation && { user_name: nameForm }),
                    ...(can.sampling && { greeting: sampling('Write a greeting.') })
                };
                return asking(requests, a => text(`Answered: ${Object.keys(a).sort().join(', ')}`))({}, ctx);
            }
        ],
        add: [
            'Adds two integers.',
            { a: integer, b: integer },
            ({ a, b }) => ({ structuredContent: a + b, content: [{ type: 'text', text: String(a + b) }] }),
            { title: 'Add', annotations: { readOnlyHint: true }, outputSchema: integer }
        ],
        divide: [
            'Divides one number by another.',
            { a: number, b: number },
            ({ a, b }) =>
                b === 0 ? failure('division by zero') : { structuredContent: a / b, content: [{ type: 'text', text: String(a / b) }] },
            { outputSchema: number }
        ],
        slow: [
            'Sleeps, then answers.',
            { ms: integer },
            async ({ ms }, ctx) => {
                await progress(ctx, 0, 1);
                try {
                    await sleep(ms, ctx.mcpReq.signal);
                } catch (error) {
                    cancelled += 1;
                    throw error;
                }
                return text(`slept ${ms} ms`);
            }
        ],
        cancelled_count: ['Counts the calls of `slow` that were cancelled.', {}, () => text(String(cancelled))],
        test_reconnection: ['Would close its stream, over HTTP.', {}, async () => text('Reconnection test completed')],
        visit_url: [
            'Sends the user to a page.',
            { url: string },
            ({ url }, ctx) => {
                // The SDK would also send the request on revisions without URL elicitation.
                if (era === 'legacy' && revision() < '2025-11-25') return failure('this revision has no URLs');
                const page = inputRequired.elicitUrl({ message: 'Please visit this page', url });
                return asking({ page }, answers => text(`visit: ${answers.page.action}`))({}, ctx);
            }
        ],
        list_roots: ['Lists the roots of the client.', {}, asking({ roots: inputRequired.listRoots() }, a => listed(a.roots))],
        toggle_tool: [
            'Adds or removes the tool `toggled`.',
            { on: boolean },
            async ({ on }) => {
                toggled = on;
                await server.sendToolListChanged();
                return text(`toggled is ${on ? 'on' : 'off'}`);
            }
        ],
        touch_resource: [
            'Announces that a resource has changed.',
            { uri: string },
            async ({ uri }) => {
                if (era === 'modern' || subscribed.has(uri)) await server.sendResourceUpdated({ uri });
                return text(`touched ${uri}`);
            }
        ]
    };
    const toggledTool = { toggled: ['Is there while it is on.', {}, () => text('toggled')] };
    const present = () => (toggled ? { ...tools, ...toggledTool } : tools);

    server.setRequestHandler('tools/list', () => ({
        tools: Object.entries(present()).map(([name, [description, parameters, , more]]) => ({
            name,
            description,
            inputSchema: parameters.type ? parameters : object(parameters),
            ...more,
            // The SDK sends every legacy client the members of 2025-11-25. The fixture requires those of the client's revision.
            ...(revision() < '2025-06-18' && { outputSchema: undefined, title: undefined }),
            ...(revision() < '2025-03-26' && { annotations: undefined })
        })),
        ...cache
    }));

    const checks = {
        string: value => typeof value === 'string',
        integer: value => Number.isInteger(value),
        number: value => typeof value === 'number',
        boolean: value => typeof value === 'boolean'
    };
    server.setRequestHandler('tools/call', async (request, ctx) => {
        const { name, arguments: args = {} } = request.params;
        const tool = Object.hasOwn(present(), name) ? present()[name] : undefined;
        if (tool === undefined) throw invalidParams(`Unknown tool: ${name}`);
        const [, parameters, run, more] = tool;
        if (!parameters.type) {
            const wrong = Object.entries(parameters)
                .filter(([key, { type }]) => !checks[type](args[key]))
                .map(([key, { type }]) => `/${key}: expected ${type}, got ${JSON.stringify(args[key])}`);
            const unknown = Object.keys(args).filter(key => !(key in parameters)).map(key => `/${key}: unknown argument`);
            const errors = [...wrong, ...unknown].join('\n');
            if (errors && revision() < '2025-11-25') throw invalidParams(errors);
            if (errors) return failure(errors);
        }
        if (name === 'test_missing_capability' && era === 'modern') {
            const can = ctx.mcpReq.envelope?.['io.modelcontextprotocol/clientCapabilities'] ?? {};
            if (!can.sampling) {
                throw new ProtocolError(-32021, 'The client lacks a capability', { requiredCapabilities: { sampling: {} } });
            }
        }
        const result = server.projectCallToolResult(await run(args, ctx), more?.outputSchema);
        if (revision() < '2025-06-18') delete result.structuredContent;
        return result;
    });

    const item = n => ({ uri: `test://item/${n}`, name: `item-${n}`, mimeType: 'text/plain' });
    const resources = [
        { uri: 'test://static-text', name: 'static-text', description: 'A text.', mimeType: 'text/plain' },
        { uri: 'test://static-binary', name: 'static-binary', description: 'A picture.', mimeType: 'image/png' },
        { uri: 'test://watched-resource', name: 'watched-resource', description: 'One to watch.', mimeType: 'text/plain' },
        ...Array.from({ length: 25 }, (_, n) => item(n + 1))
    ];
    const PAGE = 10;
    server.setRequestHandler('resources/list', request => {
        const cursor = request.params?.cursor;
        const start = cursor === undefined ? 0 : Number(Buffer.from(cursor, 'base64').toString());
        if (!Number.isInteger(start) || start < 0 || start >= resources.length) throw invalidParams('Invalid cursor');
        const next = start + PAGE;
        return {
            resources: resources.slice(start, next),
            ...(next < resources.length && { nextCursor: Buffer.from(String(next)).toString('base64') }),
            ...cache
        };
    });
    server.setRequestHandler('resources/templates/list', () => ({
        resourceTemplates: [
            { uriTemplate: 'test://template/{id}/data', name: 'template', description: 'Data of an id.', mimeType: 'application/json' }
        ],
        ...cache
    }));
    server.setRequestHandler('resources/read', request => {
        const { uri } = request.params;
        const one = content => ({ contents: [{ uri, ...content }], ...cache });
        if (uri === 'test://static-text') return one({ mimeType: 'text/plain', text: 'This is the content of the static text resource.' });
        if (uri === 'test://static-binary') return one({ mimeType: 'image/png', blob: PNG });
        if (uri === 'test://watched-resource') return one({ mimeType: 'text/plain', text: 'Watched resource content' });
        const data = /^test:\/\/template\/([^/]+)\/data$/.exec(uri);
        if (data) return one({ mimeType: 'application/json', text: JSON.stringify({ id: data[1], data: `Data for ID: ${data[1]}` }) });
        const number = /^test:\/\/item\/([1-9][0-9]?)$/.exec(uri);
        if (number && number[1] <= 25) return one({ mimeType: 'text/plain', text: `Item ${number[1]}` });
        throw invalidParams('Resource not found', { uri });
    });
    const subscribed = new Set();
    if (era === 'legacy') {
        server.setRequestHandler('resources/subscribe', request => (subscribed.add(request.params.uri), {}));
        server.setRequestHandler('resources/unsubscribe', request => (subscribed.delete(request.params.uri), {}));
    }

    const says = (...content) => ({ messages: content.map(block => ({ role: 'user', content: block })) });
    const prompts = {
        test_simple_prompt: ['A prompt without arguments.', [], () => says({ type: 'text', text: 'This is a simple prompt for testing.' })],
        test_prompt_with_arguments: [
            'A prompt with two arguments.',
            ['arg1', 'arg2'],
            ({ arg1, arg2 }) => says({ type: 'text', text: `Prompt with arguments: arg1='${arg1}', arg2='${arg2}'` })
        ],
        test_prompt_with_embedded_resource: [
            'A prompt with a resource in it.',
            ['resourceUri'],
            ({ resourceUri }) =>
                says(
                    { type: 'resource', resource: { uri: resourceUri, mimeType: 'text/plain', text: 'Embedded resource content for testing.' } },
                    { type: 'text', text: 'Please process the embedded resource above.' }
                )
        ],
        test_prompt_with_image: [
            'A prompt with a picture.',
            [],
            () => says({ type: 'image', data: PNG, mimeType: 'image/png' }, { type: 'text', text: 'Please analyze the image above.' })
        ],
        test_input_required_result_prompt: [
            'A prompt that asks for its context.',
            [],
            (_args, ctx) =>
                asking({ user_context: form('What is it about?', object({ context: string })) }, a =>
                    says({ type: 'text', text: `Use this context: ${a.user_context.content?.context}` })
                )({}, ctx)
        ]
    };
    server.setRequestHandler('prompts/list', () => ({
        prompts: Object.entries(prompts).map(([name, [description, names]]) => ({
            name,
            description,
            arguments: names.map(argument => ({ name: argument, description: `The ${argument}.`, required: true }))
        })),
        ...cache
    }));
    server.setRequestHandler('prompts/get', (request, ctx) => {
        const { name, arguments: args = {} } = request.params;
        const prompt = Object.hasOwn(prompts, name) ? prompts[name] : undefined;
        if (prompt === undefined) throw invalidParams(`Unknown prompt: ${name}`);
        const missing = prompt[1].filter(argument => args[argument] === undefined);
        if (missing.length > 0) throw invalidParams(`/${missing[0]}: required argument is missing`);
        return prompt[2](args, ctx);
    });

    server.setRequestHandler('completion/complete', request => {
        const { ref, argument, context } = request.params;
        const arg1 = context?.arguments?.arg1;
        const candidates =
            ref.type === 'ref/resource'
                ? { id: ['1', '12', '123'] }
                : { arg1: ['alpha', 'beta', 'test-one', 'test-two'], arg2: arg1 === undefined ? [] : [`${arg1}-1`, `${arg1}-2`] };
        const values = (candidates[argument.name] ?? []).filter(value => value.startsWith(argument.value));
        return { completion: { values, total: values.length, hasMore: false } };
    });
    return server;
}

// The fixture requires -32002, the code of an unknown resource up to 2025-11-25. The SDK never sends it.
const transport = new StdioServerTransport();
const send = transport.send.bind(transport);
let legacy = false;
transport.send = message => {
    if ('result' in message && message.result.protocolVersion) legacy = true;
    const unknownResource = legacy && message.error?.code === -32602 && message.error.data?.uri !== undefined;
    return send(unknownResource ? { ...message, error: { ...message.error, code: -32002 } } : message);
};
serveStdio(everything, { transport, onerror: error => console.error(error.message) });
