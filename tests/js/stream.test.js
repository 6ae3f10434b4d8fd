import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

let sources;
let listeners;

class Source {
  constructor(url) {
    this.url = url;
    this.handlers = {};
    this.closed = false;
    sources.push(this);
  }
  addEventListener(type, handler) {
    this.handlers[type] = handler;
  }
  close() {
    this.closed = true;
  }
  send(type, data = "") {
    this.handlers[type]({ type, data, lastEventId: "" });
  }
}

beforeEach(() => {
  sources = [];
  listeners = {};
  mock.timers.enable({ apis: ["setInterval", "setTimeout", "Date"] });
  const window = { ReconnectingEventSource: Source, addEventListener: (type, run) => (listeners[type] = run) };
  globalThis.window = { ...window, removeEventListener() {} };
  Object.defineProperty(globalThis, "navigator", { value: {}, configurable: true }); // node 21 has one of its own
});
afterEach(() => mock.timers.reset());

async function openStream() {
  const { SharedStream } = await import("../../realtime/static/realtime/stream.js");
  const states = [];
  const events = [];
  const stream = new SharedStream({
    url: "/events",
    eventTypes: ["tick"],
    onEvent: ({ type }) => events.push(type),
    onStatus: ({ state }) => states.push(state),
    probe: async () => 200,
    onRefused() {},
  });
  stream.start("c:0");
  sources[0].send("stream-open", "{}");
  return { events, states, stream };
}

test("a stream that is silent for too long is opened anew", async () => {
  const { states, stream } = await openStream();
  mock.timers.tick(50_000);
  assert.deepEqual(states, ["live", "reconnecting"]);
  assert.equal(sources.length, 2);
  assert.equal(sources[0].closed, true);
  stream.stop();
});

test("pulses keep it, and are no events of the page's", async () => {
  const { events, states, stream } = await openStream();
  for (let second = 0; second < 120; second += 15) {
    mock.timers.tick(15_000);
    sources[0].send("keep-alive");
  }
  assert.deepEqual([events, states, sources.length], [["stream-open"], ["live"], 1]);
  assert.match(sources[0].url, /pulse=1/);
  stream.stop();
});

test("it says at once that the network is gone, and is opened anew when it is back", async () => {
  const { states, stream } = await openStream();
  listeners.offline();
  assert.equal(states.at(-1), "reconnecting");
  listeners.online();
  assert.equal(sources.length, 2);
  stream.stop();
});
