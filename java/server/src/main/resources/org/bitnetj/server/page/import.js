import { newChat, ROOT } from "./chat.js";

const STATES = ["streaming", "done", "stopped", "failed"];

/** What a message may have besides, by its type. */
const MORE = {
  error: "string", code: "string", finish: "string", pieces: "number", seconds: "number",
};

/** What of the server's counts is shown, all of it numbers. */
const TIMINGS = ["cache_n", "prompt_n", "predicted_n", "predicted_per_second"];

function require(condition) {
  if (!condition) {
    throw new Error("This file is no chat that was exported here.");
  }
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function messageOf(value, id) {
  require(isObject(value));
  const { parent, role, text, thinking, state } = value;
  require(value.id === id && Number.isInteger(parent) && parent >= ROOT && parent < id);
  require(role === "user" || role === "assistant");
  require(typeof text === "string" && typeof thinking === "string" && STATES.includes(state));
  const message = { id, parent, role, text, thinking, state };
  for (const [name, type] of Object.entries(MORE)) {
    if (typeof value[name] === type) {
      message[name] = value[name];
    }
  }
  const { timings } = value;
  if (isObject(timings) && TIMINGS.every((name) => Number.isFinite(timings[name]))) {
    message.timings = Object.fromEntries(TIMINGS.map((name) => [name, timings[name]]));
  }
  return message;
}

/**
 * The chat of a file that was exported, to be kept and shown like others. It is refused by an error
 * whose message is a sentence unless it is whole; what a chat does not have is left out.
 *
 * @param settings what holds where the file has no setting of that name
 */
export function imported(text, settings) {
  let file;
  try {
    file = JSON.parse(text);
  } catch {
    // It is refused as what it is: no object.
  }
  require(isObject(file) && Array.isArray(file.messages) && file.messages.length > 0);
  require(isObject(file.chosen) && isObject(file.settings) && typeof file.title === "string");
  const chat = newChat(settings);
  for (const name of Object.keys(chat.settings)) {
    if (typeof file.settings[name] === "string") {
      chat.settings[name] = file.settings[name];
    }
  }
  chat.title = file.title.slice(0, 120);
  chat.messages = file.messages.map((value, i) => messageOf(value, i + 1));
  for (const message of chat.messages) {
    const chosen = file.chosen[message.parent];
    require(Number.isInteger(chosen) && chat.messages[chosen - 1]?.parent === message.parent);
    chat.chosen[message.parent] = chosen;
  }
  return chat;
}
