"use strict";
// The settings pages: which field of the card goes into an expression is chosen by its name in the CRM.
(function () {
  const at = (id) => document.getElementById(id);
  let target = null; // the field that the choice goes into

  // Within braces, and in a rule such as $if, an expression stands bare.
  function bare(field, caret) {
    const before = field.value.slice(0, caret);
    return field.name.includes("$if") || field.name.includes("$each") || before.lastIndexOf("{{") > before.lastIndexOf("}}");
  }
  function insert(field, expression) {
    const start = field.selectionStart ?? field.value.length;
    const end = field.selectionEnd ?? start;
    const text = bare(field, start) ? expression : "{{ " + expression + " }}";
    field.setRangeText(text, start, end, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  function find(search) {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const item of at(search.dataset.find).children) {
      const text = item.textContent.toLowerCase();
      item.hidden = !words.every((word) => text.includes(word));
    }
  }
  document.body.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-fields]");
    const choice = event.target.closest("[data-insert]");
    if (opener && at("fields")) {
      target = at(opener.dataset.fields);
      at("fields-find").value = "";
      find(at("fields-find"));
      at("fields").style.marginTop = window.innerHeight > 900 ? Math.max(16, opener.getBoundingClientRect().top - 120) + "px" : "";
      at("fields").showModal();
      at("fields-find").focus();
    } else if (choice && target) {
      at("fields").close();
      target.focus();
      insert(target, choice.dataset.insert);
    }
  });
  document.body.addEventListener("input", (event) => {
    if (event.target.matches("[data-find]")) { find(event.target); }
  });
  // Enter in the search takes the first field that fits, and sends no form.
  document.body.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches("[data-find]")) { return; }
    event.preventDefault();
    const first = at(event.target.dataset.find).querySelector("li:not([hidden]) [data-insert]");
    if (first) { first.click(); }
  });
})();
