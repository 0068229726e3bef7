/**
 * A chat is a tree of messages: an edited message and a repeated answer stand beside the one before
 * them, below the same parent, and `chosen` says which of them is shown. Nothing is ever removed.
 *
 * A chat is { id, title, created, updated, settings, messages, chosen }, a message is
 * { id, parent, role, text, thinking, state, … }; both can be stored as they are. A message's id is
 * its place among the chat's messages, from 1. An answer's state is "streaming", "done", "stopped"
 * or "failed".
 */
export const ROOT = 0;

export function newChat(settings) {
  const random = crypto.getRandomValues(new Uint8Array(8));
  const now = Date.now();
  return {
    id: Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join(""),
    title: "",
    created: now,
    updated: now,
    settings: { ...settings },
    messages: [],
    chosen: {},
  };
}

/** Adds a message below another, and shows it. */
export function add(chat, parent, role, text = "") {
  const id = chat.messages.length + 1;
  const message = { id, parent, role, text, thinking: "", state: "done" };
  chat.messages.push(message);
  chat.chosen[parent] = id;
  chat.updated = Date.now();
  if (chat.title === "" && role === "user") {
    chat.title = text.trim().split("\n", 1)[0].slice(0, 60);
  }
  return message;
}

/** The messages that are shown, from the first to the last. */
export function path(chat) {
  const result = [];
  let id = chat.chosen[ROOT];
  while (id !== undefined) {
    result.push(chat.messages[id - 1]);
    id = chat.chosen[id];
  }
  return result;
}

/** What stands for the same turn, the message itself included. */
export function siblings(chat, message) {
  return chat.messages.filter((other) => other.parent === message.parent);
}

/** Shows the sibling that is `step` further on, if there is one, and returns it. */
export function turn(chat, message, step) {
  const all = siblings(chat, message);
  const next = all[all.indexOf(message) + step];
  if (next) {
    chat.chosen[message.parent] = next.id;
  }
  return next;
}

/** The messages before one. */
function before(chat, message) {
  const result = [];
  let id = message.parent;
  while (id !== ROOT) {
    const earlier = chat.messages[id - 1];
    result.unshift(earlier);
    id = earlier.parent;
  }
  return result;
}

/**
 * The messages of the request for an answer. Answers that failed before their first word are left
 * out and the messages around them joined, since templates want the two speakers to alternate.
 */
function requestMessages(chat, answer) {
  const messages = [];
  if (chat.settings.system) {
    messages.push({ role: "system", content: chat.settings.system });
  }
  for (const { role, text } of before(chat, answer)) {
    const last = messages.at(-1);
    if (last?.role === role) {
      last.content += (last.content && text ? "\n\n" : "") + text;
    } else if (text || role === "user") {
      messages.push({ role, content: text });
    }
  }
  return messages;
}

/** Continued texts end somewhere, whatever the model: it has no end of its own turn. */
const TOKENS_OF_TEXT = 256;

/** The path and body of the request for an answer. */
export function request(chat, answer) {
  const { mode, system, thinking, ...sampling } = chat.settings;
  const options = { stream: true };
  for (const [name, value] of Object.entries(sampling)) {
    if (value !== "") {
      options[name] = Number(value);
    }
  }
  if (mode === "text") {
    const prompt = before(chat, answer).map((message) => message.text).join("");
    return { path: "v1/completions", body: { prompt, max_tokens: TOKENS_OF_TEXT, ...options } };
  }
  if (thinking) {
    options.chat_template_kwargs = { enable_thinking: thinking === "on" };
  }
  return {
    path: "v1/chat/completions",
    body: { messages: requestMessages(chat, answer), ...options },
  };
}

/** A chat as it was stored: its answers are no longer being written. */
export function revive(chat) {
  for (const message of chat.messages) {
    if (message.state === "streaming") {
      message.state = "failed";
      message.error = "The page was closed before the answer ended.";
    }
  }
  return chat;
}
