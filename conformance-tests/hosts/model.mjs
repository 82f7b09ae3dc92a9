// A model on this machine, for hosts that are tested with it. It speaks the Responses API (Codex),
// the Messages API (Claude Code) and the Gemini API (Gemini CLI). Its first answer calls a tool; the
// next one quotes what the host passed on as the result of the tool, so that the host prints it.
//
// usage: node model.mjs PORT TOOL ARGUMENTS
import { createServer } from "node:http";

const [port, tool, argumentsText] = process.argv.slice(2);
const toolArguments = JSON.parse(argumentsText);

/** Whether a host offers the tool under this name: hosts add a prefix. */
const isTool = (name) => name === tool || (name ?? "").endsWith(`_${tool}`);

/** The text of a result, which hosts pass on as a string, as blocks or as an object. */
function textOf(result) {
    if (typeof result === "string") return result;
    if (Array.isArray(result)) return result.map((block) => block.text ?? "").join("\n");
    return textOf(result.output ?? JSON.stringify(result));
}

/** What the model says: a call of one of the tools that the host offers, or a text. */
function answer(offered, result) {
    if (result !== undefined) return { text: `The tool says: ${textOf(result)}` };
    const call = offered.find(({ name }) => isTool(name));
    if (call) return { call };
    const names = offered.map(({ name, namespace }) => (namespace ? `${namespace}__${name}` : name));
    const ours = names.map((name) => /^mcp_+calculator_+(.*)$/.exec(name)?.[1]).filter(Boolean);
    return { text: `The tools of calculator are ${ours.sort().join(" ")}.` };
}

function responses({ tools = [], input }) {
    const offered = tools.flatMap(({ type, name, tools: members }) =>
        type === "namespace" ? members.map((it) => ({ name: it.name, namespace: name })) : { name },
    );
    const result = input.find(({ type }) => type === "function_call_output")?.output;
    const { call, text } = answer(offered, result);
    const item = call
        ? { type: "function_call", call_id: "c", ...call, arguments: argumentsText }
        : { type: "message", role: "assistant", id: "m", content: [{ type: "output_text", text }] };
    const usage = { input_tokens: 1, output_tokens: 1, total_tokens: 2 };
    return [
        { type: "response.created", response: { id: "r" } },
        { type: "response.output_item.done", item },
        { type: "response.completed", response: { id: "r", usage } },
    ];
}

function messages({ tools = [], messages, model }) {
    const blocks = messages.flatMap(({ content }) => (Array.isArray(content) ? content : []));
    const result = blocks.find(({ type }) => type === "tool_result")?.content;
    const { call, text } = answer(tools, result);
    const block = call
        ? { type: "tool_use", id: "toolu_1", name: call.name, input: {} }
        : { type: "text", text: "" };
    const delta = call
        ? { type: "input_json_delta", partial_json: argumentsText }
        : { type: "text_delta", text };
    const usage = { input_tokens: 1, output_tokens: 1 };
    const message = { id: "m", type: "message", role: "assistant", model, content: [], usage };
    return [
        { type: "message_start", message },
        { type: "content_block_start", index: 0, content_block: block },
        { type: "content_block_delta", index: 0, delta },
        { type: "content_block_stop", index: 0 },
        { type: "message_delta", delta: { stop_reason: call ? "tool_use" : "end_turn" }, usage },
        { type: "message_stop" },
    ];
}

function gemini({ tools = [], contents }) {
    const offered = tools.flatMap(({ functionDeclarations }) => functionDeclarations ?? []);
    const said = contents.flatMap(({ parts }) => parts).find((part) => part.functionResponse);
    const result = said?.functionResponse.response;
    const { call, text } = answer(offered, result);
    const part = call ? { functionCall: { name: call.name, args: toolArguments } } : { text };
    const candidate = { index: 0, content: { role: "model", parts: [part] }, finishReason: "STOP" };
    const usageMetadata = { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 };
    return [{ candidates: [candidate], usageMetadata }];
}

const INTERFACES = { "/responses": responses, "/messages": messages, ":streamGenerateContent": gemini };

const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://127.0.0.1");
    const found = Object.entries(INTERFACES).find(([end]) => pathname.endsWith(end));
    let body = "";
    for await (const part of request) body += part;
    if (!found || request.method !== "POST") {
        response.writeHead(404).end();
        return;
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const event of found[1](JSON.parse(body))) {
        if (event.type) response.write(`event: ${event.type}\n`);
        response.write(`data: ${JSON.stringify(event)}\n\n`);
    }
    response.end();
});
server.listen(Number(port), "127.0.0.1");
