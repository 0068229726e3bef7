import { byId } from "./dom.js";

const KEY = "bitnet.settings";
const EMPTY = {
  mode: "chat", system: "", thinking: "",
  temperature: "", top_p: "", top_k: "", min_p: "", max_tokens: "", seed: "",
};

/** The settings that new chats begin with: those that were chosen last. */
export function lastSettings() {
  let stored = {};
  try {
    stored = JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    // Whatever it was, it was none of ours.
  }
  const settings = { ...EMPTY };
  for (const name of Object.keys(EMPTY)) {
    if (typeof stored[name] === "string") {
      settings[name] = stored[name];
    }
  }
  return settings;
}

export function remember(settings) {
  localStorage.setItem(KEY, JSON.stringify(settings));
}

/**
 * The panel for the settings of the chat that is shown. Every change holds at once; a value that the
 * server would refuse is not taken.
 *
 * @param current returns the settings to show
 * @param changed is called with the name of one that has changed
 */
export function settingsPanel(current, changed) {
  const dialog = byId("settings-dialog");
  const form = byId("settings-form");
  const fields = Object.keys(EMPTY).map((name) => form.elements[name]);
  byId("open-settings").addEventListener("click", () => {
    for (const field of fields) {
      field.value = current()[field.name];
    }
    dialog.showModal();
  });
  form.addEventListener("input", ({ target }) => {
    if (target.checkValidity()) {
      current()[target.name] = target.value;
      remember(current());
      changed(target.name);
    }
  });
  form.addEventListener("change", ({ target }) => target.reportValidity());
  dialog.addEventListener("click", ({ target }) => {
    if (target === dialog) {
      dialog.close(); // a click beside the panel
    }
  });
}
