// Shared by the client scripts: the command line, the run of the features, and the summary.
import { isDeepStrictEqual, parseArgs } from 'node:util';

/** A failed assertion. The message has the actual and the expected value. */
class Failure extends Error {}

/** Returns JSON on one line for a message, truncated if it is long. */
export function show(value) {
    const shown = JSON.stringify(value) ?? String(value);
    return shown.length > 2000 ? `${shown.slice(0, 2000)}…` : shown;
}

export function check(condition, message) {
    if (!condition) throw new Failure(message);
}

export function equal(got, want, what) {
    check(isDeepStrictEqual(got, want), `${what}: expected ${show(want)}, got ${show(got)}`);
}

export function includes(text, part, what) {
    check(typeof text === 'string' && text.includes(part), `${what}: expected a text with ${show(part)}, got ${show(text)}`);
}

/** Waits until `condition` holds; fails after `ms`. */
export async function until(condition, what, ms = 5000) {
    const end = Date.now() + ms;
    for (;;) {
        const value = await condition();
        if (value) return value;
        check(Date.now() < end, `${what}: still not so after ${ms} ms`);
        await new Promise(resolve => setTimeout(resolve, 10));
    }
}

export const pause = ms => new Promise(resolve => setTimeout(resolve, ms));

/** Returns the JSON-RPC error that `promise` must reject with. */
export async function refused(promise, code, what) {
    let result;
    try {
        result = await promise;
    } catch (error) {
        check(error.code === code, `${what}: expected error ${code}, got ${error.code ?? error.name}: ${error.message}`);
        return error;
    }
    throw new Failure(`${what}: expected error ${code}, got the result ${show(result)}`);
}

/**
 * `[--mode M] [--input] [--timeout-ms N] (--url URL | -- COMMAND ARGS…)`; `modes[0]` is the default mode.
 */
export function commandLine(modes) {
    const usage = `usage: [--mode ${modes.join('|')}] [--input] [--timeout-ms N] (--url URL | -- COMMAND ARGS…)`;
    const { values, positionals } = parseArgs({
        allowPositionals: true,
        options: {
            mode: { type: 'string', default: modes[0] },
            input: { type: 'boolean', default: false },
            url: { type: 'string' },
            'timeout-ms': { type: 'string', default: '60000' }
        }
    });
    if (!modes.includes(values.mode) || (values.url === undefined) === (positionals.length === 0)) {
        console.error(usage);
        process.exit(2);
    }
    const [command, ...args] = positionals;
    return { mode: values.mode, input: values.input, url: values.url, command, args, deadline: Number(values['timeout-ms']) };
}

/** Runs features one after the other. The first failure ends the process with status 1. */
export class Run {
    #passed = 0;
    #current = 'start';

    constructor(deadline) {
        this.timer = setTimeout(() => this.#fail(new Failure(`not done after ${deadline} ms`)), deadline);
        process.on('unhandledRejection', error => this.#fail(error));
        process.on('uncaughtException', error => this.#fail(error));
    }

    async feature(name, body) {
        this.#current = name;
        try {
            await body();
        } catch (error) {
            this.#fail(error);
        }
        this.#passed += 1;
        console.log(`ok ${name}`);
    }

    done() {
        clearTimeout(this.timer);
        console.log(`${this.#passed} passed, 0 failed`);
        process.exitCode = 0;
        // A server that does not exit, or an open handle of the SDK, is a failure.
        setTimeout(() => {
            console.log('not ok exit: the process is still alive 10 s after the last feature');
            process.exit(1);
        }, 10_000).unref();
    }

    #fail(error) {
        const detail = error instanceof Failure ? error.message : (error?.stack ?? String(error));
        console.log(`not ok ${this.#current}: ${detail}`);
        console.log(`${this.#passed} passed, 1 failed`);
        process.exit(1);
    }
}
