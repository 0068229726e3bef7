import { element, icon } from "./dom.js";
import { parseInline } from "./inline.js";
import { parse } from "./markdown.js";

function inline(text) {
  return parseInline(text).map(inlineNode);
}

function inlineNode(node) {
  if (typeof node === "string") {
    return node;
  }
  const { tag, href, children } = node;
  const link = tag === "a" && { href, target: "_blank", rel: "noopener noreferrer nofollow" };
  return element(tag, link || {}, ...children.map(inlineNode));
}

function code({ language, text }) {
  const label = language || "text";
  return element("figure", { class: "code" },
    element("figcaption", {},
      element("span", {}, label),
      element("button", { type: "button", "data-copy": "code", "aria-label": `Copy the code (${label})` },
        icon("copy"), "Copy")),
    element("pre", {}, element("code", {}, text)));
}

function list({ ordered, first, loose, items }) {
  const start = ordered && first !== 1 ? { start: first } : {};
  return element(ordered ? "ol" : "ul", start, ...items.map((blocks) => {
    const item = element("li");
    for (const block of blocks) {
      // Items without blank lines between them stand close together, without paragraphs.
      item.append(...(block.type === "paragraph" && !loose ? inline(block.text) : [build(block)]));
    }
    return item;
  }));
}

function table({ alignments, head, rows }) {
  const row = (tag, cells) => element("tr", {}, ...cells.map((cell, column) =>
    element(tag, { class: alignments[column], ...(tag === "th" && { scope: "col" }) }, ...inline(cell))));
  return element("div", { class: "table", tabindex: "0", role: "region", "aria-label": "Table" },
    element("table", {},
      element("thead", {}, row("th", head)),
      element("tbody", {}, ...rows.map((cells) => row("td", cells)))));
}

function build(block) {
  switch (block.type) {
    case "heading": // below those of the page and of the message
      return element(`h${Math.min(6, block.level + 2)}`, { class: `level${block.level}` }, ...inline(block.text));
    case "rule":
      return element("hr");
    case "code":
      return code(block);
    case "quote":
      return element("blockquote", {}, ...block.blocks.map(build));
    case "list":
      return list(block);
    case "table":
      return table(block);
    default:
      return element("p", {}, ...inline(block.text));
  }
}

/**
 * Shows a Markdown text that grows. Blocks that further text cannot change are built once: only the
 * end of a long answer is taken apart again.
 */
export class MarkdownView {
  #root;
  #text = "";
  #settled = 0; // so much of the text is in elements that stay
  #end = []; // the blocks after that, and their elements

  constructor(root) {
    this.#root = root;
  }

  /** Shows a text, fast if it continues the one before. */
  update(text) {
    if (!text.startsWith(this.#text)) {
      this.#root.replaceChildren();
      this.#settled = 0;
      this.#end = [];
    }
    this.#text = text;
    const rest = text.slice(this.#settled);
    const blocks = parse(rest);
    if (!this.#extend(blocks)) {
      this.#end.forEach(({ built }) => built.remove());
      this.#end = blocks.map((block) => ({ block, built: build(block) }));
      this.#root.append(...this.#end.map(({ built }) => built));
    }
    this.#settle(rest);
  }

  /** Most of a long answer is often one block of code; its text is only added to. */
  #extend(blocks) {
    const [last] = this.#end;
    const [block] = blocks;
    if (this.#end.length !== 1 || blocks.length !== 1 || last.block.type !== "code" ||
        block.type !== "code" || block.language !== last.block.language || last.block.text === "" ||
        !block.text.startsWith(last.block.text)) {
      return false;
    }
    const node = last.built.querySelector("code").firstChild;
    node.appendData(block.text.slice(last.block.text.length));
    last.block = block;
    return true;
  }

  #settle(rest) {
    const lines = rest.split("\n");
    const whole = lines.length - 1; // the last line may go on
    const first = this.#end.findLastIndex(({ block }) =>
      block.start + (block.type === "table" ? 2 : 1) <= whole);
    if (first > 0) {
      const { start } = this.#end[first].block;
      this.#settled += lines.slice(0, start).join("\n").length + 1;
      this.#end.splice(0, first);
    }
  }
}
