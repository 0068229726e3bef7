import { Answering } from "./answering.js";
import { modelName, Unreachable } from "./api.js";
import { add, newChat, path, revive, turn } from "./chat.js";
import { Connection } from "./connection.js";
import { announce, ask, byId, copy, element, fit } from "./dom.js";
import { History } from "./history.js";
import { imported } from "./import.js";
import { MessageView } from "./message.js";
import { Scroll } from "./scroll.js";
import { lastSettings, remember, settingsPanel } from "./settings.js";
import { Sidebar } from "./sidebar.js";
import { themeSwitch } from "./theme.js";

const history = new History();
const scroll = new Scroll(byId("scroll"), byId("to-end"));
const connection = new Connection(byId("connection"));
const input = byId("input");
const answering = new Answering({ grown, stored, ended });
const sidebar = new Sidebar({ open: (id) => { location.hash = id; sidebar.chosen(); }, remove: removeChat, download });

let chat = newChat(lastSettings()); // the one that is shown
let views = new Map(); // of its messages by id; those that are not shown, too

// What is shown

function show(other) {
  chat = other;
  views = new Map();
  scroll.toEnd();
  refresh();
}

function refresh() {
  const shown = path(chat).map((message) => {
    let view = views.get(message.id);
    if (view) {
      view.refresh();
    } else {
      view = new MessageView(chat, message, { edit, retry, turn: turnTo, continueAsText });
      views.set(message.id, view);
    }
    return view.element;
  });
  byId("messages").replaceChildren(...shown);
  byId("welcome").hidden = shown.length > 0;
  byId("title").value = chat.title;
  document.title = chat.title ? `${chat.title} – bitnet.java` : "bitnet.java";
  refreshComposer();
  scroll.follow();
}

function refreshComposer() {
  const busy = isBusy();
  const isText = chat.settings.mode === "text";
  const label = busy ? "Stop" : "Send";
  const button = byId("send");
  button.title = label;
  button.setAttribute("aria-label", label);
  button.querySelector("use").setAttribute("href", busy ? "#icon-stop" : "#icon-send");
  const name = isText ? "Text to continue" : "Message";
  input.setAttribute("aria-label", name);
  input.placeholder = isText && path(chat).length > 0 ? "More text, or nothing to go on" : name;
  byId("greeting").textContent = isText
    ? "Type the beginning of a text, and the model continues it."
    : "Ask something. Answers are computed where this page comes from, nowhere else.";
}

async function refreshSidebar() {
  sidebar.update(await history.titles(), chat.id);
}

function isBusy() {
  return answering.chat(chat.id) !== undefined;
}

// What happens to answers

let isDrawn = true;

function grown(where, message) {
  if (where !== chat || !isDrawn) {
    return; // the next frame shows this piece too
  }
  isDrawn = false;
  requestAnimationFrame(() => {
    isDrawn = true;
    if (where === chat) {
      views.get(message.id)?.refresh();
      scroll.follow();
    }
  });
}

async function stored(where) {
  await history.put(where).catch((error) => {
    byId("storage").textContent = `The browser did not store this chat: ${error.message}`;
  });
}

function ended(where, message, failure) {
  if (failure instanceof Unreachable) {
    connection.lost();
  } else {
    connection.used();
  }
  if (where === chat) {
    refresh();
    announce(failure ? message.error : message.text);
  }
  showModel();
  refreshSidebar();
}

async function showModel() {
  const name = await modelName();
  if (name) {
    byId("model").textContent = name;
  }
}

// What the person does

function answerTo(parent) {
  const message = add(chat, parent, "assistant");
  write(message);
}

function write(message) {
  connection.used();
  scroll.toEnd();
  answering.write(chat, message);
  refresh();
  if (location.hash !== "#" + chat.id) {
    window.history.replaceState(null, "", "#" + chat.id);
  }
  stored(chat).then(refreshSidebar);
}

function send() {
  const shown = path(chat);
  const text = input.value;
  const isText = chat.settings.mode === "text";
  if (isBusy() || (text.trim() === "" && !(isText && shown.length > 0))) {
    return;
  }
  input.value = "";
  fit(input);
  let parent = shown.at(-1)?.id ?? 0;
  if (text !== "") {
    parent = add(chat, parent, "user", isText ? text : text.trim()).id;
  }
  answerTo(parent);
}

/** @returns whether the edited message was sent */
function edit(message, text) {
  if (isBusy()) {
    return false;
  }
  answerTo(add(chat, message.parent, "user", text).id);
  input.focus();
  return true;
}

function retry(message) {
  if (isBusy()) {
    return;
  }
  if (message.state === "failed" && message.text === "") {
    write(message); // there is nothing to keep beside it
  } else {
    answerTo(message.parent);
  }
  input.focus();
}

function continueAsText(message) {
  chat.settings.mode = "text";
  remember(chat.settings);
  views = new Map(); // texts are shown otherwise than messages
  retry(message);
}

function turnTo(message, step) {
  const next = turn(chat, message, step);
  refresh();
  views.get(next.id).focusBranch(step);
  stored(chat);
}

function startNew() {
  window.history.pushState(null, "", location.pathname + location.search);
  show(newChat(lastSettings()));
  sidebar.chosen();
  refreshSidebar();
  input.focus();
}

async function openFromAddress() {
  const id = location.hash.slice(1);
  if (id === chat.id) {
    return;
  }
  const found = id && (answering.chat(id) ?? (await history.get(id)));
  show(found ? (answering.chat(id) ?? revive(found)) : newChat(lastSettings()));
  refreshSidebar();
}

async function removeChat(id, title) {
  if (!(await ask({ title: "Delete this chat?", text: title, yes: "Delete" }))) {
    return;
  }
  await answering.stop(id);
  await history.remove(id);
  if (id === chat.id) {
    startNew();
  }
  refreshSidebar();
}

async function download(id) {
  const text = JSON.stringify(answering.chat(id) ?? (await history.get(id)), null, 2);
  const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  element("a", { href: address, download: `chat-${id}.json` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

/** Keeps the chat of a file and shows it. */
async function upload(file) {
  const failure = byId("import-failure");
  failure.hidden = true;
  try {
    const other = imported(await file.text(), lastSettings());
    await history.put(other);
    location.hash = other.id;
    sidebar.chosen();
  } catch (error) {
    failure.textContent = `${file.name} was not imported. ${error.message}`;
    failure.hidden = false;
  }
}

function editLast() {
  const last = path(chat).findLast((message) => message.role === "user");
  views.get(last?.id)?.edit();
}

byId("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  if (isBusy()) {
    answering.stop(chat.id);
  } else {
    send();
  }
});
input.addEventListener("input", () => fit(input));
input.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    send();
  } else if (event.key === "ArrowUp" && input.value === "" && !isBusy()) {
    event.preventDefault();
    editLast();
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !document.querySelector("dialog[open]")) {
    answering.stop(chat.id);
  } else if (event.ctrlKey && event.shiftKey && event.code === "KeyO") {
    event.preventDefault();
    startNew();
  }
});
byId("messages").addEventListener("click", ({ target }) => {
  const button = target.closest("[data-copy]");
  if (button?.dataset.copy === "code") {
    copy(button.closest("figure").querySelector("code").textContent, button);
  } else if (button) {
    copy(chat.messages[button.closest("article").dataset.id - 1].text, button);
  }
});
byId("new-chat").addEventListener("click", startNew);
byId("import-chat").addEventListener("click", () => byId("import-file").click());
byId("import-file").addEventListener("change", ({ target }) => {
  const [file] = target.files;
  target.value = ""; // so that the same file can be chosen again
  upload(file);
});
byId("title").addEventListener("change", ({ target }) => {
  chat.title = target.value.trim();
  refresh();
  if (chat.messages.length > 0) {
    stored(chat).then(refreshSidebar);
  }
});
window.addEventListener("hashchange", openFromAddress);

themeSwitch();
settingsPanel(() => chat.settings, (name) => {
  if (name === "mode") {
    views = new Map(); // texts are shown otherwise than messages
    refresh();
  }
  if (chat.messages.length > 0) {
    stored(chat);
  }
});
refresh();
showModel();
await history.ready();
if (!history.kept) {
  byId("storage").textContent = "This browser keeps no chats: they end with this page.";
}
await openFromAddress();
await refreshSidebar();
