// Every feature of ../FIXTURE.md, tested through a `peer`. Both versions of the SDK run the same features.
//
// `open(options)` connects a peer with the SDK under test; `client-v1.mjs` and `client-v2.mjs` implement it. A peer
// has the `era` and `revision` of the connection, typed calls, `notifications` (all that arrived), `wire` (all
// messages in both directions), `posted` (over HTTP, the bodies that were sent; else undefined), and
// `raw(method, params)` for methods that the SDK has no function for.
import { check, equal, includes, pause, refused, show, until } from './harness.mjs';

const LOG_LEVEL = 'io.modelcontextprotocol/logLevel';
const TOOLS = [
    'test_simple_text',
    'test_image_content',
    'test_audio_content',
    'test_embedded_resource',
    'test_multiple_content_types',
    'test_tool_with_logging',
    'test_tool_with_progress',
    'test_reconnection',
    'test_error_handling',
    'test_sampling',
    'test_elicitation',
    'test_elicitation_sep1034_defaults',
    'test_elicitation_sep1330_enums',
    'json_schema_2020_12_tool',
    'test_missing_capability',
    'test_logging_tool',
    'test_trigger_tool_change',
    'test_trigger_prompt_change',
    'add',
    'divide',
    'slow',
    'cancelled_count',
    'list_roots',
    'toggle_tool',
    'touch_resource',
    'visit_url'
];

const firstText = result => result.content?.find(block => block.type === 'text')?.text;

/** Whether the connection has the members that `revision` introduced. */
const since = (peer, revision) => peer.revision >= revision;

export async function drive(run, open, { input }) {
    const user = { elicitations: [], samplings: [], answer: { action: 'accept', content: {} } };
    const roots = [{ uri: 'file:///projects/one', name: 'one' }, { uri: 'file:///projects/two' }];
    const handlers = {
        elicit: params => {
            user.elicitations.push(params);
            return typeof user.answer === 'function' ? user.answer(params) : user.answer;
        },
        sample: params => {
            user.samplings.push(params);
            return { role: 'assistant', content: { type: 'text', text: 'Paris' }, model: 'a-model', stopReason: 'endTurn' };
        },
        roots: () => ({ roots })
    };
    const peer = await open({ handlers });
    const legacy = peer.era === 'legacy';
    const received = method => peer.notifications.filter(notification => notification.method === method);
    const text = async (name, args, options) => firstText(await peer.call(name, args, options));

    await run.feature(legacy ? `initialize ${peer.revision}` : `discover ${peer.revision}`, async () => {
        equal(peer.serverInfo?.name, 'everything-server', 'server name');
        check(peer.serverInfo.version.length > 0, 'the server has no version');
        check(peer.instructions?.length > 0, 'the server has no instructions');
        equal(peer.capabilities.tools, { listChanged: true }, 'capabilities.tools');
        equal(peer.capabilities.prompts, { listChanged: true }, 'capabilities.prompts');
        equal(peer.capabilities.resources, { subscribe: true, listChanged: true }, 'capabilities.resources');
        if (since(peer, '2025-03-26')) equal(peer.capabilities.completions, {}, 'capabilities.completions');
        if (legacy) equal(peer.capabilities.logging, {}, 'capabilities.logging');
    });
    if (legacy) await run.feature('ping', async () => equal(await peer.ping(), {}, 'result of ping'));

    let listed;
    await run.feature('tools/list', async () => {
        listed = await peer.tools();
        const names = listed.map(tool => tool.name);
        for (const name of TOOLS) check(names.includes(name), `tools/list lacks ${name}; it has ${names.join(', ')}`);
        equal(new Set(names).size, names.length, 'number of different names');
        check(!names.includes('toggled'), 'toggled is listed before toggle_tool was called');
        for (const tool of listed) {
            check(tool.description?.length > 0, `${tool.name} has no description`);
            equal(tool.inputSchema.type, 'object', `inputSchema.type of ${tool.name}`);
        }
        const again = (await peer.tools()).map(tool => tool.name);
        equal(again, names, 'order of the tools when asked again');
    });
    await run.feature('tools/list schemas', async () => {
        const find = name => listed.find(tool => tool.name === name);
        const { inputSchema, outputSchema, title, annotations } = find('add');
        equal(inputSchema.properties.a.type, 'integer', 'type of argument a of add');
        equal([...inputSchema.required].sort(), ['a', 'b'], 'required arguments of add');
        equal(inputSchema.additionalProperties, false, 'additionalProperties of add');
        if (legacy && since(peer, '2025-06-18')) {
            equal(outputSchema?.type, 'object', 'outputSchema.type of add');
            equal(outputSchema.properties.result.type, 'integer', 'outputSchema.properties.result.type of add');
            equal(outputSchema.required, ['result'], 'outputSchema.required of add');
        } else if (legacy) {
            equal(outputSchema, undefined, `outputSchema of add in ${peer.revision}`);
        } else {
            equal(outputSchema?.type, 'integer', 'outputSchema.type of add');
        }
        equal(title, since(peer, '2025-06-18') ? 'Add' : undefined, `title of add in ${peer.revision}`);
        equal(annotations?.readOnlyHint, since(peer, '2025-03-26') ? true : undefined, `annotations of add in ${peer.revision}`);

        const rich = find('json_schema_2020_12_tool').inputSchema;
        equal(rich.$schema, 'https://json-schema.org/draft/2020-12/schema', '$schema of json_schema_2020_12_tool');
        equal(rich.$defs?.address?.$anchor, 'addressDef', '$defs.address.$anchor of json_schema_2020_12_tool');
        equal(rich.properties.address, { $ref: '#/$defs/address' }, 'properties.address of json_schema_2020_12_tool');
        for (const keyword of ['allOf', 'if', 'then', 'else']) check(keyword in rich, `json_schema_2020_12_tool lost ${keyword}`);
        equal(rich.additionalProperties, false, 'additionalProperties of json_schema_2020_12_tool');
    });

    await run.feature('tools/call text', async () => {
        const result = await peer.call('test_simple_text');
        equal(result.content.length, 1, 'number of content blocks');
        equal(firstText(result), 'This is a simple text response for testing.', 'text');
        check(!result.isError, 'the result is an error');
    });
    await run.feature('tools/call image', async () => {
        const [image] = (await peer.call('test_image_content')).content;
        equal([image.type, image.mimeType], ['image', 'image/png'], 'kind of content');
        equal(Buffer.from(image.data, 'base64').subarray(1, 4).toString(), 'PNG', 'signature of the image');
    });
    if (since(peer, '2025-03-26')) {
        await run.feature('tools/call audio', async () => {
            const [audio] = (await peer.call('test_audio_content')).content;
            equal([audio.type, audio.mimeType], ['audio', 'audio/wav'], 'kind of content');
            equal(Buffer.from(audio.data, 'base64').subarray(0, 4).toString(), 'RIFF', 'signature of the sound');
        });
    }
    await run.feature('tools/call embedded resource', async () => {
        const [block] = (await peer.call('test_embedded_resource')).content;
        equal(block.type, 'resource', 'kind of content');
        equal(block.resource.uri, 'test://embedded-resource', 'uri');
        check(block.resource.mimeType && block.resource.text, `the resource lacks a member: ${show(block.resource)}`);
    });
    await run.feature('tools/call several kinds of content', async () => {
        const kinds = (await peer.call('test_multiple_content_types')).content.map(block => block.type);
        for (const kind of ['text', 'image', 'resource']) check(kinds.includes(kind), `no ${kind} among ${kinds}`);
    });
    await run.feature('structured content', async () => {
        const result = await peer.call('add', { a: 1, b: 2 });
        equal(firstText(result), '3', 'text of add');
        const want = !legacy ? 3 : since(peer, '2025-06-18') ? { result: 3 } : undefined;
        equal(result.structuredContent, want, `structuredContent of add in ${peer.revision}`);
        const big = await peer.call('add', { a: 9007199254740000, b: -1 });
        equal(firstText(big), '9007199254739999', 'a sum near 2^53');
        const half = await peer.call('divide', { a: 1, b: 2 });
        const quotient = legacy ? half.structuredContent?.result : half.structuredContent;
        equal(quotient, since(peer, '2025-06-18') ? 0.5 : undefined, 'structured result of divide');
    });

    await run.feature('error in a tool', async () => {
        const failed = await peer.call('test_error_handling');
        equal(failed.isError, true, 'isError of test_error_handling');
        check(firstText(failed)?.length > 0, 'the error has no text');
        const divided = await peer.call('divide', { a: 1, b: 0 });
        equal(divided.isError, true, 'isError of divide by 0');
        includes(firstText(divided), 'division by zero', 'text of divide by 0');
    });
    await run.feature('error of bad arguments', async () => {
        const wrongs = [
            ['a string for an integer', { a: 'one', b: 2 }, '/a'],
            ['a missing argument', { a: 1 }, '/b'],
            ['an unknown argument', { a: 1, b: 2, c: 3 }, '/c']
        ];
        for (const [what, args, pointer] of wrongs) {
            if (since(peer, '2025-11-25')) {
                const result = await peer.call('add', args);
                equal(result.isError, true, `isError for ${what}`);
                includes(firstText(result), pointer, `text for ${what}`);
            } else {
                const error = await refused(peer.call('add', args), -32602, what);
                includes(error.message, pointer, `message for ${what}`);
            }
        }
    });
    await run.feature('error of an unknown tool', () => refused(peer.call('no_such_tool'), -32602, 'no_such_tool'));
    await run.feature('error of an unknown method', () => refused(peer.raw('unknown/method', {}), -32601, 'unknown/method'));
    await run.feature('error of an unknown resource', async () => {
        const end = await peer.read('test://no-such-resource').then(show, error => error);
        check(end instanceof Error, `test://no-such-resource was read: ${end}`);
        // Read from the wire, because SDK 2.4.0 reports -32602 to its user for both codes.
        const { code, data } = peer.wire.findLast(({ message }) => message.error).message.error;
        equal(code, legacy ? -32002 : -32602, 'error code of test://no-such-resource');
        equal(data?.uri, 'test://no-such-resource', 'data.uri');
    });
    await run.feature('error of an unknown prompt', () => refused(peer.prompt('no_such_prompt'), -32602, 'no_such_prompt'));
    await run.feature('error of a missing prompt argument', async () => {
        const error = await refused(peer.prompt('test_prompt_with_arguments', { arg1: 'x' }), -32602, 'prompt without arg2');
        includes(error.message, 'arg2', 'message');
    });

    await run.feature('progress', async () => {
        const seen = [];
        const before = peer.wire.length;
        const result = await peer.call('test_tool_with_progress', {}, { onprogress: ({ progress, total }) => seen.push([progress, total]) });
        check(!result.isError, 'the result is an error');
        const exchanged = peer.wire.slice(before);
        const { id, params } = exchanged.find(({ sent, message }) => sent && message.method === 'tools/call').message;
        const end = exchanged.findIndex(({ sent, message }) => !sent && message.id === id);
        const steps = exchanged
            .slice(0, end)
            .filter(({ message }) => message.method === 'notifications/progress')
            .map(({ message: { params: step } }) => [step.progressToken, step.progress, step.total]);
        const token = params._meta.progressToken;
        equal(steps, [[token, 0, 100], [token, 50, 100], [token, 100, 100]], 'progress before the result');
        // These SDKs drop progress that arrives in one read with the result. What they report is in order.
        equal(seen, [[0, 100], [50, 100], [100, 100]].slice(0, seen.length), 'progress that the caller received');
    });
    await run.feature('cancellation', async () => {
        const before = Number(await text('cancelled_count'));
        const abort = new AbortController();
        let begun;
        const began = new Promise(resolve => (begun = resolve));
        const call = peer.call('slow', { ms: 30_000 }, { signal: abort.signal, onprogress: begun }).then(
            result => show(result),
            () => 'aborted'
        );
        await began;
        abort.abort('no longer needed');
        equal(await call, 'aborted', 'end of the aborted call');
        await until(async () => Number(await text('cancelled_count')) === before + 1, 'cancelled_count risen by 1');
        equal(await text('slow', { ms: 1 }), 'slept 1 ms', 'a call after the cancelled one');
    });
    await run.feature('timeout cancels', async () => {
        const before = Number(await text('cancelled_count'));
        const started = Date.now();
        const end = await peer.call('slow', { ms: 30_000 }, { timeout: 200 }).then(show, error => error.message);
        includes(end.toLowerCase(), 'timed out', 'end of the call');
        check(Date.now() - started < 5000, 'the timeout took over 5 s');
        await until(async () => Number(await text('cancelled_count')) === before + 1, 'cancelled_count risen by 1');
    });
    await run.feature('how a call is cancelled', () => {
        // Since 2026-07-28, a client cancels over HTTP by closing the stream; otherwise with a notification.
        const sent = peer.posted ?? peer.wire.filter(({ sent }) => sent).map(({ message }) => message);
        const cancelled = sent.filter(({ method }) => method === 'notifications/cancelled').length;
        equal(cancelled, peer.posted && !legacy ? 0 : 2, 'notifications/cancelled of the two calls');
    });
    await run.feature('a stream that the server closes before the answer', async () => {
        // In a session over HTTP the client reconnects for the answer; otherwise no stream is closed.
        equal(await text('test_reconnection'), 'Reconnection test completed', 'answer of the tool');
    });
    await run.feature('many calls at once', async () => {
        const calls = Array.from({ length: 50 }, (_, n) => peer.call('add', { a: n, b: n }));
        equal((await Promise.all(calls)).map(firstText), Array.from({ length: 50 }, (_, n) => String(2 * n)), 'sums');
        const started = Date.now();
        await Promise.all(Array.from({ length: 20 }, () => peer.call('slow', { ms: 200 })));
        check(Date.now() - started < 3000, `20 calls of 200 ms took ${Date.now() - started} ms: they ran one after the other`);
    });
    await run.feature('a large message', async () => {
        const value = 'ä€😀"\\\n\u2028'.repeat(30_000);
        const result = await peer.prompt('test_prompt_with_arguments', { arg1: value, arg2: 'end' });
        includes(result.messages[0].content.text, value, 'text of the prompt');
    });

    await run.feature('logging', async () => {
        const count = () => received('notifications/message').length;
        if (legacy) {
            equal(await peer.setLevel('debug'), {}, 'result of logging/setLevel');
            await peer.call('test_tool_with_logging');
            const notifications = received('notifications/message');
            check(notifications.length >= 3, `expected 3 log messages, got ${notifications.length}`);
            equal(notifications[0].params.level, 'info', 'level');
            check(notifications[0].params.data !== undefined, 'the log message has no data');
            await peer.setLevel('error');
            const before = count();
            await peer.call('test_tool_with_logging');
            equal(count() - before, 0, 'log messages of level info while the level is error');
        } else {
            await peer.call('test_logging_tool');
            equal(count(), 0, 'log messages of a request that did not ask for them');
            await peer.call('test_logging_tool', {}, { meta: { [LOG_LEVEL]: 'error' } });
            equal(count(), 0, 'log messages of level info for a request that asked for errors');
            await peer.call('test_logging_tool', {}, { meta: { [LOG_LEVEL]: 'info' } });
            check(count() >= 1, 'no log message for a request that asked for them');
            equal(received('notifications/message')[0].params.level, 'info', 'level');
        }
    });

    await run.feature('prompts/list', async () => {
        const prompts = await peer.prompts();
        const find = name => prompts.find(prompt => prompt.name === name);
        const names = ['test_simple_prompt', 'test_prompt_with_arguments', 'test_prompt_with_embedded_resource', 'test_prompt_with_image'];
        for (const name of names) check(find(name)?.description?.length > 0, `prompts/list lacks ${name}, or its description`);
        const args = find('test_prompt_with_arguments').arguments.map(({ name, required }) => [name, required]);
        equal(args, [['arg1', true], ['arg2', true]], 'arguments of test_prompt_with_arguments');
    });
    await run.feature('prompts/get', async () => {
        const simple = await peer.prompt('test_simple_prompt');
        equal(simple.messages[0].role, 'user', 'role');
        equal(simple.messages[0].content.text, 'This is a simple prompt for testing.', 'text of test_simple_prompt');
        const filled = await peer.prompt('test_prompt_with_arguments', { arg1: 'hello', arg2: 'world' });
        equal(filled.messages[0].content.text, "Prompt with arguments: arg1='hello', arg2='world'", 'text with arguments');
        const embedded = await peer.prompt('test_prompt_with_embedded_resource', { resourceUri: 'test://example' });
        const block = embedded.messages.find(({ content }) => content.type === 'resource')?.content;
        equal(block?.resource.uri, 'test://example', 'uri of the embedded resource');
        const pictured = await peer.prompt('test_prompt_with_image');
        const image = pictured.messages.find(({ content }) => content.type === 'image')?.content;
        equal(image?.mimeType, 'image/png', 'mimeType of the image');
    });

    await run.feature('resources/list over pages', async () => {
        const before = peer.wire.filter(({ sent, message }) => sent && message.method === 'resources/list').length;
        const resources = await peer.resources();
        const after = peer.wire.filter(({ sent, message }) => sent && message.method === 'resources/list').length;
        const uris = resources.map(resource => resource.uri);
        for (const uri of ['test://static-text', 'test://static-binary', 'test://watched-resource']) {
            check(uris.includes(uri), `resources/list lacks ${uri}`);
        }
        for (let n = 1; n <= 25; n += 1) check(uris.includes(`test://item/${n}`), `resources/list lacks test://item/${n}`);
        equal(new Set(uris).size, uris.length, 'number of different resources');
        equal(after - before, Math.ceil(uris.length / 10), 'pages of 10');
        for (const resource of resources) check(resource.name?.length > 0, `${resource.uri} has no name`);
        await refused(peer.raw('resources/list', { cursor: 'no-such-cursor' }), -32602, 'a made-up cursor');
    });
    await run.feature('resources/templates/list', async () => {
        const templates = await peer.templates();
        const template = templates.find(({ uriTemplate }) => uriTemplate === 'test://template/{id}/data');
        check(template?.name?.length > 0, `no test://template/{id}/data with a name among ${show(templates)}`);
    });
    await run.feature('resources/read', async () => {
        const [still] = (await peer.read('test://static-text')).contents;
        equal(still.uri, 'test://static-text', 'uri');
        equal(still.mimeType, 'text/plain', 'mimeType');
        check(still.text?.length > 0, 'no text');
        const [binary] = (await peer.read('test://static-binary')).contents;
        equal(binary.mimeType, 'image/png', 'mimeType of the blob');
        equal(Buffer.from(binary.blob, 'base64').subarray(1, 4).toString(), 'PNG', 'signature of the blob');
        const [data] = (await peer.read('test://template/123/data')).contents;
        equal(data.uri, 'test://template/123/data', 'uri of the template');
        includes(data.text, '123', 'text of the template');
        equal((await peer.read('test://item/17')).contents[0].text, 'Item 17', 'text of item 17');
    });
    await run.feature('completion/complete', async () => {
        const prompt = { type: 'ref/prompt', name: 'test_prompt_with_arguments' };
        const complete = async (ref, name, value, context) => (await peer.complete(ref, { name, value }, context)).completion.values;
        equal(await complete(prompt, 'arg1', 'test'), ['test-one', 'test-two'], 'completion of arg1 from "test"');
        equal(await complete(prompt, 'arg1', 'nothing'), [], 'completion of arg1 from "nothing"');
        const template = { type: 'ref/resource', uri: 'test://template/{id}/data' };
        equal(await complete(template, 'id', '12'), ['12', '123'], 'completion of a template variable');
        if (since(peer, '2025-06-18')) {
            equal(await complete(prompt, 'arg2', 'al', { arg1: 'alpha' }), ['alpha-1', 'alpha-2'], 'completion of arg2 given arg1');
        }
    });

    const watched = 'test://watched-resource';
    const updates = () => received('notifications/resources/updated').filter(notification => notification.params.uri === watched).length;
    const toolChanges = () => received('notifications/tools/list_changed').length;
    const promptChanges = () => received('notifications/prompts/list_changed').length;
    const has = async name => (await peer.tools()).some(tool => tool.name === name);
    if (legacy) {
        await run.feature('resources/subscribe, updated, unsubscribe', async () => {
            await peer.call('touch_resource', { uri: watched });
            equal(updates(), 0, 'updates before subscribing');
            equal(await peer.subscribe(watched), {}, 'result of resources/subscribe');
            equal(await text('touch_resource', { uri: watched }), `touched ${watched}`, 'text of touch_resource');
            await until(() => updates() === 1, 'one resources/updated');
            await peer.call('touch_resource', { uri: 'test://static-text' });
            equal(await peer.unsubscribe(watched), {}, 'result of resources/unsubscribe');
            await peer.call('touch_resource', { uri: watched });
            await pause(100);
            equal(received('notifications/resources/updated').length, 1, 'updates in all');
        });
        await run.feature('tools/list_changed', async () => {
            const before = toolChanges();
            equal(await text('toggle_tool', { on: true }), 'toggled is on', 'text of toggle_tool');
            await until(() => toolChanges() === before + 1, 'one tools/list_changed');
            check(await has('toggled'), 'tools/list lacks toggled');
            equal(await text('toggled'), 'toggled', 'text of toggled');
            await peer.call('toggle_tool', { on: false });
            await until(() => toolChanges() === before + 2, 'a second tools/list_changed');
            check(!(await has('toggled')), 'tools/list still has toggled');
            await refused(peer.call('toggled'), -32602, 'toggled after it was removed');
        });
        await run.feature('prompts/list_changed', async () => {
            const before = promptChanges();
            await peer.call('test_trigger_prompt_change');
            await until(() => promptChanges() > before, 'a prompts/list_changed');
        });
    } else {
        await run.feature('subscriptions/listen', async () => {
            const subscription = await peer.listen({ toolsListChanged: true, resourceSubscriptions: [watched] });
            equal(subscription.honored.toolsListChanged, true, 'acknowledged toolsListChanged');
            equal(subscription.honored.resourceSubscriptions, [watched], 'acknowledged resourceSubscriptions');
            check(!subscription.honored.promptsListChanged, 'promptsListChanged was not asked for');

            await peer.call('toggle_tool', { on: true });
            await until(() => toolChanges() === 1, 'one tools/list_changed');
            check(await has('toggled'), 'tools/list lacks toggled');
            equal(await text('toggled'), 'toggled', 'text of toggled');
            await peer.call('touch_resource', { uri: watched });
            await until(() => updates() === 1, 'one resources/updated');
            await peer.call('touch_resource', { uri: 'test://static-text' });
            await peer.call('test_trigger_prompt_change');
            await pause(100);
            equal(received('notifications/resources/updated').length, 1, 'updates in all');
            equal(promptChanges(), 0, 'prompts/list_changed, which was not asked for');

            await subscription.close();
            equal(await subscription.closed, 'local', 'end of the subscription');
            await peer.call('toggle_tool', { on: false });
            await pause(100);
            equal(toolChanges(), 1, 'tools/list_changed after the stream was closed');
            check(!(await has('toggled')), 'tools/list still has toggled');
            await refused(peer.call('toggled'), -32602, 'toggled after it was removed');
        });
        await run.feature('subscriptions/listen, two streams', async () => {
            const tools = await peer.listen({ toolsListChanged: true });
            const prompts = await peer.listen({ promptsListChanged: true });
            const [tool, prompt] = [toolChanges(), promptChanges()];
            await peer.call('test_trigger_tool_change');
            await peer.call('test_trigger_prompt_change');
            await until(() => toolChanges() === tool + 1 && promptChanges() === prompt + 1, 'one change on each stream');
            const ids = peer.wire
                .filter(({ message }) => /(tools|prompts)\/list_changed$/.test(message.method))
                .slice(-2)
                .map(({ message }) => message.params?._meta?.['io.modelcontextprotocol/subscriptionId']);
            check(ids[0] && ids[1] && ids[0] !== ids[1], `the streams are not told apart by their subscriptionId: ${show(ids)}`);
            await tools.close();
            await prompts.close();
        });
    }

    if (legacy || input) {
        if (since(peer, '2025-06-18')) {
            await run.feature('elicitation: accept, decline, cancel', async () => {
                user.answer = { action: 'accept', content: { username: 'ann', email: 'ann@example.com' } };
                const accepted = await text('test_elicitation', { message: 'Who are you?' });
                const [asked] = user.elicitations.splice(0);
                equal(asked.message, 'Who are you?', 'message of the elicitation');
                equal(Object.keys(asked.requestedSchema.properties), ['username', 'email'], 'fields of the form');
                equal(asked.requestedSchema.required, ['username', 'email'], 'required fields of the form');
                for (const part of ['accept', 'ann', 'ann@example.com']) includes(accepted, part, 'answer of the tool to accept');
                for (const action of ['decline', 'cancel']) {
                    user.answer = { action };
                    includes(await text('test_elicitation', { message: 'Who are you?' }), action, `answer of the tool to ${action}`);
                }
                equal(user.elicitations.splice(0).length, 2, 'elicitations');
            });
            await run.feature('elicitation: defaults', async () => {
                user.answer = { action: 'accept', content: { name: 'Jane', age: 31, score: 1.5, status: 'pending', verified: false } };
                const answer = await text('test_elicitation_sep1034_defaults');
                const [{ requestedSchema }] = user.elicitations.splice(0);
                const defaults = Object.fromEntries(Object.entries(requestedSchema.properties).map(([key, value]) => [key, value.default]));
                // Up to 2025-06-18, only booleans can have a default.
                if (since(peer, '2025-11-25')) {
                    equal(defaults, { name: 'John Doe', age: 30, score: 95.5, status: 'active', verified: true }, 'defaults');
                }
                includes(answer, 'Jane', 'answer of the tool');
            });
        }
        if (since(peer, '2025-11-25')) {
            await run.feature('elicitation: enumerations', async () => {
                user.answer = { action: 'accept', content: { untitledSingle: 'option2', titledMulti: ['value1', 'value3'] } };
                const answer = await text('test_elicitation_sep1330_enums');
                const { properties } = user.elicitations.splice(0)[0].requestedSchema;
                check(properties.untitledSingle.enum?.length > 0, `untitledSingle: ${show(properties.untitledSingle)}`);
                check(properties.titledSingle.oneOf?.every(({ const: value, title }) => value && title), `titledSingle: ${show(properties.titledSingle)}`);
                equal(properties.legacyEnum.enumNames?.length, properties.legacyEnum.enum?.length, 'names of legacyEnum');
                check(properties.untitledMulti.items?.enum?.length > 0, `untitledMulti: ${show(properties.untitledMulti)}`);
                check(properties.titledMulti.items?.anyOf?.length > 0, `titledMulti: ${show(properties.titledMulti)}`);
                includes(answer, 'value3', 'answer of the tool');
            });
        }
        const page = 'https://example.com/consent?id=1';
        if (since(peer, '2025-11-25')) {
            await run.feature('elicitation: a URL', async () => {
                for (const action of ['accept', 'decline', 'cancel']) {
                    user.answer = { action };
                    equal(await text('visit_url', { url: page }), `visit: ${action}`, 'answer of the tool');
                }
                const asked = user.elicitations.splice(0);
                equal(asked.length, 3, 'elicitations');
                for (const { mode, url, message, elicitationId } of asked) {
                    equal([mode, url], ['url', page], 'mode and URL');
                    check(message.length > 0, 'the elicitation has no message');
                    equal(typeof elicitationId, legacy ? 'string' : 'undefined', 'kind of elicitationId');
                }
                if (legacy) equal(new Set(asked.map(({ elicitationId }) => elicitationId)).size, 3, 'different elicitationIds');
            });
        } else {
            await run.feature('elicitation: a URL is not asked for where the revision has none', async () => {
                const failed = await peer.call('visit_url', { url: page }).then(result => result.isError === true, () => true);
                check(failed, 'visit_url succeeded');
                equal(user.elicitations.splice(0), [], 'elicitations');
            });
        }
        await run.feature('sampling', async () => {
            includes(await text('test_sampling', { prompt: 'The capital of France?' }), 'Paris', 'answer of the tool');
            const [asked] = user.samplings.splice(0);
            equal(asked.maxTokens, 100, 'maxTokens');
            equal([asked.messages[0].content].flat()[0].text, 'The capital of France?', 'text of the message');
        });
        await run.feature('roots', async () => {
            const uris = async () => (await text('list_roots')).split('\n').filter(Boolean);
            equal(await uris(), roots.map(root => root.uri), 'roots that the server saw');
            roots.pop();
            if (legacy) await peer.rootsChanged();
            equal(await uris(), roots.map(root => root.uri), 'roots that the server saw after they changed');
        });
    }
    if (!legacy && input) await inputRequired(run, peer, user);

    await run.feature(legacy ? 'legacy results on the wire' : 'modern results on the wire', () => {
        const results = peer.wire.filter(({ sent, message }) => !sent && message.result !== undefined);
        check(results.length > 50, `only ${results.length} results came`);
        for (const { message } of results) {
            const { resultType, ttlMs, cacheScope } = message.result;
            if (legacy) {
                equal([resultType, ttlMs, cacheScope], [undefined, undefined, undefined], `members of 2026 in ${show(message)}`);
            } else {
                check(typeof resultType === 'string', `no resultType in ${show(message)}`);
            }
        }
        if (legacy) return;
        const cacheable = ['tools/list', 'prompts/list', 'resources/list', 'resources/templates/list', 'resources/read'];
        for (const method of cacheable) {
            const ids = peer.wire.filter(({ sent, message }) => sent && message.method === method).map(({ message }) => message.id);
            const [answer] = results.filter(({ message }) => ids.includes(message.id));
            check(Number.isInteger(answer?.message.result.ttlMs), `no ttlMs in the result of ${method}`);
            check(['public', 'private'].includes(answer.message.result.cacheScope), `no cacheScope in the result of ${method}`);
        }
        check(!peer.wire.some(({ sent, message }) => !sent && message.method && message.id !== undefined), 'the server sent a request');
    });
    await peer.close();

    await run.feature('a client without capabilities', async () => {
        const bare = await open({ handlers: {} });
        equal(await firstText(await bare.call('add', { a: 2, b: 2 })), '4', 'text of add');
        if (legacy) {
            for (const [name, args] of [['test_elicitation', { message: 'Who?' }], ['visit_url', { url: 'https://example.com' }], ['test_sampling', { prompt: 'What?' }], ['list_roots', {}]]) {
                const failed = await bare.call(name, args).then(result => result.isError === true, () => true);
                check(failed, `${name} succeeded for a client that cannot answer it`);
            }
            check(!bare.wire.some(({ sent, message }) => !sent && message.method && message.id !== undefined && message.method !== 'ping'),
                'the server sent a request that the client did not declare');
        } else {
            await refused(bare.call('test_missing_capability'), -32021, 'test_missing_capability without sampling');
            const { data } = bare.wire.findLast(({ message }) => message.error).message.error;
            equal(data?.requiredCapabilities, { sampling: {} }, 'data.requiredCapabilities');
            const visit = await refused(bare.call('visit_url', { url: 'https://example.com' }), -32021, 'visit_url without elicitation');
            equal(visit.data?.requiredCapabilities, { elicitation: { url: {} } }, 'data.requiredCapabilities of visit_url');
        }
        await bare.close();
    });
}

/** Requests of a server on 2026-07-28: `input_required` results, which the client answers by repeating its request. */
async function inputRequired(run, peer, user) {
    const text = async name => firstText(await peer.call(name));
    const named = { action: 'accept', content: { name: 'Alice' } };
    await run.feature('input_required: elicitation', async () => {
        user.answer = named;
        includes(await text('test_input_required_result_elicitation'), 'Alice', 'answer of the tool');
        equal(user.elicitations.splice(0).length, 1, 'elicitations');
    });
    await run.feature('input_required: sampling', async () => {
        includes(await text('test_input_required_result_sampling'), 'Paris', 'answer of the tool');
        equal(user.samplings.splice(0).length, 1, 'samplings');
    });
    await run.feature('input_required: roots', async () => {
        includes(await text('test_input_required_result_list_roots'), 'file:///projects/one', 'answer of the tool');
    });
    await run.feature('input_required: request state', async () => {
        user.answer = { action: 'accept', content: { ok: true } };
        includes(await text('test_input_required_result_request_state'), 'state-ok', 'answer of the tool');
        user.elicitations.splice(0);
    });
    await run.feature('input_required: several at once', async () => {
        user.answer = named;
        includes(await text('test_input_required_result_multiple_inputs'), 'Alice', 'answer of the tool');
        equal([user.elicitations.splice(0).length, user.samplings.splice(0).length], [1, 1], 'elicitations and samplings');
    });
    await run.feature('input_required: two rounds', async () => {
        user.answer = ({ requestedSchema }) => ({
            action: 'accept',
            content: Object.fromEntries(Object.keys(requestedSchema.properties).map(key => [key, key === 'name' ? 'Alice' : 'blue']))
        });
        includes(await text('test_input_required_result_multi_round'), 'Alice', 'answer of the tool');
        equal(user.elicitations.splice(0).length, 2, 'elicitations');
    });
    await run.feature('input_required: a state that was tampered with', async () => {
        const name = 'test_input_required_result_tampered_state';
        const first = await peer.raw('tools/call', { name, arguments: {} });
        equal(first.resultType, 'input_required', 'resultType');
        const [key] = Object.keys(first.inputRequests);
        const retry = requestState => ({
            name,
            arguments: {},
            requestState,
            inputResponses: { [key]: { action: 'accept', content: { ok: true } } }
        });
        const refusal = await peer.raw('tools/call', retry(`${first.requestState}-TAMPERED`)).then(show, error => error.code);
        check(typeof refusal === 'number', `the server took a state that it did not make: ${refusal}`);
        const result = await peer.raw('tools/call', retry(first.requestState));
        check(firstText(result)?.length > 0 && !result.isError, `the true state was not taken: ${show(result)}`);
    });
    await run.feature('input_required: a prompt', async () => {
        user.answer = { action: 'accept', content: { context: 'whales' } };
        const result = await peer.prompt('test_input_required_result_prompt');
        includes(result.messages[0].content.text, 'whales', 'text of the prompt');
        user.elicitations.splice(0);
    });
    await run.feature('input_required: only what the client can answer', async () => {
        user.answer = named;
        const before = peer.wire.length;
        await peer.call('test_input_required_result_capabilities');
        const asked = peer.wire.slice(before).find(({ message }) => message.result?.inputRequests);
        check(Object.keys(asked?.message.result.inputRequests ?? {}).length > 0, 'the server asked nothing');
        user.elicitations.splice(0);
        user.samplings.splice(0);
    });
}
