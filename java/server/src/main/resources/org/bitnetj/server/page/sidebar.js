import { byId, element, iconButton } from "./dom.js";

const narrow = matchMedia("(max-width: 52rem)");

/** The list of past chats. In a narrow window it lies over the page and is closed at first. */
export class Sidebar {
  #actions;

  /**
   * @param actions open(id), remove(id, title) and download(id)
   */
  constructor(actions) {
    this.#actions = actions;
    byId("toggle-sidebar").addEventListener("click", () => this.#show(!this.#isOpen()));
    byId("page").addEventListener("click", ({ target }) => {
      if (narrow.matches && this.#isOpen() && !target.closest("#toggle-sidebar")) {
        this.#show(false);
      }
    });
    byId("sidebar").addEventListener("keydown", (event) => {
      if (event.key === "Escape" && narrow.matches) {
        event.stopPropagation(); // it would stop the answer, too
        this.#show(false);
        byId("toggle-sidebar").focus();
      }
    });
    narrow.addEventListener("change", () => this.#show(!narrow.matches));
    this.#show(!narrow.matches);
  }

  #isOpen() {
    return document.body.classList.contains("with-sidebar");
  }

  #show(open) {
    document.body.classList.toggle("with-sidebar", open);
    byId("toggle-sidebar").setAttribute("aria-expanded", open);
  }

  /** Makes room for what was chosen. */
  chosen() {
    if (narrow.matches) {
      this.#show(false);
    }
  }

  update(titles, current) {
    byId("chats").replaceChildren(...titles.map(({ id, title }) => this.#row(id, title || "New chat", id === current)));
  }

  #row(id, title, isCurrent) {
    const { open, download, remove } = this.#actions;
    const link = element("button", { type: "button", class: "chat", title, click: () => open(id) }, title);
    if (isCurrent) {
      link.setAttribute("aria-current", "page");
    }
    return element("li", {},
      link,
      iconButton("export", `Export “${title}” as JSON`, () => download(id)),
      iconButton("delete", `Delete “${title}”`, () => remove(id, title)));
  }
}
