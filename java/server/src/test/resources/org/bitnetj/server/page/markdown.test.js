import { safeAddress } from "/page/inline.js";
import { MarkdownView } from "/page/render.js";
import { equal, test } from "./testing.js";

/** The elements of a text as HTML, without the frames of code and tables. */
function html(text, step = text.length) {
  const root = document.createElement("div");
  const view = new MarkdownView(root);
  for (let end = step; end < text.length + step; end += step) {
    view.update(text.slice(0, end));
  }
  root.querySelectorAll("figcaption svg, figcaption button").forEach((part) => part.remove());
  return root.innerHTML
    .replaceAll(/ (target|rel|tabindex|role|aria-label|scope)="[^"]*"/g, "");
}

const CASES = {
  "emphasis": ["a *b* **c** ***d*** _e_ ~~f~~",
    "<p>a <em>b</em> <strong>c</strong> <em><strong>d</strong></em> <em>e</em> <del>f</del></p>"],
  "marks within words and alone stay": ["snake_case_name 2 * 3 * 4 ~5 **", "<p>snake_case_name 2 * 3 * 4 ~5 **</p>"],
  "emphasis in emphasis": ["**a *b* c**", "<p><strong>a <em>b</em> c</strong></p>"],
  "code spans keep their marks": ["`*a*` ``b ` c`` `d", "<p><code>*a*</code> <code>b ` c</code> `d</p>"],
  "escapes": ["\\*a\\* \\\\ \\x", "<p>*a* \\ \\x</p>"],
  "line breaks": ["a\nb", "<p>a<br>b</p>"],
  "links": ["[a *b*](https://x.org/y \"t\") <https://z.org> https://w.org/q?a=1.",
    '<p><a href="https://x.org/y">a <em>b</em></a> <a href="https://z.org">https://z.org</a> ' +
    '<a href="https://w.org/q?a=1">https://w.org/q?a=1</a>.</p>'],
  "images are links": ["![alt](https://x.org/i.png)", '<p><a href="https://x.org/i.png">alt</a></p>'],
  "other links stay text": ["[a](javascript:alert(1)) [b](/c) [d](JAVA\tSCRIPT:x) [e](data:text/html,x)",
    "<p>[a](javascript:alert(1)) [b](/c) [d](JAVA\tSCRIPT:x) [e](data:text/html,x)</p>"],
  "HTML is text": ["<b>a</b> <img src=x onerror=alert(1)>\n\n<script>alert(1)</script>",
    "<p>&lt;b&gt;a&lt;/b&gt; &lt;img src=x onerror=alert(1)&gt;</p><p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"],
  "headings": ["# a\n###### b *c* ##\n#d", '<h3 class="level1">a</h3><h6 class="level6">b <em>c</em></h6><p>#d</p>'],
  "rules": ["a\n\n---\n* * *", "<p>a</p><hr><hr>"],
  "quotes": ["> a\nb\n> - c\n\nd", "<blockquote><p>a<br>b</p><ul><li>c</li></ul></blockquote><p>d</p>"],
  "lists": ["- a\n- b\n  c\n\nd", "<ul><li>a</li><li>b<br>c</li></ul><p>d</p>"],
  "numbered lists": ["3. a\n4. b", '<ol start="3"><li>a</li><li>b</li></ol>'],
  "a year begins no list in a paragraph": ["It was\n1984. So", "<p>It was<br>1984. So</p>"],
  "lists in lists": ["1. a\n   - b\n     - c\n2. d", "<ol><li>a<ul><li>b<ul><li>c</li></ul></li></ul></li><li>d</li></ol>"],
  "two columns are enough for a list in a list": ["1. a\n  - b\n2. c", "<ol><li>a<ul><li>b</li></ul></li><li>c</li></ol>"],
  "lists with blank lines": ["- a\n\n- b", "<ul><li><p>a</p></li><li><p>b</p></li></ul>"],
  "code in a list": ["1. a\n   ```sh\n   b\n     c\n   ```\n2. d",
    '<ol><li>a<figure class="code"><figcaption><span>sh</span></figcaption><pre><code>b\n  c</code></pre></figure></li><li>d</li></ol>'],
  "fenced code": ["```python\nif a < b:\n\n    *c*\n```\nd",
    '<figure class="code"><figcaption><span>python</span></figcaption><pre><code>if a &lt; b:\n\n    *c*</code></pre></figure><p>d</p>'],
  "an open fence, and fences in a longer fence": ["````\n```\na\n```", '<figure class="code"><figcaption><span>text</span></figcaption><pre><code>```\na\n```</code></pre></figure>'],
  "tables": ["| a | b |\n|:--|--:|\n| `c` | d \\| e |\n| f |\n\ng",
    '<div class="table"><table><thead><tr><th class="left">a</th><th class="right">b</th></tr></thead><tbody>' +
    '<tr><td class="left"><code>c</code></td><td class="right">d | e</td></tr>' +
    '<tr><td class="left">f</td><td class="right"></td></tr></tbody></table></div><p>g</p>'],
  "a bar makes no table": ["a | b\nc", "<p>a | b<br>c</p>"],
  "ends of lines of other systems": ["# a\r\n- b\r\n- c\r\n", '<h3 class="level1">a</h3><ul><li>b</li><li>c</li></ul>'],
};

for (const [name, [text, expected]] of Object.entries(CASES)) {
  test(`Markdown: ${name}`, () => equal(html(text), expected));
}

test("Markdown: a text that grows shows what the whole shows", () => {
  const whole = Object.values(CASES).map(([text]) => text).join("\n\n") + "\n\ntext\n| a | b |\n|---|-x\n";
  const expected = html(whole);
  for (const step of [1, 2, 3, 5, 7, 64, 500]) {
    equal(html(whole, step), expected);
  }
});

test("Markdown: blocks that have ended stay the same elements", () => {
  const root = document.createElement("div");
  const view = new MarkdownView(root);
  view.update("# a\n\nb\n\n```\nc");
  const [heading, , code] = root.children;
  const text = code.querySelector("code").firstChild;
  view.update("# a\n\nb\n\n```\nc\nd");
  equal(root.children[0] === heading && root.children[2] === code, true);
  equal([code.contains(text), text.data], [true, "c\nd"]);
  view.update("another");
  equal(root.innerHTML, "<p>another</p>");
});

test("Markdown: no text takes long or makes the page too deep", () => {
  const begin = performance.now();
  for (const text of ["*a ", "**", "[", "[a](", "`a``b", "> ", "- ", "1. ", "\n", "<", "|a", "~~a ", "![", "https://a("]) {
    html(text.repeat(20000 / text.length));
    html(("a\n" + text).repeat(4000 / text.length));
  }
  equal(performance.now() - begin < 20000, true);
});

test("links: only to the web and to mail", () => {
  const safe = ["https://a.org/", "http://a", "mailto:a@b.org", "HTTPS://a"];
  const unsafe = ["javascript:x", " javascript:x", "java\nscript:x", "data:x", "file:///x", "//a.org", "/a", "a", "", "vbscript:x", "blob:https://a/x"];
  equal(safe.filter(safeAddress), safe);
  equal(unsafe.filter(safeAddress), []);
});
