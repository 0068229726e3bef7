const SVG = "http://www.w3.org/2000/svg";

export const byId = (id) => document.getElementById(id);

/**
 * An element; properties that are functions listen, all others are attributes. Text stays text. What
 * is false is left out.
 */
export function element(tag, properties = {}, ...children) {
  const result = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") {
      result.addEventListener(name, value);
    } else if (value !== false) {
      result.setAttribute(name, value === true ? "" : value);
    }
  }
  result.append(...children.filter((child) => child !== false));
  return result;
}

/** One of the symbols of index.html. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", "#icon-" + name);
  svg.append(use);
  return svg;
}

export function iconButton(name, label, click) {
  return element(
    "button", { type: "button", class: "icon-button", "aria-label": label, title: label, click },
    icon(name));
}

/** Grows with its text, as far as the style lets it. */
export function fit(textarea) {
  textarea.style.height = "auto";
  const border = textarea.offsetHeight - textarea.clientHeight;
  textarea.style.height = `${textarea.scrollHeight + border}px`;
}

/** Tells screen readers, once. */
export function announce(text) {
  byId("announcement").textContent = text;
}

/** Copies by the old command too: browsers have the new one for HTTPS and this machine alone. */
export async function copy(text, button) {
  let copied = true;
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text).catch(() => { copied = false; });
  } else {
    const area = element("textarea", { class: "unseen" });
    area.value = text;
    document.body.append(area);
    area.select();
    copied = document.execCommand("copy");
    area.remove();
    button.focus();
  }
  const label = copied ? "Copied" : "The browser did not allow to copy.";
  button.dataset.done = label;
  announce(label);
  setTimeout(() => delete button.dataset.done, 1500);
}

/**
 * Asks in a dialog.
 *
 * @returns what was typed, or true where nothing is to be typed; null if cancelled
 */
export function ask({ title, text, yes, secret = false }) {
  const dialog = byId("question");
  const input = byId("question-input");
  byId("question-title").textContent = title;
  byId("question-text").textContent = text;
  byId("question-yes").textContent = yes;
  input.value = "";
  input.hidden = !secret;
  input.required = secret;
  dialog.returnValue = "";
  byId("question-no").onclick = () => dialog.close();
  dialog.showModal();
  if (secret) {
    input.focus();
  }
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      resolve(dialog.returnValue === "" ? null : secret ? input.value : true);
      input.value = "";
    }, { once: true });
  });
}
