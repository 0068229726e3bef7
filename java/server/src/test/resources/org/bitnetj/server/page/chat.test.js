import { add, newChat, path, request, revive, siblings, turn } from "/page/chat.js";
import { EventParser } from "/page/events.js";
import { imported } from "/page/import.js";
import { equal, test } from "./testing.js";

const EMPTY = { mode: "chat", system: "", thinking: "", temperature: "", seed: "" };
const TIMINGS = { cache_n: 0, prompt_n: 7, predicted_n: 3, predicted_per_second: 12.5 };
const texts = (chat) => path(chat).map((message) => message.text);

test("chat: what is edited and what is repeated stand beside each other", () => {
  const chat = newChat(EMPTY);
  const question = add(chat, 0, "user", "Hello\nthere");
  const first = add(chat, question.id, "assistant", "a");
  const second = add(chat, question.id, "assistant", "b");
  equal([chat.title, texts(chat)], ["Hello", ["Hello\nthere", "b"]]);
  const edited = add(chat, 0, "user", "Bye");
  equal([texts(chat), siblings(chat, edited).length], [["Bye"], 2]);
  equal([turn(chat, edited, 1), turn(chat, edited, -1).id, texts(chat)], [undefined, question.id, ["Hello\nthere", "b"]]);
  equal([turn(chat, second, -1).id, texts(chat)], [first.id, ["Hello\nthere", "a"]]);
});

test("chat: a request has the path to the answer, and settings that are not empty", () => {
  const chat = newChat({ ...EMPTY, system: "Be brief.", thinking: "off", temperature: "0", seed: "7" });
  const question = add(chat, 0, "user", "q");
  const answer = add(chat, question.id, "assistant", "a");
  const next = add(chat, add(chat, answer.id, "user", "r").id, "assistant");
  equal(request(chat, next), {
    path: "v1/chat/completions",
    body: {
      messages: [
        { role: "system", content: "Be brief." }, { role: "user", content: "q" },
        { role: "assistant", content: "a" }, { role: "user", content: "r" }],
      stream: true, temperature: 0, seed: 7, chat_template_kwargs: { enable_thinking: false },
    },
  });
});

test("chat: an answer that failed at once is left out of requests", () => {
  const chat = newChat(EMPTY);
  const failed = add(chat, add(chat, 0, "user", "q").id, "assistant");
  const answer = add(chat, add(chat, failed.id, "user", "r").id, "assistant");
  equal(request(chat, answer).body.messages, [{ role: "user", content: "q\n\nr" }]);
});

test("chat: a text is continued from all that is before", () => {
  const chat = newChat({ ...EMPTY, mode: "text", system: "unused", thinking: "on" });
  const one = add(chat, add(chat, 0, "user", "Once").id, "assistant", " upon");
  const two = add(chat, one.id, "assistant");
  equal(request(chat, two), {
    path: "v1/completions", body: { prompt: "Once upon", max_tokens: 256, stream: true },
  });
});

test("chat: an answer that a closed page cut has failed", () => {
  const chat = newChat(EMPTY);
  add(chat, 0, "assistant", "part").state = "streaming";
  equal(revive(chat).messages[0].state, "failed");
});

test("import: a chat is what was exported, and what it does not know is left out", () => {
  const chat = newChat({ ...EMPTY, system: "Be brief.", seed: "7" });
  const question = add(chat, 0, "user", "q");
  add(chat, question.id, "assistant", "a").timings = TIMINGS;
  const other = add(chat, question.id, "assistant", "b");
  Object.assign(other, { state: "failed", error: "Gone." });
  turn(chat, other, -1);
  const file = { ...chat, more: 1, settings: { ...chat.settings, more: "x" }, messages: chat.messages.map((m) => ({ ...m, more: 1 })) };
  const copy = imported(JSON.stringify(file), { ...EMPTY, temperature: "1" });
  equal([copy.title, copy.settings, copy.messages, copy.chosen], [chat.title, chat.settings, chat.messages, chat.chosen]);
  equal(copy.id === chat.id, false);
});

test("import: counts that are not four numbers are left out", () => {
  const chat = newChat(EMPTY);
  const answer = add(chat, add(chat, 0, "user", "q").id, "assistant", "a");
  const { cache_n, ...three } = TIMINGS;
  for (const timings of [null, 1, "fast", [], {}, three, { ...TIMINGS, predicted_n: "3" }, { ...TIMINGS, prompt_n: null }]) {
    const copy = imported(JSON.stringify({ ...chat, messages: [chat.messages[0], { ...answer, timings }] }), EMPTY);
    equal([timings, "timings" in copy.messages[1]], [timings, false]);
  }
  const more = JSON.stringify({ ...chat, messages: [chat.messages[0], { ...answer, timings: { ...TIMINGS, more: {} } }] });
  equal(imported(more, EMPTY).messages[1].timings, TIMINGS);
});

test("import: what is no whole chat is refused", () => {
  const chat = newChat(EMPTY);
  add(chat, add(chat, 0, "user", "q").id, "assistant", "a");
  const [user, answer] = chat.messages;
  const files = [
    null, [], {}, { ...chat, messages: [] }, { ...chat, messages: {} }, { ...chat, title: 1 }, { ...chat, settings: null },
    { ...chat, chosen: {} }, { ...chat, chosen: { 0: 2, 1: 2 } }, { ...chat, chosen: { 0: 1, 1: 9 } },
    { ...chat, messages: [user, { ...answer, parent: 2 }] }, { ...chat, messages: [user, { ...answer, id: 7 }] },
    { ...chat, messages: [user, { ...answer, role: "system" }] }, { ...chat, messages: [user, { ...answer, text: 1 }] },
    { ...chat, messages: [user, { ...answer, state: "new" }] }, { ...chat, messages: [user, null] }];
  for (const text of ["", "no JSON", ...files.map((file) => JSON.stringify(file))]) {
    let sentence = "";
    try {
      imported(text, EMPTY);
    } catch (error) {
      sentence = error.message;
    }
    equal([text, sentence], [text, "This file is no chat that was exported here."]);
  }
});

test("events: any pieces, any ends of lines", () => {
  const stream = ": prompt 1/2\r\n\r\ndata: a\ndata:  b\n\ndata:c\r\revent: x\ndata: d\n\nid: 1\n\ndata: é";
  const expected = [{ comment: "prompt 1/2" }, { data: "a\n b" }, { data: "c" }, { data: "d" }];
  for (let size = 1; size <= stream.length; size++) {
    const parser = new EventParser();
    const events = [];
    for (let at = 0; at < stream.length; at += size) {
      events.push(...parser.push(stream.slice(at, at + size)));
    }
    equal(events, expected);
  }
});
