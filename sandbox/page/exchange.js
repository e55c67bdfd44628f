"use strict";
// Диадок: what the other sides may do. Loaded before sandbox.js, whose helpers it calls.

const counteragent = (path, body) => post("/control/diadoc/" + path, body);

function actButton(key, verb, label, act, first) {
  const no = ["reject", "break", "refuserevocation", "askrevocation"].includes(verb);
  return el("button", { type: "button", "data-key": key + verb, "data-act": verb, class: no ? "danger" : first ? "primary" : "", onclick: act }, label);
}

const tones = { waiting: "signature", signed: "done", rejected: "error", revoked: "error", undelivered: "error", revoking: "signature" };

function drawPaper(p) {
  const act = (verb) => counteragent("documents/" + p.message + "/" + p.entity + "/" + verb, { box: p.box, text: T.paper_text });
  return el("article", { class: "docflow", "data-paper": p.entity },
    el("header", {}, el("strong", {}, p.title), el("span", { class: "chip " + (tones[p.state] || "") }, T["paper_" + p.state])),
    el("p", { class: "meta" }, (p.ours ? T.from_us : T.to_us) + p.peer),
    p.acts.length ? el("div", { class: "buttons" },
      p.acts.map((verb, i) => actButton("paper-" + p.entity, verb, T["paper_" + verb], () => act(verb), i === 0))) : null);
}

function drawPeer(p, ours) {
  const body = (verb) => ({ box: p.box, peer: ours, ...(verb === "send"
    ? { papers: [{ FileName: T.paper_name, Content: btoa("sandbox " + Date.now()), NeedReply: true }] } : {}) });
  return el("article", { class: "peer", "data-peer": p.box },
    el("header", {}, el("span", {}, p.title), el("span", { class: "meta" }, T["status_" + p.status] || p.status)),
    el("div", { class: "buttons" }, p.acts.map((verb) => actButton("peer-" + p.box, verb, T["peer_" + verb],
      () => counteragent("boxes/" + verb, body(verb))))));
}

// drawSigning is the phone of the person whose signature a cloud makes.
function drawSigning(s) {
  return el("article", { class: "docflow", "data-signing": s.taskId },
    el("header", {}, el("strong", {}, s.kind), el("span", { class: "chip signature" }, String(s.files))),
    s.code ? el("p", {}, T.phone + ": ", el("code", {}, s.code))
      : el("div", { class: "buttons" }, actButton("signing-" + s.taskId, "confirm", T.confirm, () => counteragent("levers/signing", { code: s.taskId }), true)));
}

function drawExchange(x) {
  keep(byId("papers"), () => byId("papers").replaceChildren(
    ...x.signings.map(drawSigning),
    ...(x.papers.length ? x.papers.map(drawPaper) : [el("p", { class: "empty" }, T.no_papers)]),
    el("details", { "data-open": "peers", open: view.open.has("peers") },
      el("summary", { "data-key": "peers" }, T.counteragents), x.peers.map((p) => drawPeer(p, x.box)))));
}
