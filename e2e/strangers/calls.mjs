// Calls a server and follows a play by what others wrote: jayson, eventsource and undici.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [packages, url, socket] = process.argv.slice(2);
const require = createRequire(`${packages}/`);
const jayson = require("jayson");
const { Agent, fetch } = require("undici");
const { EventSource } = require("eventsource");

const source = readFileSync(new URL("says.py", import.meta.url), "utf8");
const token = { Authorization: `Bearer ${process.env.HERO_LOGIC_TOKEN}` };

class Hero {
  constructor(client, base, options) {
    Object.assign(this, { client, base, options });
  }

  ask(method, params, id) {
    return new Promise((resolve, reject) =>
      this.client.request(method, params, id, (error, answer) => (error ? reject(error) : resolve(answer))),
    );
  }

  async call(method, params = {}) {
    const { error, result } = await this.ask(method, params);
    assert.equal(error, undefined, JSON.stringify(error));
    return result;
  }

  batch(calls) {
    return new Promise((resolve, reject) =>
      this.client.request(calls, (error, answers) => (error ? reject(error) : resolve(answers))),
    );
  }
}

async function calls(hero) {
  assert.ok((await hero.call("server_info")).process.pid > 0);
  const unknown = (await hero.ask("no_such_method", {})).error;
  assert.deepEqual([unknown.code, unknown.data.code], [-32601, "method_not_found"]);
  const wrong = (await hero.ask("play_status", { play_sid: "../../x" })).error;
  assert.deepEqual([wrong.code, wrong.data.fields[0].pointer], [-32602, "/play_sid"]);
  const byPosition = (await hero.ask("play_status", ["play_01arz3ndektsv4rrffq69g5fav"])).error;
  assert.equal(byPosition.data.code, "not_found");
  // A call without an id is a notification, to which nothing is answered.
  assert.equal(await hero.ask("server_info", {}, null), undefined);
  const answers = await hero.batch([
    hero.client.request("server_info", {}, "first"),
    hero.client.request("server_info", {}, null),
    hero.client.request("nothing", {}, "second"),
  ]);
  assert.deepEqual(answers.map((answer) => [answer.id, answer.error === undefined]), [["first", true], ["second", false]]);
}

/** What an event source reads by: each of the first connections is cut in the middle of what comes. */
function cutting(hero, state) {
  return async (address, init) => {
    const response = await fetch(address, { ...init, ...hero.options, headers: { ...init.headers, ...hero.options.headers } });
    state.connections.push(init.headers["Last-Event-ID"] ?? "");
    if (state.connections.length > 2) return response;
    const reader = response.body.getReader();
    // The first one brings no event whole, the second one does.
    let left = state.connections.length;
    const body = new ReadableStream({
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) return controller.close();
        if (--left > 0) return controller.enqueue(value);
        controller.enqueue(value.slice(0, value.length / 2));
        controller.close();
        await reader.cancel();
      },
    });
    return { body, url: response.url, status: response.status, redirected: false, headers: response.headers };
  };
}

async function follow(hero) {
  const { play_sid } = await hero.call("play_run_async", { source, entry: "main" });
  const state = { connections: [] };
  const lines = [];
  const spans = new Map();
  let isAnswered = false;
  const events = new EventSource(`${hero.base}/plays/${play_sid}/events`, { fetch: cutting(hero, state) });
  await new Promise((resolve, reject) => {
    events.addEventListener("end", resolve);
    events.addEventListener("message", (event) => reject(new Error(`an event of no name: ${event.data}`)));
    events.addEventListener("spans", (event) => {
      const page = JSON.parse(event.data);
      assert.equal(event.lastEventId, String(page.last_seq));
      lines.push(...page.logs);
      for (const span of page.spans) spans.set(span.span_id, span);
      if (page.status !== "awaiting_resume" || isAnswered) return;
      isAnswered = true;
      answer(hero, play_sid).catch(reject);
    });
  });
  events.close();
  assert.ok(state.connections.length > 2, `only ${state.connections.length} connections`);
  await compare(hero, play_sid, lines, spans);
}

async function answer(hero, play_sid) {
  const [question] = (await hero.call("play_pending_resumes", { play_sid })).resumes;
  await hero.call("play_resume", { play_sid, resume_id: question.resume_id, payload: "a\r\nb" });
}

async function compare(hero, play_sid, lines, spans) {
  const whole = { lines: [], spans: new Map() };
  for (let after_seq = 0; ; ) {
    const page = await hero.call("play_spans", { play_sid, after_seq });
    if (page.last_seq === after_seq) break;
    whole.lines.push(...page.logs);
    for (const span of page.spans) whole.spans.set(span.span_id, span);
    after_seq = page.last_seq;
  }
  assert.deepEqual(lines, whole.lines, "a line is missing, doubled, or another one");
  assert.deepEqual(new Map([...spans].sort()), new Map([...whole.spans].sort()), "a node is missing or older");
  const texts = lines.map((line) => line.text);
  for (const text of ["carriage\rreturn", "nul\0inside", "event: end", "\u{1f600} beyond the plane", "19 a\r\nb"]) {
    assert.ok(texts.includes(text), JSON.stringify(texts));
  }
}

const { hostname, port } = new URL(url);
const overTcp = new Hero(jayson.client.http({ hostname, port, path: "/rpc", headers: token }), url, { headers: token });
const overSocket = new Hero(jayson.client.http({ socketPath: socket, path: "/rpc" }), "http://localhost", {
  dispatcher: new Agent({ connect: { socketPath: socket } }),
});
await Promise.all(
  [overTcp, overSocket].map(async (hero) => {
    await calls(hero);
    await follow(hero);
  }),
);
process.exit(0);
