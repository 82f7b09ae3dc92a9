// Shared by the HTTP servers: they listen on a free port of 127.0.0.1 and print their URL to standard error, and
// they have an event store for resumed streams.
//
// `node --import ./listening.mjs …` does the same for a server that has no option for its address.
import net from 'node:net';

const { listen } = net.Server.prototype;
net.Server.prototype.listen = function (_, ...more) {
    const done = more.find(argument => typeof argument === 'function');
    this.once('listening', () => console.error(`http://127.0.0.1:${this.address().port}`));
    return listen.call(this, 0, '127.0.0.1', done);
};

/** An event store for both versions of the SDK. */
export class Events {
    #events = [];

    async storeEvent(streamId, message) {
        this.#events.push({ streamId, message });
        return String(this.#events.length);
    }

    async getStreamIdForEventId(eventId) {
        return this.#events[Number(eventId) - 1]?.streamId;
    }

    async replayEventsAfter(lastEventId, { send }) {
        const streamId = await this.getStreamIdForEventId(lastEventId);
        for (let id = Number(lastEventId) + 1; id <= this.#events.length; id += 1) {
            const event = this.#events[id - 1];
            // An event without a message only starts its stream.
            if (event.streamId === streamId && Object.keys(event.message).length > 0) await send(String(id), event.message);
        }
        return streamId;
    }
}
