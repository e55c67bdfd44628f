"use strict";
// All texts of the CRM go through textContent: nothing that a card holds can become markup.

const T = JSON.parse(document.getElementById("texts").textContent);
const byId = (id) => document.getElementById(id);
const view = { board: "", portal: "", state: null, shown: "", card: null, cardShown: "", empty: null, open: new Set(), pressed: false };

function el(tag, attrs, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attrs || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "class") node.className = value;
    else node.setAttribute(key, value === true ? "" : value);
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined && child !== "") node.append(child);
  }
  return node;
}

function time(text) {
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? "" : at.toLocaleTimeString(document.documentElement.lang);
}

// plain leaves the portal's marks of text out.
const plain = (text) => text.replace(/\[\/?(B|I|U|SIZE)(=[^\]]*)?\]/gi, "");

function toast(text) {
  byId("toast").textContent = text;
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => { byId("toast").textContent = ""; }, 4000);
}

async function post(path, body) {
  try {
    const answer = await fetch(path, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body || {}),
    });
    if (!answer.ok) {
      const problem = await answer.json().catch(() => ({}));
      toast(problem.error || problem.message || String(answer.status));
    }
    return answer.ok;
  } catch {
    toast(T.offline);
    return false;
  } finally {
    await refresh();
  }
}

const act = (verb, body) => post("/control/sandbox/" + verb, { portal: view.portal, ...body });
const registrar = (id, verb, body) => post("/control/realty/" + id + "/" + verb, body);

// keep puts focus and scroll back after a redraw, by the data-key of what had them.
function keep(root, draw) {
  const focused = root.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  const scrolled = [...root.querySelectorAll("[data-scroll]")].map((n) => [n.dataset.scroll, n.scrollTop]);
  draw();
  for (const [key, top] of scrolled) {
    const node = root.querySelector('[data-scroll="' + CSS.escape(key) + '"]');
    if (node) node.scrollTop = top;
  }
  if (focused) root.querySelector('[data-key="' + CSS.escape(focused) + '"]')?.focus({ preventScroll: true });
}

function drawBoards(state) {
  keep(byId("boards"), () => byId("boards").replaceChildren(...state.boards.map((b) => el("button", {
    type: "button", "data-key": "board-" + b.id, "data-board": b.id, "aria-pressed": String(b.id === view.board),
    onclick: () => { view.board = b.id; draw(view.state); },
  }, b.name, " ", el("span", { class: "count" }, String(b.stages.reduce((n, s) => n + s.cards.length, 0)))))));
  byId("portal-box").hidden = state.portals.length < 2;
  const names = state.portals.join("\n");
  if (byId("portal").dataset.names !== names) {
    byId("portal").dataset.names = names;
    byId("portal").replaceChildren(...state.portals.map((p) => el("option", { value: p }, p)));
  }
  byId("portal").value = state.portal;
}

function stageSelect(board, card, current, prefix) {
  const select = el("select", {
    "aria-label": T.move_to + ": " + card.title, "data-key": prefix + card.type + "-" + card.id,
    onchange: (e) => act("move", { type: card.type, id: card.id, stage: e.target.value }),
  }, board.stages.map((s) => el("option", { value: s.id }, s.name)));
  select.value = current;
  return select;
}

function drawCard(board, column, card) {
  const index = board.stages.indexOf(column);
  const next = board.stages[index + 1];
  const key = card.type + "-" + card.id;
  return el("li", {
    class: "card", draggable: "true", "data-card": key,
    ondragstart: (e) => e.dataTransfer.setData("text/plain", JSON.stringify({ type: card.type, id: card.id })),
  },
  el("button", { class: "card-title", type: "button", "data-key": "open-" + key, onclick: () => open(card) }, card.title),
  card.amount ? el("p", { class: "amount" }, card.amount) : null,
  card.people ? el("p", { class: "people" }, card.people.join(", ")) : null,
  card.docflow ? el("p", {}, el("span", { class: "chip " + card.docflow }, T["state_" + card.docflow] || card.docflow)) : null,
  card.problem ? el("p", { class: "problem" }, card.problem) : null,
  el("div", { class: "card-move" },
    stageSelect(board, card, column.id, "move-"),
    next ? el("button", {
      type: "button", class: "next", "data-key": "next-" + key, "data-next": key, "aria-label": T.next_stage + ": " + next.name,
      title: next.name, onclick: () => act("move", { type: card.type, id: card.id, stage: next.id }),
    }, "→") : null));
}

function drawColumns(state) {
  const board = state.boards.find((b) => b.id === view.board);
  if (!board) {
    byId("board").replaceChildren(el("p", { class: "empty" }, T.empty));
    return;
  }
  keep(byId("board"), () => byId("board").replaceChildren(...board.stages.map((column, i) => el("section", {
    class: "column tone-" + column.tone + " hue-" + (i % 5), "data-stage": column.id, "aria-label": column.name,
    ondragover: (e) => e.preventDefault(),
    ondrop: (e) => {
      e.preventDefault();
      let dropped;
      try { dropped = JSON.parse(e.dataTransfer.getData("text/plain")); } catch { return; }
      act("move", { ...dropped, stage: column.id });
    },
  },
  el("h2", {}, el("span", {}, column.name), el("span", { class: "count" }, String(column.cards.length))),
  el("ul", { "data-scroll": column.id }, column.cards.map((c) => drawCard(board, column, c)))))));
}

// signButton puts everybody's signatures into the card, where the bridge looks for them.
function signButton(card, key) {
  return el("button", {
    type: "button", class: "primary", "data-key": key, "data-sign": card.type + "-" + card.id, title: T.sign_hint,
    onclick: () => act("sign", { type: card.type, id: card.id }),
  }, T.sign_card);
}

// cardOf finds the card that a docflow's signatures belong into.
function cardOf(d) {
  for (const board of view.state.boards) {
    for (const stage of board.stages) {
      const card = stage.cards.find((c) => c.signs === d.id);
      if (card) return card;
    }
  }
  return null;
}

// What the registrar, the payer and the signers can do in each state.
function choices(d) {
  const final = d.state === "completed" || d.state === "error";
  if (final) return [];
  if (d.waits === "signature") return ["sign", "submit", "fail"];
  if (d.waits === "payment") return ["pay", "fail"];
  if (d.state === "sent") return ["complete", "charge", "suspend", "fail"];
  if (d.state === "suspended") return ["complete", "fail"];
  return ["dispatch", "fail"];
}

function drawDocflow(d) {
  const word = T["waits_" + d.waits] || T["state_" + d.state] || d.state;
  const files = d.files || [];
  const card = d.waits === "signature" ? cardOf(d) : null;
  return el("article", { class: "docflow", "data-docflow": d.id },
    el("header", {}, el("strong", {}, T["type_" + d.type] || d.type), el("span", { class: "chip " + (d.waits || d.state) }, word)),
    el("p", { class: "meta" }, [d.object, d.requestId].filter(Boolean).join(" · ")),
    d.waits === "signature" ? el("p", {}, T.signed + " " + d.signed + " " + T.of + " " + d.signers) : null,
    (d.charges || []).map((c) => el("p", { class: "duty" }, T.duty + " ", el("b", {}, (c.sum / 100).toLocaleString("ru") + "\u00a0₽"),
      " · " + T.uin + " ", el("code", {}, c.uin))),
    d.error ? el("p", { class: "problem" }, d.error) : null,
    files.length ? el("p", { class: "meta" }, T.files + ": " + files.join(", ")) : null,
    el("div", { class: "buttons" }, card ? signButton(card, "sign-" + d.id) : null, choices(d).map((verb, i) => el("button", {
      type: "button", "data-key": "act-" + d.id + verb, "data-act": verb, class: verb === "fail" ? "danger" : i === 0 && !card ? "primary" : "",
      onclick: () => registrar(d.id, verb, verb === "fail" ? { message: T.fail_text } : {}),
    }, T["act_" + verb]))),
    el("details", { "data-open": d.id, open: view.open.has(d.id) },
      el("summary", { "data-key": "history-" + d.id }, T.history),
      el("ol", {}, d.history.map((s) => el("li", {}, el("time", {}, time(s.at)), " ", T["state_" + s.state.trim()] || s.state,
        el("span", { class: "meta" }, " " + s.cause))))));
}

// remember notes which details are unfolded, so that a redraw leaves them so.
function remember() {
  view.open = new Set([...document.querySelectorAll("details[open]")].map((n) => n.dataset.open));
}

function drawSide(state) {
  remember();
  keep(byId("docflows"), () => byId("docflows").replaceChildren(...(state.docflows.length
    ? state.docflows.map(drawDocflow) : [el("p", { class: "empty" }, T.no_docflows)])));
  drawExchange(state.exchange);
  byId("notes").replaceChildren(...(state.notes.length
    ? state.notes.map((n) => el("li", {}, el("time", {}, time(n.at)), " ", n.text)) : [el("li", { class: "empty" }, T.no_notes)]));
  for (const [lever, on] of [["portal_pause", state.paused], ["realty_automatic", state.automatic]]) {
    document.querySelector('[data-lever="' + lever + '"]').setAttribute("aria-pressed", String(on));
  }
}

function draw(state) {
  if (!state.boards.some((b) => b.id === view.board)) view.board = state.boards[0]?.id || "";
  drawBoards(state);
  drawColumns(state);
  drawSide(state);
  drawApps(state);
}

const query = (values) => new URLSearchParams({ portal: view.portal, ...values }).toString();

async function refresh() {
  try {
    const answer = await fetch("/control/sandbox/state?" + query({}), { cache: "no-store" });
    const body = await answer.text();
    byId("offline").hidden = true;
    if (view.pressed) return; // a button replaced between press and release loses its click
    if (body !== view.shown) {
      view.shown = body;
      view.state = JSON.parse(body);
      view.portal = view.state.portal;
      draw(view.state);
    }
    if (byId("panel").open) await refreshPanel();
  } catch {
    byId("offline").hidden = false;
  }
}

// ---- the panel of one card ----

async function open(card) {
  view.card = card;
  view.cardShown = "";
  view.empty = null;
  byId("panel").replaceChildren();
  byId("panel").showModal();
  await refreshPanel();
  byId("panel").querySelector(".close")?.focus();
}

async function refreshPanel() {
  const card = view.card;
  const answer = await fetch("/control/sandbox/card?" + query({ type: card.type, id: card.id }), { cache: "no-store" });
  if (!answer.ok) {
    byId("panel").close();
    return;
  }
  const body = await answer.text();
  const editing = document.activeElement?.matches?.("#panel input, #panel select");
  // Never under somebody's hands.
  if (body === view.cardShown || card !== view.card || (editing && view.cardShown) || view.pressed) return;
  view.cardShown = body;
  remember();
  const shown = JSON.parse(body);
  keep(byId("panel"), () => drawPanel(shown));
}

function drawFiles(files) {
  return (files || []).map((f) => el("a", {
    class: "file", download: f.name, href: "/control/sandbox/file?" + query({ id: f.id }),
  }, f.name, " ", el("span", { class: "meta" }, f.size + " B")));
}

function attach(card, f) {
  const input = el("input", {
    type: "file", class: "visually-hidden", "data-key": "file-" + f.name, "aria-label": T.attach + ": " + f.label,
    onchange: async (e) => {
      const chosen = e.target.files[0];
      if (!chosen) return;
      const bytes = new Uint8Array(await chosen.arrayBuffer());
      let binary = "";
      for (const b of bytes) binary += String.fromCharCode(b);
      e.target.blur();
      await act("upload", { type: card.type, id: card.id, field: f.name, name: chosen.name, data: btoa(binary) });
    },
  });
  return el("label", { class: "attach" }, "+ " + T.attach, input);
}

function drawValue(card, f) {
  if (f.type === "file") {
    const waits = f.signs && view.state.docflows.some((d) => d.waits === "signature" && cardOf(d)?.id === card.id && cardOf(d).type === card.type);
    return el("div", { class: "files" }, drawFiles(f.files), waits ? signButton(card, "sign-here") : null, attach(card, f));
  }
  if (!f.editable) return el("span", { class: "value" }, f.value || "—");
  const save = (e) => {
    e.target.blur();
    act("field", { type: card.type, id: card.id, field: f.name, value: e.target.value });
  };
  const common = { "data-key": "field-" + f.name, "data-field": f.name, id: "field-" + f.name, onchange: save };
  if (f.type === "enumeration") {
    const select = el("select", common, el("option", { value: "" }, "—"),
      (f.options || []).map((o) => el("option", { value: o.id }, o.value)));
    select.value = f.value;
    return select;
  }
  return el("input", { ...common, type: "text", value: f.value, autocomplete: "off" });
}

function block(title, children, none) {
  return el("section", {}, el("h3", {}, title), children.length ? children : none ? el("p", { class: "empty" }, none) : null);
}

// drawFields folds away what was empty when the card was opened and still is: a card has many fields, and few matter.
function drawFields(card) {
  const isEmpty = (f) => !f.value && !(f.files || []).length && !f.signs;
  view.empty ??= new Set(card.fields.filter(isEmpty).map((f) => f.name));
  const folded = (f) => isEmpty(f) && view.empty.has(f.name);
  const row = (f) => el("div", { class: "field" },
    f.editable ? el("label", { for: "field-" + f.name }, f.label) : el("span", { class: "label" }, f.label), drawValue(card, f));
  const rows = card.fields.filter((f) => !folded(f)).map(row);
  const rest = card.fields.filter(folded);
  return rest.length ? [...rows, el("details", { "data-open": "empty", open: view.open.has("empty") },
    el("summary", { "data-key": "empty" }, T.more + " (" + rest.length + ")"), rest.map(row))] : rows;
}

function drawPanel(card) {
  const board = view.state.boards.find((b) => b.stages.some((s) => s.id === card.stage && s.cards.some((c) => c.type === card.type && c.id === card.id)));
  byId("panel").replaceChildren(
    el("header", {},
      el("div", {}, el("h2", { id: "panel-title" }, card.title), card.amount ? el("p", { class: "amount" }, card.amount) : null),
      board ? stageSelect(board, card, card.stage, "panel-") : null,
      el("button", { type: "button", class: "close", "data-key": "close", "aria-label": T.close, onclick: () => byId("panel").close() }, "×")),
    el("div", { class: "panel-body", "data-scroll": "panel" },
      card.tabs.length ? block(T.tabs, card.tabs.map((t) => el("p", {}, el("button", {
        type: "button", "data-key": "tab-" + t.client, onclick: () => slide(card.title + " · " + t.title, { id: card.id, client: t.client, placement: t.placement }),
      }, t.title)))) : null,
      block(T.fields, drawFields(card), T.nothing),
      block(T.people, card.contacts.map((c) => el("details", {
        class: "person", "data-open": "person-" + c.name, open: view.open.has("person-" + c.name),
      },
        el("summary", {}, c.name), c.fields.map((f) => el("div", { class: "field" }, el("span", { class: "label" }, f.label),
          f.type === "file" ? el("div", { class: "files" }, drawFiles(f.files)) : el("span", { class: "value" }, f.value))))), T.nothing),
      block(T.workflows, card.workflows.map((w) => el("div", { class: "workflow" },
        el("p", {}, el("strong", {}, w.name), " ", el("span", { class: "chip " + w.state }, T[w.state] || w.state),
          w.waiting ? el("span", { class: "meta" }, " " + T.waits_for + " " + w.waiting) : null),
        el("ol", {}, (w.log || []).map((l) => el("li", {}, l))))), T.nothing),
      block(T.timeline, card.timeline.map((e) => el("div", { class: "entry" },
        el("p", { class: "meta" }, el("time", {}, time(e.at)), " " + (T[e.kind] || e.kind)),
        el("p", { class: "text" }, plain(e.text)), el("div", { class: "files" }, drawFiles(e.files)))), T.nothing)));
}

// ---- pages of applications, in a frame as the portal opens them ----

function slide(title, page) {
  byId("slider-title").textContent = title;
  byId("slider-frame").src = "/control/sandbox/open?" + query({ ...page, user: byId("user").value, lang: document.documentElement.lang });
  byId("slider").showModal();
}

function drawApps(state) {
  const key = JSON.stringify([state.apps, state.users]);
  if (view.apps === key) return;
  view.apps = key;
  byId("apps").replaceChildren(...state.apps.map((a) => el("button", {
    type: "button", "data-app": a.client, onclick: () => slide(T.app_page, { client: a.client }),
  }, state.apps.length > 1 ? T.app_page + " " + a.host : T.app_page)));
  const chosen = byId("user").value;
  byId("user-box").hidden = state.apps.length === 0;
  byId("user").replaceChildren(...state.users.map((u) => el("option", { value: u.id }, u.name + (u.admin ? " (" + T.admin + ")" : ""))));
  if (state.users.some((u) => String(u.id) === chosen)) byId("user").value = chosen;
}

byId("slider-close").addEventListener("click", () => byId("slider").close());
byId("slider").addEventListener("close", () => { byId("slider-frame").src = "about:blank"; });
byId("panel").addEventListener("click", (e) => { if (e.target === byId("panel")) byId("panel").close(); });
byId("panel").addEventListener("close", () => {
  const key = view.card.type + "-" + view.card.id;
  document.querySelector('[data-key="open-' + key + '"]')?.focus();
});
addEventListener("pointerdown", () => { view.pressed = true; }, true);
for (const end of ["pointerup", "pointercancel", "dragend"]) {
  addEventListener(end, () => setTimeout(() => { view.pressed = false; refresh(); }), true); // after the click
}
byId("portal").addEventListener("change", (e) => { view.portal = e.target.value; refresh(); });
for (const button of document.querySelectorAll("[data-lever]")) {
  button.addEventListener("click", async () => {
    if (await act("lever", { lever: button.dataset.lever })) toast(button.title);
  });
}

(async function loop() {
  for (;;) {
    if (!document.hidden) await refresh();
    await new Promise((resume) => setTimeout(resume, 1000));
  }
})();
