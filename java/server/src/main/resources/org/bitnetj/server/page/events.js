/**
 * Reads server-sent events as the HTML standard defines them, whatever pieces they come in. Comments
 * are passed on too: this server tells in them how much of the prompt it has read.
 */
export class EventParser {
  #rest = "";
  #data = [];

  /** Takes a piece of the stream; returns the events that it ends, as { data } or { comment }. */
  push(piece) {
    const text = this.#rest + piece;
    const events = [];
    let start = 0;
    for (let i = 0; i < text.length; i++) {
      if (text[i] !== "\n" && text[i] !== "\r") {
        continue;
      }
      if (text[i] === "\r" && i + 1 === text.length) {
        break; // the line feed of this line's end may be in the next piece
      }
      this.#line(text.slice(start, i), events);
      i += text[i] === "\r" && text[i + 1] === "\n" ? 1 : 0;
      start = i + 1;
    }
    this.#rest = text.slice(start);
    return events;
  }

  #line(line, events) {
    if (line === "") {
      if (this.#data.length > 0) {
        events.push({ data: this.#data.join("\n") });
      }
      this.#data = [];
    } else if (line.startsWith(":")) {
      events.push({ comment: line.slice(1).trim() });
    } else if (line.startsWith("data:")) {
      this.#data.push(line.slice(line[5] === " " ? 6 : 5));
    }
  }
}

/** The events of a response as they come. */
export async function* events(response) {
  const parser = new EventParser();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) {
        return;
      }
      yield* parser.push(value);
    }
  } finally {
    reader.cancel().catch(() => {}); // it may have failed already
  }
}
