"use strict";
(function () {
  const body = document.body;
  const session = body.dataset.session || "";
  const ru = body.dataset.lang !== "en";
  const say = (russian, english) => (ru ? russian : english);
  const at = (id) => document.getElementById(id);
  const steps = {
    portal: say("Портал", "Portal"), robots: say("Роботы", "Automation rules"), events: say("События", "Events"),
    fields: say("Поля", "Fields"), tabs: say("Вкладки", "Tabs"), triggers: say("Триггеры", "Triggers"),
  };
  const states = {
    waiting: say("Ждём начала…", "Waiting to begin…"), running: say("Регистрируем…", "Registering…"),
    pending: say("Установка ждёт и завершится сама.", "The installation waits and completes by itself."),
    again: say("Портал не ответил, повторим.", "The portal did not answer, trying again."),
    done: say("Всё зарегистрировано.", "Everything is registered."),
    problems: say("Есть то, что нужно исправить:", "Something needs to be put in order:"),
  };

  async function ask(path) {
    const answer = await fetch(path, { headers: { Authorization: "Bearer " + session }, cache: "no-store" });
    if (!answer.ok) { throw new Error(String(answer.status)); }
    return answer.json();
  }
  function fill(list, texts, mark) {
    if (!list) { return; }
    list.replaceChildren(...texts.map((text, i) => {
      const item = document.createElement("li");
      item.append(...text.map((part) => Object.assign(document.createElement("span"), { textContent: part })));
      if (mark && mark(i)) { item.className = "done"; }
      return item;
    }));
  }
  function finish() { if (window.BX24) { window.BX24.init(() => window.BX24.installFinish()); } }

  function showSetup(p) {
    const list = p.steps || [];
    at("state").textContent = states[p.state] || "";
    fill(at("steps"), list.map((s) => [steps[s.name] || s.name, s.done + " / " + s.total]), (i) => list[i].done === list[i].total);
    fill(at("problems"), (p.problems || []).map((text) => [text]));
  }
  async function follow() {
    try {
      const p = await ask("/bitrix/pages/setup");
      showSetup(p);
      if (body.dataset.page === "install" && p.state === "done") { finish(); return; }
      if (body.dataset.page === "install" && p.state === "problems") {
        at("finish").hidden = false;
        at("finish").addEventListener("click", finish, { once: true });
        return;
      }
      if (body.dataset.page === "main") { return; }
    } catch (e) {
      if (e.message === "403") {
        at("state").textContent = say("Сеанс закончился. Откройте страницу снова.", "The session has ended. Open the page again.");
        return;
      }
    }
    setTimeout(follow, 1000);
  }
  async function docflows() {
    const list = (await ask("/bitrix/pages/docflows")).docflows;
    at("state").textContent = list.length ? "" : say("Документооборотов пока нет.", "No docflows yet.");
    at("docflows").hidden = !list.length;
    at("docflows").tBodies[0].replaceChildren(...list.map((d) => {
      const row = document.createElement("tr");
      for (const text of [ru ? d.kindRu : d.kind, ru ? d.stateRu : d.state + (d.requirement ? ": " + d.requirement : ""), new Date(d.created).toLocaleString(ru ? "ru" : "en")]) {
        row.insertCell().textContent = text;
      }
      return row;
    }));
  }
  if (session && (body.dataset.page === "install" || body.dataset.page === "main")) { follow(); }
  if (session && at("docflows")) {
    docflows().catch(() => { at("state").textContent = say("Не удалось загрузить список.", "The list could not be loaded."); });
  }
})();
