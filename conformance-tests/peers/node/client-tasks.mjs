// Client of the official package for tasks (@modelcontextprotocol/ext-tasks 0.2.2) against the fixture of ../FIXTURE.md.
//
//     node client-tasks.mjs [--mode 2026-07-28|2025-11-25] [--timeout-ms N] (--url URL | -- COMMAND ARGS…)
//
// 2026-07-28 is the extension, which the package calls v2; 2025-11-25 are the experimental tasks, v1.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { createTaskSessionFromClient } from '@modelcontextprotocol/ext-tasks/client';
import { z } from 'zod';

import { Run, check, commandLine, equal, includes, until } from './harness.mjs';

const TASKS = 'io.modelcontextprotocol/tasks';
const options = commandLine(['2026-07-28', '2025-11-25']);
const run = new Run(options.deadline);
const isModern = options.mode === '2026-07-28';
const clientInfo = { name: 'ext-tasks', version: '0.2.2' };
const capabilities = { elicitation: { form: {}, url: {} } };

const client = new Client(clientInfo, {
    ...(isModern ? { versionNegotiation: { mode: { pin: options.mode } } } : { supportedProtocolVersions: [options.mode] }),
    capabilities
});
const transport =
    options.url === undefined
        ? new StdioClientTransport({ command: options.command, args: options.args })
        : new StreamableHTTPClientTransport(new URL(options.url));
await client.connect(transport);

/** All messages, and the requests of the package, which the SDK must not see: its types have no tasks of 2026-07-28. */
const wire = [];
const waiting = new Map();
const send = transport.send.bind(transport);
const deliver = transport.onmessage;
transport.send = (message, sendOptions) => {
    wire.push(message);
    return send(message, sendOptions);
};
transport.onmessage = (message, extra) => {
    wire.push(message);
    const answer = message.method === undefined && waiting.get(message.id);
    if (answer === undefined || answer === false) return deliver(message, extra);
    waiting.delete(message.id);
    answer(message.error === undefined ? { kind: 'result', result: message.result } : { kind: 'error', error: message.error });
};
let count = 0;
function rawDispatch(request) {
    const id = `raw-${(count += 1)}`;
    return new Promise((resolve, reject) => {
        waiting.set(id, resolve);
        transport.send({ jsonrpc: '2.0', id, ...request }).catch(reject);
    });
}
const v2RequestFraming = { protocolVersion: options.mode, clientInfo, clientCapabilities: capabilities };

const errors = [];
const questions = [];
let answers = {};
const tools = (await client.listTools()).tools;
const newSession = () =>
    createTaskSessionFromClient(client, {
        endpointId: 'everything-server',
        ...(isModern && { rawDispatch, v2RequestFraming }),
        tools: { currentTool: name => declaration(name) },
        onInputRequest: async ({ kind, params }, context) => {
            questions.push({ kind, message: params.message, scope: context.scope, delivery: context.delivery });
            return answers[params.message] ?? { action: 'cancel' };
        },
        onError: error => errors.push(error)
    });
const session = newSession();

function declaration(name) {
    const tool = tools.find(known => known.name === name);
    check(tool !== undefined, `the tool ${name} is listed`);
    return { name, inputSchema: tool.inputSchema, taskSupport: tool.execution?.taskSupport, extensions: {} };
}

const accept = content => ({ action: 'accept', content });
// In 2026-07-28 the server decides; in 2025-11-25 the client does.
const call = (name, args) => session.callTool(name, args, isModern ? {} : { task: { preference: 'prefer' } });
const text = outcome => {
    check(outcome.result !== undefined, `expected a result, got ${outcome.status}: ${outcome.error?.cause ?? outcome.error}`);
    return outcome.result.content[0].text;
};
const sent = method => wire.filter(message => message.method === method).length;

async function asTask(name, args) {
    const execution = await call(name, args);
    equal(execution.kind, 'task', `${name} as a task`);
    return execution;
}

/**
 * Waits for the end of a task.
 *
 * In 2025-11-25 the questions of a task arrive while a client waits for its result, and a client that finds the status
 * `input_required` should ask for the result. The package does not (0.2.2, task-protocol-v1.js), so this does.
 */
async function settle(execution) {
    let asked = false;
    const onEvent = ({ task }) => {
        if (isModern || asked || task?.status !== 'input_required') return;
        asked = true;
        client.request({ method: 'tasks/result', params: { taskId: task.taskId } }, z.looseObject({})).catch(error => errors.push(error));
    };
    const { outcome } = await execution.settle({ onEvent });
    return outcome;
}

await run.feature('the server has tasks', async () => {
    const { extensions, tasks } = client.getServerCapabilities();
    if (isModern) equal(extensions[TASKS], {}, 'settings of the extension');
    else equal(tasks, { cancel: {}, requests: { tools: { call: {} } } }, 'capability');
    equal(session.capabilities.execution, true, 'the package finds tasks');
});

await run.feature('a call that becomes a task', async () => {
    const before = sent('tasks/get');
    const seen = [];
    const execution = await asTask('slow_compute', { seconds: 0.4, label: 'a' });
    const { outcome, lastTask } = await execution.settle({ onEvent: ({ task }) => void (task && seen.push(task)) });
    equal([outcome.status, text(outcome)], ['completed', 'a: computed for 0.4 s'], 'outcome');
    check(sent('tasks/get') > before, 'the task is polled');
    equal(seen[0].suggestedPollIntervalMs, 100, 'interval');
    equal([lastTask.taskId, lastTask.status], [execution.handle.taskId, 'completed'], 'last state');
});

await run.feature('a call that does not', async () => {
    const execution = await call('greet', { name: 'Ada' });
    equal([execution.kind, text(await settle(execution))], ['immediate', 'Hello, Ada!'], 'kind and text');
});

await run.feature('errors for the model and for the client', async () => {
    const forModel = await settle(await asTask('failing_job', {}));
    // In 2025-11-25 both are failures. The package then reads the status message, and neither the result nor the error.
    if (isModern) equal([forModel.status, forModel.result.isError, text(forModel)], ['completed', true, 'the job failed, as intended'], 'outcome');
    else equal([forModel.status, forModel.error.message], ['failed', 'the job failed, as intended'], 'outcome');
    const { status, error } = await settle(await asTask('protocol_error_job', {}));
    equal([status, error.code, error.message], ['failed', isModern ? -31000 : undefined, 'the job broke, as intended'], 'outcome');
});

await run.feature('input in the middle of a task', async () => {
    const delivery = isModern ? 'task-update' : 'peer-request';
    const question = message => ({ kind: 'elicitation', message, scope: 'task', delivery });
    answers = { 'Delete a.txt?': accept({ confirm: true }) };
    equal(text(await settle(await asTask('confirm_delete', { filename: 'a.txt' }))), 'deleted a.txt', 'text');
    equal(questions.splice(0), [question('Delete a.txt?')], 'questions');
    answers = { 'What is your name?': accept({ name: 'Ada' }), 'Do you like tasks?': accept({ confirm: false }) };
    equal(text(await settle(await asTask('multi_input', {}))), 'Ada dislikes tasks', 'text');
    const asked = questions.splice(0).sort((a, b) => (a.message < b.message ? -1 : 1));
    equal(asked, [question('Do you like tasks?'), question('What is your name?')], 'questions');
});

await run.feature('input that is refused', async () => {
    answers = { 'Delete b.txt?': { action: 'decline' } };
    const outcome = await settle(await asTask('confirm_delete', { filename: 'b.txt' }));
    equal(outcome.status, isModern ? 'completed' : 'failed', 'outcome');
    includes(isModern ? text(outcome) : outcome.error.message, 'declined', 'text');
    questions.splice(0);
});

if (isModern) {
    await run.feature('input before the task', async () => {
        answers = { 'What is your name?': accept({ name: 'Bo' }) };
        const execution = await asTask('test_tool_with_task', {});
        const asked = { kind: 'elicitation', message: 'What is your name?', scope: 'request', delivery: 'request-retry' };
        equal(questions.splice(0), [asked], 'questions');
        equal(text(await settle(execution)), 'Hello, Bo!', 'text');
        equal(questions, [], 'questions of the task');
    });

    await run.feature('notifications', async () => {
        const execution = await asTask('slow_compute', { seconds: 0.3, label: 'b' });
        const { taskId } = execution.handle;
        const _meta = { 'io.modelcontextprotocol/protocolVersion': options.mode };
        _meta['io.modelcontextprotocol/clientInfo'] = clientInfo;
        _meta['io.modelcontextprotocol/clientCapabilities'] = { ...capabilities, extensions: { [TASKS]: {} } };
        // Ends with the connection. The package takes notifications, but does not ask for them.
        void rawDispatch({ method: 'subscriptions/listen', params: { notifications: { taskIds: [taskId] }, _meta } });
        equal(text(await settle(execution)), 'b: computed for 0.3 s', 'text');
        const changes = () => wire.filter(({ method, params }) => method === 'notifications/tasks' && params.taskId === taskId);
        const last = await until(() => changes().find(({ params }) => params.status === 'completed'), 'the last state');
        equal(last.params.result.content[0].text, 'b: computed for 0.3 s', 'text of the notification');
    });
} else {
    await run.feature('a server without principals lists no tasks', async () => {
        equal(session.capabilities.inventory !== 'server-list', true, 'inventory');
    });
}

await run.feature('status message and cancellation', async () => {
    const execution = await asTask('slow_compute', { seconds: 60 });
    const state = () => session.task(execution.handle.taskId).snapshot();
    await until(async () => (await state()).statusMessage === 'computing for 60 s', 'the status message');
    await execution.cancel();
    equal((await settle(execution)).status, 'cancelled', 'outcome');
    equal((await state()).status, 'cancelled', 'state');
});

await run.feature('a task that is resumed', async () => {
    const execution = await asTask('slow_compute', { seconds: 0.5, label: 'c' });
    let saved;
    await execution.handoff(reference => void (saved = JSON.stringify(reference)));
    // The execution gives the task up a little later. Closing the session now would cancel the task.
    const resume = () => session.resumeTask(JSON.parse(saved)).catch(error => check(error.name === 'TaskRecoveryOwnershipError', error));
    const resumed = await until(resume, 'the task can be resumed');
    equal(resumed.handle.taskId, execution.handle.taskId, 'id');
    equal(text(await settle(resumed)), 'c: computed for 0.5 s', 'text');
});

await run.feature('an unknown task', async () => {
    const error = await session.task('unknown').snapshot().then(
        () => undefined,
        raised => raised
    );
    equal(error?.error?.code ?? error?.code, -32602, 'code');
});

await run.feature('nothing else went wrong', async () => equal(errors.map(String), [], 'errors of the package'));

await session.close();
await client.close();
run.done();
