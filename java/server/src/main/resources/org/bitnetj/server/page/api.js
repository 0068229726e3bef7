import { ask } from "./dom.js";
import { events } from "./events.js";

const KEY = "bitnet.key";

/** The server's answer is an error; the message is its sentence. */
export class Refused extends Error {
  constructor(status, error) {
    super(error?.message ?? `The server answered with status ${status}.`);
    this.status = status;
    this.code = error?.code;
  }
}

/** There is no server, or none any more. */
export class Unreachable extends Error {}

async function send(path, init) {
  const key = sessionStorage.getItem(KEY);
  const headers = { ...init.headers, ...(key && { Authorization: `Bearer ${key}` }) };
  let response;
  try {
    response = await fetch(path, { ...init, headers });
  } catch (error) {
    throw error.name === "AbortError" ? error : new Unreachable("The server cannot be reached.");
  }
  if (response.ok) {
    return response;
  }
  const body = await response.json().catch(() => null);
  throw new Refused(response.status, body?.error);
}

/** Asks for the API key as often as the server wants another, until the person gives up. */
async function sendWithKey(path, init) {
  for (;;) {
    try {
      return await send(path, init);
    } catch (error) {
      if (error.status !== 401) {
        throw error;
      }
      const key = await ask({
        title: "API key",
        text: sessionStorage.getItem(KEY)
          ? error.message
          : "This server needs an API key. It is kept until this tab is closed.",
        yes: "Continue",
        secret: true,
      });
      if (key === null) {
        throw error;
      }
      sessionStorage.setItem(KEY, key.trim());
    }
  }
}

/**
 * Asks for an answer and yields its chunks, and { progress } while the prompt is read.
 *
 * @throws {Refused | Unreachable} also in the middle of an answer
 */
export async function* answer({ path, body }, signal) {
  const response = await sendWithKey(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal,
  });
  try {
    for await (const { data, comment } of events(response)) {
      if (data === "[DONE]") {
        return;
      }
      if (data === undefined) {
        const [, done, total] = comment.match(/^prompt (\d+)\/(\d+)$/) ?? [];
        if (total > 0) {
          yield { progress: done / total };
        }
        continue;
      }
      const chunk = JSON.parse(data);
      if (chunk.error) {
        throw new Refused(response.status, chunk.error);
      }
      yield chunk;
    }
  } catch (error) {
    throw error instanceof TypeError ? broken() : error;
  }
  throw broken(); // a whole answer says that it is done
}

function broken() {
  return new Unreachable("The connection was lost before the answer ended.");
}

/** The name of the model; null while it is not to be had. */
export async function modelName() {
  const response = await send("v1/models", {}).catch(() => null);
  return (await response?.json())?.data[0].id ?? null;
}

export async function isThere() {
  return fetch("health", { cache: "no-store" }).then((response) => response.ok, () => false);
}
