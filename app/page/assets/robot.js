"use strict";
(function () {
  const form = document.getElementById("robot");
  if (!form) { return; }
  const ru = document.body.dataset.lang !== "en";
  const say = (russian, english) => (ru ? russian : english);
  const status = document.getElementById("saved");
  const fields = [...form.querySelectorAll("[data-field]")];
  const choice = (field) => field.querySelector("[data-choice]");
  const typed = (field) => { const list = choice(field); return !list || "typed" in list.selectedOptions[0].dataset; };

  function valueOf(field) {
    const text = typed(field) ? field.querySelector("[data-text]").value : choice(field).value;
    return "lines" in field.dataset ? text.split("\n").map((line) => line.trim()).filter(Boolean) : text.trim();
  }
  // Shows the choices that fit what another field says, and the typed value only where one is typed.
  function settle() {
    for (const field of fields) {
      const list = choice(field);
      const other = fields.find((f) => f.dataset.field === field.dataset.by);
      if (list && other && !typed(other)) {
        for (const option of list.options) {
          option.hidden = option.disabled = Boolean(option.dataset.for) && option.dataset.for !== valueOf(other);
        }
        if (list.selectedOptions[0].disabled) { list.selectedIndex = [...list.options].findIndex((o) => !o.disabled); }
      }
      if (list) { field.querySelector(".typed").hidden = !typed(field); }
    }
  }
  function save() {
    settle();
    const values = {};
    const missing = [];
    for (const field of fields) {
      values[field.dataset.field] = valueOf(field);
      const empty = "required" in field.dataset && valueOf(field).length === 0;
      field.querySelector("input, select, textarea").setAttribute("aria-invalid", String(empty));
      if (empty) { missing.push(field.querySelector("label").firstChild.data.trim()); }
    }
    if (!window.BX24) {
      status.textContent = say("Откройте настройки из робота на портале.", "Open the settings from the rule in the portal.");
      return;
    }
    window.BX24.placement.call("setPropertyValue", values, () => {
      status.textContent = missing.length ? say("Заполните: ", "Still needed: ") + missing.join(", ") + "."
        : say("Значения переданы роботу. Сохраните робота в его окне.", "The rule has the values. Save it in its own window.");
    });
  }
  form.addEventListener("submit", (event) => { event.preventDefault(); save(); });
  form.addEventListener("change", (event) => {
    const insert = event.target.closest("[data-insert]");
    if (insert) {
      const text = insert.parentElement.querySelector("[data-text]");
      text.setRangeText(insert.value, text.selectionStart, text.selectionEnd, "end");
      insert.value = "";
      text.focus();
    }
    save();
  });
  settle();
  if (window.BX24) {
    window.BX24.init(() => {
      window.BX24.fitWindow();
      if ("fresh" in form.dataset) { save(); }
    });
  }
})();
