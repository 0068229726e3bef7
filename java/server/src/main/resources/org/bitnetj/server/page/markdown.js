/**
 * Takes Markdown apart into blocks: headings, rules, fenced code, quotes, lists, tables and
 * paragraphs. HTML is text as any other. What a line begins depends on no later line, except that
 * the second line of a table makes one of the first: a block that is followed by another whose first
 * line is whole stays as it is, whatever text comes after.
 */

/** Deeper lists and quotes are paragraphs. */
const MOST_DEPTH = 8;

const FENCE = /^ {0,3}(`{3,}|~{3,}) *([^`\s]*)[^`]*$/;
const HEADING = /^ {0,3}(#{1,6})(?:\s+(.*?))?(?:\s+#+)?\s*$/;
const RULE = /^ {0,3}(?:(?:\* *){3,}|(?:- *){3,}|(?:_ *){3,})$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( {0,3})([-*+]|(\d{1,9})[.)])(?:( {1,4})(?! )| (?= )|$)/;
const DELIMITERS = /^ *\|?( *:?-+:? *\|)+( *:?-+:? *)?$|^ *\|?( *:?-+:? *)(\| *:?-+:? *)+$/;

const isBlank = (line) => line.trim() === "";

/**
 * @returns blocks, each with its `type` and the line that it starts at
 */
export function parse(text) {
  const lines = text.split("\n").map((line) =>
    line.replace(/\r$/, "").replace(/^[ \t]*\t/, (space) => space.replaceAll("\t", "    ")));
  return blocks(lines, 0);
}

function blocks(lines, depth) {
  const result = [];
  let at = 0;
  while (at < lines.length) {
    if (isBlank(lines[at])) {
      at++;
      continue;
    }
    const [block, end] =
      code(lines, at) ??
      heading(lines, at) ??
      rule(lines, at) ??
      (depth < MOST_DEPTH ? quote(lines, at, depth) ?? list(lines, at, depth) : null) ??
      table(lines, at) ??
      paragraph(lines, at, depth);
    result.push({ ...block, start: at });
    at = end;
  }
  return result;
}

function code(lines, at) {
  const fence = lines[at].match(FENCE);
  if (!fence) {
    return null;
  }
  const [, mark, language] = fence;
  const closing = new RegExp(`^ {0,3}${mark[0]}{${mark.length},} *$`);
  const indent = new RegExp(`^ {0,${lines[at].search(/\S/)}}`);
  let end = at + 1;
  while (end < lines.length && !closing.test(lines[end])) {
    end++;
  }
  const text = lines.slice(at + 1, end).map((line) => line.replace(indent, "")).join("\n");
  return [{ type: "code", language, text }, end + 1];
}

function heading(lines, at) {
  const match = lines[at].match(HEADING);
  return match && [{ type: "heading", level: match[1].length, text: match[2] ?? "" }, at + 1];
}

function rule(lines, at) {
  return RULE.test(lines[at]) ? [{ type: "rule" }, at + 1] : null;
}

/** Whether a line ends the paragraph before it. A number does so only if it is 1: it may be a year. */
function interrupts(lines, at, depth) {
  const line = lines[at];
  const number = line.match(ITEM)?.[3];
  const item = ITEM.test(line) && (number === undefined || Number(number) === 1);
  return isBlank(line) || FENCE.test(line) || HEADING.test(line) || RULE.test(line) ||
    (depth < MOST_DEPTH && (QUOTE.test(line) || item)) || isTable(lines, at);
}

function quote(lines, at, depth) {
  if (!QUOTE.test(lines[at])) {
    return null;
  }
  const inner = [];
  let end = at;
  while (end < lines.length && (QUOTE.test(lines[end]) || !interrupts(lines, end, depth))) {
    inner.push(lines[end].replace(QUOTE, ""));
    end++;
  }
  return [{ type: "quote", blocks: blocks(inner, depth + 1) }, end];
}

/** Whether a line is an item of the list whose marks end so. */
function isItem(line, kind) {
  return line?.match(ITEM)?.[2].at(-1) === kind && !RULE.test(line);
}

/**
 * Models indent what belongs to an item by two or more columns, whatever the width of its mark, so
 * that much is enough.
 */
function list(lines, at, depth) {
  const first = lines[at].match(ITEM);
  if (!first) {
    return null;
  }
  const kind = first[2].at(-1);
  const items = [];
  let loose = false;
  let end = at;
  for (;;) {
    if (!isItem(lines[end], kind)) {
      break;
    }
    const width = lines[end].match(ITEM)[0].length;
    const inner = [lines[end].slice(width)];
    end++;
    while (end < lines.length) {
      const line = lines[end];
      const indent = line.search(/\S/);
      if (indent < 0) {
        let next = end;
        while (next < lines.length && isBlank(lines[next])) {
          next++;
        }
        const belongs = next < lines.length && lines[next].search(/\S/) >= 2;
        if (!belongs && !isItem(lines[next], kind)) {
          break;
        }
        loose = true;
        inner.push("");
        end = next - 1;
      } else if (indent >= 2) {
        inner.push(line.slice(Math.min(indent, width)));
      } else if (isBlank(lines[end - 1]) || ITEM.test(line) || interrupts(lines, end, depth)) {
        break;
      } else {
        inner.push(line);
      }
      end++;
    }
    items.push(blocks(inner, depth + 1));
  }
  const start = first[3] === undefined ? null : Number(first[3]);
  return [{ type: "list", ordered: start !== null, first: start, loose, items }, end];
}

function cells(line) {
  const result = [];
  let cell = "";
  const row = line.trim().replace(/^\|/, "");
  for (let i = 0; i < row.length; i++) {
    if (row[i] === "\\" && row[i + 1] === "|") {
      cell += "|";
      i++;
    } else if (row[i] === "|") {
      result.push(cell.trim());
      cell = "";
    } else {
      cell += row[i];
    }
  }
  return cell.trim() === "" ? result : [...result, cell.trim()];
}

function isTable(lines, at) {
  return at + 1 < lines.length && lines[at].includes("|") && DELIMITERS.test(lines[at + 1]) &&
    cells(lines[at]).length === cells(lines[at + 1]).length;
}

function table(lines, at) {
  if (!isTable(lines, at)) {
    return null;
  }
  const alignments = cells(lines[at + 1]).map((cell) =>
    cell.endsWith(":") ? (cell.startsWith(":") ? "center" : "right") : "left");
  const rows = [];
  let end = at + 2;
  while (end < lines.length && lines[end].includes("|")) {
    const row = cells(lines[end]);
    rows.push(alignments.map((_, column) => row[column] ?? ""));
    end++;
  }
  return [{ type: "table", alignments, head: cells(lines[at]), rows }, end];
}

function paragraph(lines, at, depth) {
  let end = at + 1;
  while (end < lines.length && !interrupts(lines, end, depth)) {
    end++;
  }
  const text = lines.slice(at, end).map((line) => line.trimStart()).join("\n").trimEnd();
  return [{ type: "paragraph", text }, end];
}
