/**
 * Takes the text of a paragraph apart into strings and { tag, href, children } of emphasis, code,
 * links and line breaks. HTML is text as any other.
 */

/** Emphasis within emphasis beyond this is text, so that no text makes the tree too deep. */
const MOST_OPEN = 16;

const PUNCTUATION = /[\p{P}\p{S}]/u;
const WORD = /[\p{L}\p{N}]/u;
const ESCAPED = /[!-/:-@[-`{-~]/;
const BARE_LINK = /https?:\/\/[^\s<>"`]+/y;
const ANGLE_LINK = /<((?:https?:\/\/|mailto:)[^\s<>]+)>/y;
const DESTINATION = /\(\s*(?:<([^<>\n]*)>|((?:[^\s()\\]|\\.|\([^\s()]*\))*))(?:\s+(?:"[^"]*"|'[^']*'))?\s*\)/y;
const SCHEMES = ["http:", "https:", "mailto:"];

/** The address if a page may safely have a link to it, else null. */
export function safeAddress(address) {
  try {
    return SCHEMES.includes(new URL(address).protocol) ? address : null;
  } catch {
    return null; // relative ones too: the server of this page is not what they were meant for
  }
}

function matchAt(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

export function parseInline(text) {
  const items = []; // strings, elements, and { mark } that may begin or end emphasis
  const brackets = []; // places in items where a link may have begun
  const unclosed = new Set(); // lengths of runs of backticks that nothing closes
  let plain = "";
  const push = (...more) => {
    if (plain) {
      items.push(plain);
      plain = "";
    }
    items.push(...more);
  };
  let i = 0;
  while (i < text.length) {
    const c = text[i];
    let match;
    if (c === "\\" && ESCAPED.test(text[i + 1] ?? "")) {
      plain += text[i + 1];
      i += 2;
    } else if (c === "`") {
      const run = text.slice(i).match(/^`+/)[0];
      const end = unclosed.has(run.length) ? -1 : closingTicks(text, i + run.length, run.length);
      if (end < 0) {
        unclosed.add(run.length);
        plain += run;
        i += run.length;
      } else {
        const code = text.slice(i + run.length, end).replaceAll("\n", " ");
        push({ tag: "code", children: [code.replace(/^ (.*\S.*) $/, "$1")] });
        i = end + run.length;
      }
    } else if (c === "\n") {
      plain = plain.trimEnd();
      push({ tag: "br", children: [] });
      i++;
    } else if (c === "*" || c === "_" || c === "~") {
      let end = i;
      while (text[end] === c) {
        end++;
      }
      push(mark(text, i, end));
      i = end;
    } else if (c === "[" || (c === "!" && text[i + 1] === "[")) {
      const begin = c === "[" ? "[" : "![";
      push(begin);
      brackets.push(items.length - 1);
      i += begin.length;
    } else if (c === "]" && brackets.length > 0) {
      const begin = brackets.pop();
      match = matchAt(DESTINATION, text, i + 1);
      const href = match && safeAddress(match[1] ?? match[2]);
      if (href) {
        push();
        const children = emphasis(items.splice(begin + 1));
        items[begin] = { tag: "a", href, children };
        brackets.length = 0; // no link within a link
        i += 1 + match[0].length;
      } else {
        plain += c;
        i++;
      }
    } else if (c === "<" && (match = matchAt(ANGLE_LINK, text, i))) {
      push({ tag: "a", href: match[1], children: [match[1]] });
      i += match[0].length;
    } else if (c === "h" && !WORD.test(text[i - 1] ?? "") && brackets.length === 0 &&
        (match = matchAt(BARE_LINK, text, i))) {
      const href = withoutTail(match[0]);
      push(safeAddress(href) ? { tag: "a", href, children: [href] } : href);
      i += href.length;
    } else {
      plain += c;
      i++;
    }
  }
  push();
  return emphasis(items);
}

/** Where a run of exactly so many backticks begins. */
function closingTicks(text, from, length) {
  let at = text.indexOf("`", from);
  while (at >= 0) {
    let end = at;
    while (text[end] === "`") {
      end++;
    }
    if (end - at === length) {
      return at;
    }
    at = text.indexOf("`", end);
  }
  return -1;
}

/** Punctuation at the end of an address is the sentence's, and a bracket that it did not open. */
function withoutTail(address) {
  let result = address.replace(/[.,;:!?'*_~]+$/, "");
  while (/[)\]]$/.test(result) && !/[([]/.test(result)) {
    result = result.slice(0, -1).replace(/[.,;:!?'*_~]+$/, "");
  }
  return result;
}

/** Whether a run of marks may begin or end emphasis, by CommonMark's rules of what is beside it. */
function mark(text, start, end) {
  const c = text[start];
  const before = text[start - 1] ?? " ";
  const after = text[end] ?? " ";
  const left = /\S/.test(after) &&
    (!PUNCTUATION.test(after) || /\s/.test(before) || PUNCTUATION.test(before));
  const right = /\S/.test(before) &&
    (!PUNCTUATION.test(before) || /\s/.test(after) || PUNCTUATION.test(after));
  const count = end - start;
  if (count > 3 || (c === "~" && count !== 2)) {
    return text.slice(start, end);
  }
  return {
    mark: c,
    count,
    opens: left && (c !== "_" || !WORD.test(before)),
    closes: right && (c !== "_" || !WORD.test(after)),
  };
}

/** Joins each mark that ends emphasis with the nearest that began it; the others are text. */
function emphasis(items) {
  const result = [];
  let open = []; // places of marks in result
  for (const item of items) {
    if (!item.mark) {
      result.push(item);
      continue;
    }
    let { count } = item;
    let nearest;
    while (item.closes && count > 0 &&
        (nearest = open.findLastIndex((at) => result[at].mark === item.mark)) >= 0) {
      const opener = result[open[nearest]];
      const used = Math.min(2, count, opener.count);
      const children = result.splice(open[nearest] + 1).map(asText);
      opener.count -= used;
      count -= used;
      open = open.slice(0, nearest + (opener.count > 0 ? 1 : 0));
      if (opener.count === 0) {
        result.pop();
      }
      result.push({ tag: item.mark === "~" ? "del" : used === 2 ? "strong" : "em", children });
    }
    if (count > 0) {
      if (item.opens && open.length < MOST_OPEN) {
        open.push(result.length);
      }
      result.push({ ...item, count });
    }
  }
  return result.map(asText);
}

function asText(item) {
  return item.mark ? item.mark.repeat(item.count) : item;
}
