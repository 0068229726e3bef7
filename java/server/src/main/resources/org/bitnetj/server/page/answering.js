import { answer, Refused, Unreachable } from "./api.js";
import { request } from "./chat.js";

/** How often an answer that grows is stored, so that a closed page loses little. */
const MILLIS_BETWEEN_STORES = 1000;

/** The answers that are being written, at most one in a chat. */
export class Answering {
  #running = new Map(); // from a chat's id to { chat, message, controller, timer, end }
  #events;

  /**
   * @param events grown(chat, answer) for each piece, stored(chat) when it is worth to store the
   *     chat, ended(chat, answer, error)
   */
  constructor(events) {
    this.#events = events;
  }

  /** The chat with this id if an answer is being written there. */
  chat(id) {
    return this.#running.get(id)?.chat;
  }

  /** Ends when the answer has ended. */
  async stop(id) {
    const run = this.#running.get(id);
    run?.controller.abort();
    await run?.end;
  }

  /** Writes an answer into a message, in place of what it had. */
  write(chat, message) {
    const controller = new AbortController();
    const run = { chat, message, controller };
    this.#running.set(chat.id, run);
    run.end = this.#write(run);
  }

  async #write(run) {
    const { chat, message, controller } = run;
    Object.assign(message, { state: "streaming", text: "", thinking: "", pieces: 0, seconds: 0 });
    delete message.error;
    delete message.code;
    this.#events.stored(chat);
    this.#events.grown(chat, message);
    let failure = null;
    try {
      await this.#read(run);
      message.state = "done";
    } catch (error) {
      if (controller.signal.aborted) {
        message.state = "stopped";
      } else {
        failure = error;
        message.state = "failed";
        message.error = error instanceof Refused || error instanceof Unreachable
          ? error.message : `This page failed: ${error}`;
        message.code = error.code;
      }
    }
    clearTimeout(run.timer);
    delete message.progress;
    chat.updated = Date.now();
    this.#running.delete(chat.id);
    this.#events.stored(chat);
    this.#events.ended(chat, message, failure);
  }

  async #read(run) {
    const { chat, message, controller } = run;
    let first = 0;
    for await (const chunk of answer(request(chat, message), controller.signal)) {
      if (chunk.progress !== undefined) {
        message.progress = chunk.progress;
      } else {
        const [choice] = chunk.choices;
        const text = choice.text ?? choice.delta?.content ?? "";
        const thinking = choice.delta?.reasoning_content ?? "";
        if (text || thinking) {
          first ||= performance.now();
          message.pieces++;
          message.seconds = (performance.now() - first) / 1000;
        }
        message.text += text;
        message.thinking += thinking;
        message.finish = choice.finish_reason ?? message.finish;
        message.timings = chunk.timings ?? message.timings;
      }
      this.#events.grown(chat, message);
      run.timer ??= setTimeout(() => {
        delete run.timer;
        this.#events.stored(chat);
      }, MILLIS_BETWEEN_STORES);
    }
  }
}
