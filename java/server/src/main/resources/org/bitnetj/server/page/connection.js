import { isThere } from "./api.js";

const MILLIS_BETWEEN_CALLS = 2000;

/** The line that says that the server is gone, and when it is back; what then is the person's choice. */
export class Connection {
  #line;
  #isWaiting = false;

  constructor(line) {
    this.#line = line;
  }

  /** The server did not answer: calls it until it does. */
  async lost() {
    this.#line.textContent = "Waiting for the server to come back …";
    this.#line.classList.remove("back");
    this.#line.hidden = false;
    if (this.#isWaiting) {
      return;
    }
    this.#isWaiting = true;
    while (!(await isThere())) {
      await new Promise((resolve) => setTimeout(resolve, MILLIS_BETWEEN_CALLS));
    }
    this.#isWaiting = false;
    this.#line.classList.add("back");
    this.#line.textContent = "The server is back.";
  }

  /** The server is asked again, or has answered. */
  used() {
    this.#line.hidden = !this.#isWaiting;
  }
}
