import { byId } from "./dom.js";

const KEY = "bitnet.theme";
const NAMES = { auto: "as the system", light: "light", dark: "dark" };

function show(theme) {
  if (theme === "auto") {
    delete document.documentElement.dataset.theme;
  } else {
    document.documentElement.dataset.theme = theme;
  }
  const label = `Colours: ${NAMES[theme]}`;
  byId("toggle-theme").title = label;
  byId("toggle-theme").setAttribute("aria-label", label);
}

/** Shows the theme that was chosen before, and lets the button choose the next one. */
export function themeSwitch() {
  const themes = Object.keys(NAMES);
  let theme = themes.includes(localStorage.getItem(KEY)) ? localStorage.getItem(KEY) : "auto";
  show(theme);
  byId("toggle-theme").addEventListener("click", () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    localStorage.setItem(KEY, theme);
    show(theme);
  });
}
