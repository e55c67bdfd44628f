"use strict";
// What moves in the pages besides htmx: the session of every request, regions that follow what happens,
// messages, files, dialogs. app/page/doc.go names the attributes.
(function () {
  const body = document.body;
  const session = body.dataset.session || "";
  const ru = body.dataset.lang !== "en";
  const say = (russian, english) => (ru ? russian : english);
  const at = (id) => document.getElementById(id);
  const pages = "/bitrix/pages/";
  const headers = () => ({ Authorization: "Bearer " + session, "Bridge-Lang": ru ? "ru" : "en" });

  let pressed = null;
  body.addEventListener("click", (event) => { pressed = event.target; }, true);

  // Messages, in a region that screen readers speak.
  function tell(kind, text) {
    const list = at("messages");
    if (!list || !text) { return; }
    for (const old of list.children) {
      if (old.firstChild.textContent === text) { old.remove(); }
    }
    const line = document.createElement("div");
    line.className = "message " + kind;
    line.append(Object.assign(document.createElement("p"), { textContent: text }));
    const close = Object.assign(document.createElement("button"), { type: "button", textContent: "×" });
    close.setAttribute("aria-label", say("Закрыть сообщение", "Close the message"));
    close.addEventListener("click", () => line.remove());
    line.append(close);
    list.append(line);
    if (window.innerHeight > 1000 && pressed) { // in a tall frame its lower end may be out of sight
      list.style.bottom = "auto";
      list.style.top = Math.max(16, pressed.getBoundingClientRect().bottom + 12) + "px";
    }
    while (list.children.length > 4) { list.firstChild.remove(); }
    if (kind !== "bad") { setTimeout(() => line.remove(), 6000); }
  }
  body.addEventListener("say", (event) => tell(event.detail.kind, event.detail.text));
  const ended = () => say("Сеанс закончился. Закройте страницу и откройте её снова.", "The session has ended. Close the page and open it again.");

  function fit() {
    if (window.BX24) { window.BX24.init(() => window.BX24.fitWindow && window.BX24.fitWindow()); }
  }

  // Moments in the reader's own time zone.
  function localize(root) {
    const locale = ru ? "ru" : "en-GB";
    for (const time of root.querySelectorAll("time[data-moment], time[data-exact], time[data-day]")) {
      const moment = new Date(time.dateTime);
      const style = "day" in time.dataset ? { dateStyle: "short" } : { dateStyle: "short", timeStyle: "exact" in time.dataset ? "medium" : "short" };
      time.textContent = new Intl.DateTimeFormat(locale, style).format(moment);
      time.title = moment.toISOString();
    }
  }

  // One form, one value, however often it is sent: until it was answered, and two seconds longer.
  const sent = new Map();
  function once(path, form) {
    const parts = [path];
    for (const [name, value] of form.entries()) {
      parts.push(name, value instanceof File ? [value.name, value.size, value.lastModified].join("/") : value);
    }
    const key = JSON.stringify(parts);
    const known = sent.get(key);
    if (known && !(known.done && Date.now() - known.done > 2000)) { return known; }
    const value = [...crypto.getRandomValues(new Uint8Array(16))].map((n) => n.toString(16).padStart(2, "0")).join("");
    const fresh = { value, done: 0 };
    sent.set(key, fresh);
    return fresh;
  }

  // Regions.
  const versions = new WeakMap(); // of what a region shows: {path, version}
  const timers = new WeakMap();
  const latest = new WeakMap(); // what a region was asked for last: an older answer that comes later is dropped
  const asking = new WeakMap(); // how many requests of people are under way for it: it asks nothing by itself then
  let asked = 0;
  const held = (region) => region.querySelector("form[data-touched], [data-sending]") || document.querySelector("dialog[open]");
  function load(region, extra) {
    if (asking.get(region)) { return Promise.resolve(); }
    return window.htmx.ajax("GET", region.dataset.region, { source: region, target: region, swap: "innerHTML", headers: extra || {} })
      .catch(() => {}); // told by htmx's own events
  }
  function watch(region, slower) {
    clearTimeout(timers.get(region));
    const poll = region.querySelector("[data-poll]");
    if (!poll || !region.isConnected) { return; }
    timers.set(region, setTimeout(() => {
      if (document.hidden || held(region)) { watch(region); return; }
      load(region, { "Bridge-Poll": "1" });
    }, Number(poll.dataset.poll) * 1000 * (slower || 1)));
  }
  function refresh() {
    document.querySelectorAll("[data-region]").forEach((region) => region.querySelector("form[data-touched]") || load(region, { "Bridge-Refresh": "1" }));
  }
  body.addEventListener("refresh", () => setTimeout(refresh));

  body.addEventListener("htmx:configRequest", (event) => {
    const d = event.detail;
    Object.assign(d.headers, headers());
    d.number = ++asked;
    latest.set(d.target, d.number);
    if (d.elt !== d.target) { asking.set(d.target, (asking.get(d.target) || 0) + 1); }
    const shown = versions.get(d.target);
    if (d.verb === "get") {
      if (shown && shown.path === d.path && d.headers["Bridge-Poll"]) { d.headers["If-None-Match"] = shown.version; }
      return;
    }
    d.once = once(d.path, d.formData);
    d.headers["Bridge-Once"] = d.once.value;
    d.elt.dataset.sending = "";
    d.elt.setAttribute("aria-busy", "true");
  });
  // A second press while the first one is under way does nothing.
  for (const kind of ["submit", "click"]) {
    body.addEventListener(kind, (event) => {
      const busy = event.target.closest && event.target.closest("[data-sending]");
      if (busy && (kind === "submit" || event.target.closest("button, input[type=submit]"))) {
        event.preventDefault();
        event.stopImmediatePropagation();
      }
    }, true);
  }
  body.addEventListener("htmx:beforeSwap", (event) => {
    const d = event.detail;
    const status = d.xhr.status;
    if (status >= 400 && !(d.xhr.getResponseHeader("Content-Type") || "").startsWith("text/html")) {
      d.shouldSwap = false;
      try { tell("bad", JSON.parse(d.xhr.responseText).error.message); } catch { /* said by HX-Trigger */ }
    }
    if (latest.get(d.target) > d.requestConfig.number) { d.shouldSwap = false; }
    const polled = d.requestConfig.headers["Bridge-Poll"];
    if (polled && status !== 401 && (status >= 400 || held(d.target))) { d.shouldSwap = false; }
    // Somebody may have begun a form while the answer was under way.
    if (d.requestConfig.headers["Bridge-Refresh"] && d.target.querySelector("form[data-touched]")) { d.shouldSwap = false; }
    if (d.shouldSwap && d.target.matches("[data-region]")) {
      d.target.dataset.opened = [...d.target.querySelectorAll("details[open][id]")].map((e) => e.id).join(" ");
    }
  });
  body.addEventListener("htmx:afterSwap", (event) => {
    const d = event.detail;
    if (!d.target.matches("[data-region]")) { return; }
    for (const id of (d.target.dataset.opened || "").split(" ")) {
      if (id && at(id)) { at(id).open = true; }
    }
    d.target.querySelectorAll("[data-region]").forEach((inner) => load(inner));
    const version = d.xhr.getResponseHeader("ETag");
    if (d.requestConfig.verb === "get" && d.successful && !d.failed) {
      d.target.dataset.region = d.pathInfo.finalRequestPath;
      versions.set(d.target, { path: d.pathInfo.finalRequestPath, version });
    } else {
      const home = d.target.querySelector("[data-home]");
      if (home) { d.target.dataset.region = home.dataset.home; }
      versions.delete(d.target);
    }
  });
  body.addEventListener("htmx:afterSettle", (event) => {
    const faults = event.target.querySelector && event.target.querySelector("[data-faults]");
    localize(event.target);
    // Who has pressed something that is gone goes on in what has come for it.
    const head = event.target.querySelector && event.target.querySelector("[data-focus]");
    const config = event.detail.requestConfig;
    if (faults) { faults.focus(); } else if (head && config.elt !== config.target && document.activeElement === body) { head.focus({ preventScroll: true }); }
    fit();
  });
  body.addEventListener("htmx:afterRequest", (event) => {
    const d = event.detail;
    const config = d.requestConfig;
    if (config.elt !== config.target) { asking.set(config.target, asking.get(config.target) - 1); }
    delete config.elt.dataset.sending;
    config.elt.removeAttribute("aria-busy");
    if (config.once && d.xhr.status) {
      config.once.done = Date.now();
      if (d.successful) { delete config.elt.dataset.touched; }
    }
    const region = d.target && d.target.closest("[data-region]");
    if (region) { watch(region, d.successful ? 1 : 4); }
  });
  body.addEventListener("htmx:sendError", (event) => {
    if (!event.detail.requestConfig.headers["Bridge-Poll"]) {
      tell("bad", say("Нет связи с мостом. Проверьте интернет и повторите: дважды ничего не выполнится.", "The bridge cannot be reached. Check the network and try again: nothing is done twice."));
    }
  });
  body.addEventListener("htmx:timeout", () => tell("bad", say("Мост долго не отвечает. Повторите: дважды ничего не выполнится.", "The bridge takes too long. Try again: nothing is done twice.")));
  for (const kind of ["input", "change"]) {
    body.addEventListener(kind, (event) => {
      const form = event.target.closest("form");
      if (form && !("filter" in form.dataset)) { form.dataset.touched = ""; }
    });
  }
  body.addEventListener("reset", (event) => { delete event.target.dataset.touched; });

  // A question before something that can't be taken back.
  body.addEventListener("htmx:confirm", (event) => {
    const text = event.detail.elt.dataset.confirm;
    const ask = at("ask");
    if (!text || !ask) { return; }
    event.preventDefault();
    at("ask-text").textContent = text;
    at("ask-yes").onclick = () => { ask.close(); event.detail.issueRequest(true); };
    show(ask, event.detail.elt);
  });

  // Dialogs stand near what was pressed: in a tall frame the middle may be out of sight.
  function show(dialog, near) {
    if (window.innerHeight > 1000 && near) {
      dialog.style.marginTop = Math.max(16, near.getBoundingClientRect().top - 120) + "px";
    }
    dialog.showModal();
  }
  async function get(path) {
    const answer = await fetch(path, { headers: headers(), cache: "no-store" });
    if (answer.ok) { return answer; }
    let text = "";
    try { text = (await answer.json()).error.message; } catch { /* not ours */ }
    throw new Error(text || (answer.status === 401 ? ended() : say("Файл не получен.", "The file was not received.")));
  }
  async function save(link) {
    const answer = await get(link.getAttribute("href"));
    const url = URL.createObjectURL(await answer.blob());
    const ending = (/\.[a-z0-9]{2,4}(?="?$)/i.exec(answer.headers.get("Content-Disposition") || "") || [""])[0];
    const name = link.dataset.download || "file";
    const anchor = Object.assign(document.createElement("a"), { href: url, download: name.endsWith(ending) ? name : name + ending });
    anchor.click();
    setTimeout(() => URL.revokeObjectURL(url), 60000);
  }
  async function preview(link) {
    const dialog = at("preview");
    const place = at("preview-body");
    const answer = await get(link.getAttribute("href"));
    const kind = (answer.headers.get("Content-Type") || "").split(";")[0];
    const blob = new Blob([await answer.arrayBuffer()], { type: kind });
    const url = URL.createObjectURL(blob);
    let shown;
    if (/^image\/(png|jpeg|gif|webp)$/.test(kind)) {
      shown = Object.assign(document.createElement("img"), { src: url, alt: link.dataset.preview });
    } else if (kind === "application/pdf") {
      shown = Object.assign(document.createElement("iframe"), { src: url, title: link.dataset.preview });
    } else if (/xml$|^text\//.test(kind)) {
      shown = Object.assign(document.createElement("pre"), { textContent: (await blob.text()).slice(0, 500000) });
    } else {
      shown = Object.assign(document.createElement("p"), { textContent: say("Этот файл можно только скачать.", "This file can only be downloaded.") });
    }
    at("preview-title").textContent = link.dataset.preview;
    place.replaceChildren(shown);
    dialog.addEventListener("close", () => { place.replaceChildren(); URL.revokeObjectURL(url); }, { once: true });
    show(dialog, link);
  }
  async function busy(link, work) {
    if (link.getAttribute("aria-busy") === "true") { return; }
    link.setAttribute("aria-busy", "true");
    try { await work(link); } catch (e) { tell("bad", e.message); }
    link.removeAttribute("aria-busy");
  }
  async function copy(button) {
    const text = button.dataset.copy;
    try {
      await navigator.clipboard.writeText(text);
    } catch { // a frame may not be allowed to
      const field = Object.assign(document.createElement("textarea"), { value: text });
      button.after(field);
      field.select();
      document.execCommand("copy");
      field.remove();
      button.focus();
    }
    tell("good", say("Скопировано: ", "Copied: ") + text);
  }
  body.addEventListener("click", (event) => {
    const found = (selector) => event.target.closest(selector);
    const link = found("a[data-download], a[data-preview]");
    if (link) {
      event.preventDefault();
      busy(link, "preview" in link.dataset ? preview : save);
    } else if (found("a[data-path]") && window.BX24 && window.BX24.openPath) {
      event.preventDefault();
      window.BX24.openPath(found("a[data-path]").dataset.path);
    } else if (found("[data-copy]")) {
      copy(found("[data-copy]"));
    } else if (found("[data-open]")) {
      show(at(found("[data-open]").dataset.open), found("[data-open]"));
    } else if (found("[data-close]")) {
      found("dialog").close();
    } else if (found("[data-tab]")) {
      event.preventDefault();
      choose(found("[data-tab]"));
    }
  });

  // The sections of the main page.
  function choose(tab) {
    for (const other of document.querySelectorAll("[data-tab]")) { other.removeAttribute("aria-current"); }
    tab.setAttribute("aria-current", "page");
    const view = at("view");
    view.dataset.region = pages + tab.dataset.tab;
    versions.delete(view);
    load(view).then(() => view.focus());
  }

  // Files that are chosen or dropped.
  const size = (n) => (n < 1024 ? n + " " + say("Б", "B") : n < 1 << 20 ? (n / 1024).toFixed(1) + " " + say("КБ", "KB") : (n / (1 << 20)).toFixed(1) + " " + say("МБ", "MB"));
  body.addEventListener("change", (event) => {
    const drop = event.target.closest("[data-drop]");
    const list = drop && drop.querySelector("[data-chosen]");
    if (list && event.target.files) {
      list.replaceChildren(...[...event.target.files].map((f) => Object.assign(document.createElement("li"), { textContent: f.name + " — " + size(f.size) })));
      fit();
    }
  });
  for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
    body.addEventListener(kind, (event) => {
      const drop = event.target.closest && event.target.closest("[data-drop]");
      if (kind !== "dragleave") { event.preventDefault(); } // a file dropped beside would replace the page
      if (!drop) { return; }
      drop.classList.toggle("over", kind === "dragenter" || kind === "dragover");
      if (kind !== "drop" || !event.dataTransfer.files.length) { return; }
      const input = drop.querySelector("input[type=file]");
      input.files = event.dataTransfer.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }

  // The installer page.
  const steps = {
    portal: say("Портал и тариф", "Portal and plan"), robots: say("Роботы", "Automation rules"), events: say("События", "Events"),
    fields: say("Поля карточек", "Fields of cards"), tabs: say("Вкладки в карточках", "Tabs in cards"), triggers: say("Триггеры", "Triggers"),
  };
  const states = {
    waiting: say("Ждём начала…", "Waiting to begin…"), running: say("Регистрируем в портале…", "Registering in the portal…"),
    pending: say("Установка ждёт и завершится сама.", "The installation waits and completes by itself."),
    again: say("Портал не ответил, повторим.", "The portal did not answer, trying again."),
    done: say("Всё зарегистрировано.", "Everything is registered."),
    problems: say("Есть то, что нужно исправить:", "Something needs to be put in order:"),
  };
  const finish = () => { if (window.BX24) { window.BX24.init(() => window.BX24.installFinish()); } };
  function showSetup(p) {
    at("state").textContent = states[p.state] || "";
    at("progress").replaceChildren(...(p.steps || []).map((s) => {
      const item = document.createElement("li");
      const bar = Object.assign(document.createElement("progress"), { max: Math.max(s.total, 1), value: s.total ? s.done : 1 });
      bar.setAttribute("aria-label", steps[s.name] || s.name);
      item.className = s.done === s.total ? "done" : "";
      item.append(Object.assign(document.createElement("span"), { textContent: steps[s.name] || s.name }), bar,
        Object.assign(document.createElement("span"), { className: "count", textContent: s.done + " / " + s.total }));
      return item;
    }));
    at("problems").replaceChildren(...(p.problems || []).map((text) => Object.assign(document.createElement("li"), { textContent: text })));
    fit();
  }
  async function follow() {
    try {
      const answer = await fetch(pages + "setup", { headers: headers(), cache: "no-store" });
      if (answer.status === 401) {
        at("state").textContent = ended();
        return;
      }
      if (!answer.ok) { throw new Error(String(answer.status)); }
      const p = await answer.json();
      showSetup(p);
      if (p.state === "done") { finish(); return; }
      if (p.state === "problems") {
        at("finish").hidden = false;
        at("finish").addEventListener("click", finish, { once: true });
        return;
      }
    } catch { /* asked again */ }
    setTimeout(follow, 1000);
  }

  if (window.htmx && session) {
    if (body.dataset.page === "install") { follow(); } else { refresh(); }
  }
  window.addEventListener("load", fit);
})();
