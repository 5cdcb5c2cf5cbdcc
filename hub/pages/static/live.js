// Makes the list of events live: the page works without it.
const list = document.querySelector("[data-feed]");
const state = document.querySelector("[data-state]");
const none = document.querySelector("[data-none]");
const KEPT = 200;
let titles = new Map();

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function row(term, value) {
  const made = element("div");
  const detail = element("dd");
  detail.append(value);
  made.append(element("dt", term), detail);
  return made;
}

function card(event) {
  const made = element("li", undefined, "event fresh");
  made.dataset.source = event.source;
  made.dataset.id = event.id;
  made.append(element("h3", titles.get(event.type) ?? event.type));
  const title = event.data.title ?? event.data.name;
  const text = title && typeof title === "object" ? title.en ?? Object.values(title)[0] : title;
  if (typeof text === "string") {
    const said = element("p", text, "said");
    said.dir = "auto";
    made.append(said);
  }
  const facts = element("dl");
  const moment = element("time", `${event.recordedtime.slice(0, 16).replace("T", " ")} UTC`);
  moment.dateTime = event.recordedtime;
  facts.append(
    row("About", element("span", event.subject ?? "—", "ref")),
    row("From", event.source.slice(event.source.lastIndexOf(":") + 1)),
    row("Recorded", moment),
    row("Label", element("span", event.tlp, "tlp")),
  );
  made.append(facts);
  return made;
}

function shown(source, id) {
  return [...list.children].find((one) => one.dataset.source === source && one.dataset.id === id);
}

function settle() {
  while (list.children.length > KEPT) list.lastElementChild.remove();
  none.hidden = list.children.length > 0;
}

function follow() {
  const feed = new EventSource(list.dataset.feed);
  const on = (kind, act) => feed.addEventListener(kind, (message) => { act(JSON.parse(message.data)); settle(); });
  on("event", ({ event }) => { shown(event.source, event.id)?.remove(); list.prepend(card(event)); });
  on("changed", ({ source, id, event }) => {
    const before = shown(source, id);
    if (before) before.replaceWith(card(event)); else list.prepend(card(event));
  });
  on("withdrawn", ({ source, id }) => shown(source, id)?.remove());
  on("live", () => { state.textContent = "Live: new events appear by themselves."; });
  on("bye", ({ reason }) => {
    if (reason !== "revoked") return;
    feed.close();
    list.replaceChildren();
    state.textContent = "You were signed out. Reload this page.";
  });
  feed.addEventListener("error", () => {
    if (feed.readyState === EventSource.CLOSED) state.textContent = "Not live. Reload this page to try again.";
    else state.textContent = "The connection was lost; trying again.";
  });
}

async function begin() {
  const answer = await fetch("/schemas");
  const { types } = await answer.json();
  titles = new Map(types.map((one) => [one.type, one.title]));
  follow();
}

if (list) begin();
