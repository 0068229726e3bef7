const NEAR = 48; // pixels from the end that still count as the end

/** Keeps the end of the chat in sight while it grows, unless the person has scrolled away from it. */
export class Scroll {
  #area;
  #button;
  #follows = true;

  constructor(area, button) {
    this.#area = area;
    this.#button = button;
    area.addEventListener("scroll", () => this.#look());
    button.addEventListener("click", () => {
      this.toEnd();
      this.follow();
      area.focus({ preventScroll: true });
    });
  }

  #look() {
    const { scrollHeight, scrollTop, clientHeight } = this.#area;
    this.#follows = scrollHeight - scrollTop - clientHeight < NEAR;
    this.#button.hidden = this.#follows;
  }

  /** From now on the end is followed again. */
  toEnd() {
    this.#follows = true;
  }

  /** The chat may have grown. */
  follow() {
    if (this.#follows) {
      this.#area.scrollTop = this.#area.scrollHeight;
    }
    this.#look();
  }
}
