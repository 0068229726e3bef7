import { element, fit, icon, iconButton } from "./dom.js";
import { MarkdownView } from "./render.js";
import { siblings } from "./chat.js";

const format = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

const tokens = (count) => `${format.format(count)} ${count === 1 ? "token" : "tokens"}`;

/** What an answer took, by the server's count; before its end, by the pieces that have come. */
function speed({ timings, pieces, seconds }) {
  if (timings) {
    const cached = timings.cache_n > 0 ? `, ${format.format(timings.cache_n)} of them cached` : "";
    const prompt = `prompt: ${tokens(timings.prompt_n + timings.cache_n)}${cached}`;
    const rate = timings.predicted_per_second;
    return [tokens(timings.predicted_n), rate > 0 && `${format.format(rate)} tokens/s`, prompt]
      .filter(Boolean).join(" · ");
  }
  if (seconds > 0.2) { // before, it would say nothing of the model
    return `about ${tokens(pieces)} · ${format.format((pieces - 1) / seconds)} tokens/s`;
  }
  return "";
}

function notice(message) {
  if (message.state === "stopped") {
    return "Stopped.";
  }
  return message.state === "done" && message.finish === "length"
    ? "The answer reached its length limit." : "";
}

/** One message of a chat. */
export class MessageView {
  #chat;
  #message;
  #actions;
  #body;
  #markdown = null;
  #parts = {};

  /**
   * @param actions what its buttons do: edit(message, text), retry(message), turn(message, step)
   *     and continueAsText(message)
   */
  constructor(chat, message, actions) {
    this.#chat = chat;
    this.#message = message;
    this.#actions = actions;
    const isUser = message.role === "user";
    const plain = isUser || chat.settings.mode === "text";
    this.#body = element("div", { class: plain ? "body plain" : "body" });
    if (!plain) {
      this.#markdown = new MarkdownView(this.#body);
    }
    const part = (name, tag, properties, ...children) =>
      this.#parts[name] = element(tag, properties, ...children);
    const speaker = isUser ? "You" : "Answer";
    this.element = element("article", { class: message.role, "data-id": message.id, "aria-label": speaker },
      element("h2", { class: "unseen" }, speaker),
      part("thinking", "details", { class: "thinking", hidden: true },
        part("summary", "summary"), part("thoughts", "div", { class: "plain" })),
      this.#body,
      part("wait", "p", { class: "wait" }),
      part("error", "div", { class: "error", hidden: true }),
      element("div", { class: "under" },
        part("branch", "div", { class: "branch", role: "group", "aria-label": "Versions" },
          part("previous", "button", { type: "button", "aria-label": "Previous version", click: () => actions.turn(message, -1) }, "«"),
          part("place", "span"),
          part("next", "button", { type: "button", "aria-label": "Next version", click: () => actions.turn(message, 1) }, "»")),
        part("tools", "div", { class: "tools" },
          this.#tool("copy", "Copy this text", null),
          isUser && this.#tool("edit", "Edit this message", () => this.edit()),
          !isUser && this.#tool("retry", "Answer again", () => actions.retry(message))),
        part("speed", "span", { class: "speed" })));
    this.refresh();
  }

  #tool(name, label, click) {
    const button = iconButton(name, label, click ?? (() => {}));
    if (name === "copy") {
      button.dataset.copy = "message";
    }
    return button;
  }

  /** Shows the message as it is now. */
  refresh() {
    const message = this.#message;
    const streaming = message.state === "streaming";
    const parts = this.#parts;
    this.element.setAttribute("aria-busy", streaming);
    this.element.classList.toggle("streaming", streaming);
    if (this.#markdown) {
      this.#markdown.update(message.text);
    } else if (this.#body.textContent !== message.text) {
      this.#body.textContent = message.text;
    }
    parts.thinking.hidden = message.thinking === "";
    parts.thoughts.textContent = message.thinking;
    parts.summary.textContent = streaming && !message.text ? "Thinking …" : "Thoughts";
    parts.wait.hidden = !streaming || message.text !== "";
    parts.wait.textContent = message.progress === undefined
      ? "Waiting for the model …"
      : `Reading the chat: ${Math.round(100 * message.progress)} %`;
    parts.speed.textContent = [notice(message), speed(message)].filter(Boolean).join(" ");
    const versions = siblings(this.#chat, message);
    const place = versions.indexOf(message);
    parts.branch.hidden = versions.length < 2;
    parts.place.textContent = `${place + 1}/${versions.length}`;
    parts.previous.disabled = place === 0;
    parts.next.disabled = place === versions.length - 1;
    parts.tools.hidden = message.state === "failed" && message.text === "";
    this.#showError();
  }

  #showError() {
    const { state, error, code } = this.#message;
    const box = this.#parts.error;
    box.hidden = state !== "failed";
    if (box.hidden || box.dataset.shown === error) {
      return;
    }
    box.dataset.shown = error;
    const again = element("button", { type: "button", click: () => this.#actions.retry(this.#message) },
      icon("retry"), "Try again");
    const asText = element("button", { type: "button", click: () => this.#actions.continueAsText(this.#message) },
      "Continue it as a text instead");
    box.replaceChildren(element("p", {}, error), code === "no_chat_template" ? asText : again);
  }

  /** Focuses the switch between versions, after it was used. */
  focusBranch(step) {
    const { previous, next } = this.#parts;
    const [wanted, other] = step < 0 ? [previous, next] : [next, previous];
    (wanted.disabled ? other : wanted).focus();
  }

  /** Lets the person change the text, in place. */
  edit() {
    if (this.element.querySelector("form")) {
      return;
    }
    const area = element("textarea", { rows: 1, "aria-label": "Edited message", input: () => fit(area) });
    area.value = this.#message.text;
    const close = () => {
      form.remove();
      this.element.classList.remove("editing");
    };
    const submit = (event) => {
      event.preventDefault();
      const { value } = area;
      if (value.trim() !== "" && this.#actions.edit(this.#message, value)) {
        close();
      }
    };
    const cancel = () => {
      close();
      this.element.querySelector('[aria-label="Edit this message"]').focus();
    };
    const form = element("form", { class: "edit", submit },
      area,
      element("div", { class: "buttons" },
        element("button", { type: "button", click: cancel }, "Cancel"),
        element("button", { type: "submit", class: "primary" }, "Send")));
    form.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        event.stopPropagation();
        cancel();
      } else if (event.key === "Enter" && event.target === area && !event.shiftKey && !event.isComposing) {
        submit(event);
      }
    });
    this.#body.before(form);
    this.element.classList.add("editing");
    fit(area);
    area.focus();
  }
}
