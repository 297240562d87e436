
"use strict";
(() => {
  const form = document.getElementById("form");
  const summary = document.getElementById("summary");
  const most = {
    text: Number(form.dataset.mostText), items: Number(form.dataset.mostItems), number: Number(form.dataset.mostNumber),
  };
  const UNSEEN = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/;
  const WHOLE = "a whole number in the digits 0 to 9, without spaces, points or commas";
  let changed = false;
  let rows = 0;

  const own = (parent) => [...parent.querySelectorAll(".field")].filter((each) => each.parentElement.closest(".field, .row, form") === parent);
  const input = (field) => field.querySelector("input, select, textarea");
  const wordOf = (field) => field.querySelector("select.word");
  const rowsOf = (field) => [...field.querySelector(".rows").children];
  const has = (object, key) => Object.prototype.hasOwnProperty.call(object, key);

  // ---- rows of lists

  function renumber(field) {
    rowsOf(field).forEach((row, at) => { row.querySelector(".at").textContent = String(at + 1); });
  }

  function addRow(field) {
    const part = field.querySelector("template").content.cloneNode(true);
    rows += 1;
    for (const each of part.querySelectorAll("*")) {
      for (const name of ["id", "for", "aria-describedby"]) {
        const value = each.getAttribute(name);
        if (value !== null) each.setAttribute(name, value.replaceAll("-ROW-", `-${rows}-`));
      }
    }
    const row = part.firstElementChild;
    row.querySelector(".remove").addEventListener("click", () => {
      const left = rowsOf(field);
      const near = left[left.indexOf(row) + 1] ?? left[left.indexOf(row) - 1];
      row.remove();
      renumber(field);
      changed = true;
      (near ? near.querySelector(".remove") : field.querySelector(":scope > .add")).focus();
    });
    for (const each of own(row)) watch(each);
    field.querySelector(".rows").append(row);
    renumber(field);
    return row;
  }

  function watch(field) {
    const word = wordOf(field);
    if (!word) return;
    word.addEventListener("change", () => {
      input(field).disabled = word.value !== "";
      if (word.value !== "") input(field).value = "";
    });
  }

  // ---- what is typed

  function typed(field) { // what stands there, as it would be saved; undefined where nothing does
    const kind = field.dataset.kind;
    if (kind === "list") {
      const found = rowsOf(field).map((row) => group(own(row)));
      return found.length ? found : undefined;
    }
    const text = input(field).value.replace(/\r\n?/g, "\n");
    if (kind === "count" && wordOf(field).value !== "") return wordOf(field).value;
    if (text.trim() === "") return undefined;
    if (kind === "yes-no") return text === "yes";
    if (kind === "number" || kind === "count") {
      const plain = text.trim();
      return /^-?(0|[1-9][0-9]{0,15})$/.test(plain) && plain !== "-0" && Number.isSafeInteger(Number(plain)) ? Number(plain) : text;
    }
    return text;
  }

  function group(fields) {
    const found = {};
    for (const field of fields) {
      const value = typed(field);
      if (value !== undefined) found[field.dataset.name] = value;
    }
    return found;
  }

  // ---- checks

  function rule(field, value) { // what is wrong with a value, in words; "" for nothing
    const { kind, required, minimum, maximum } = field.dataset;
    if (kind === "date" && input(field).validity.badInput) return "a whole day: day, month and year";
    if (value === undefined) return required === undefined ? "" : "has to be filled in";
    if (kind === "list") return size(value.length, minimum, Math.min(maximum ?? most.items, most.items), "entries");
    if (kind === "number" || kind === "count") {
      if (typeof value === "string") return wordOf(field)?.value ? "" : kind === "count" ? `${WHOLE}; or choose why there is none` : WHOLE;
      return size(value, minimum, maximum ?? most.number, "");
    }
    if (kind !== "text") return "";
    if (UNSEEN.test(value)) return "holds a character that cannot be seen; type it anew";
    return size([...value].length, minimum, Math.min(maximum ?? most.text, most.text), "characters");
  }

  function size(count, minimum, maximum, unit) {
    if (minimum !== undefined && count < Number(minimum)) return `at least ${minimum} ${unit}`.trim();
    if (maximum !== undefined && count > Number(maximum)) return `at most ${maximum} ${unit}`.trim();
    return "";
  }

  function look(fields, place) { // every problem, in order
    const found = [];
    for (const field of fields) {
      const here = place + field.dataset.title;
      const words = rule(field, typed(field));
      mark(field, words);
      if (words) found.push({ place: here, words, field });
      if (field.dataset.kind !== "list") continue;
      rowsOf(field).forEach((row, at) => {
        if (Object.keys(group(own(row))).length === 0 && !own(row).some((each) => input(each).validity.badInput)) {
          own(row).forEach((each) => mark(each, ""));
          mark(own(row)[0], "this entry is empty: fill it in, or remove it");
          found.push({ place: `${here} ${at + 1}`, words: "is empty: fill it in, or remove it", field: own(row)[0] });
        } else {
          found.push(...look(own(row), `${here} ${at + 1}, `));
        }
      });
    }
    return found;
  }

  function mark(field, words) {
    const wrong = field.dataset.kind === "list" ? field.querySelector(":scope > .wrong") : field.querySelector(".wrong");
    wrong.textContent = words;
    wrong.hidden = words === "";
    field.classList.toggle("is-wrong", words !== "");
    if (field.dataset.kind !== "list") input(field).setAttribute("aria-invalid", String(words !== ""));
  }

  // ---- saying, saving, loading

  function say(head, lines, wrong) {
    summary.replaceChildren();
    const strong = document.createElement("p");
    strong.append(document.createElement("b"));
    strong.firstChild.textContent = head;
    summary.append(strong);
    for (const line of lines) {
      const each = document.createElement("p");
      if (line.field) {
        const link = document.createElement("a");
        const target = line.field.dataset.kind === "list" ? line.field : input(line.field);
        link.href = `#${target.id}`;
        link.textContent = `${line.place}: ${line.words}`;
        link.addEventListener("click", (event) => {
          event.preventDefault();
          target.focus();
          line.field.scrollIntoView({ block: "center" });
        });
        each.append(link);
      } else {
        each.textContent = line;
      }
      summary.append(each);
    }
    summary.classList.toggle("is-wrong", wrong);
    summary.hidden = false;
    summary.focus();
  }

  function save(name) {
    const text = `${JSON.stringify(group(own(form)), null, 2)}\n`;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    link.download = name;
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    changed = false;
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const wrong = look(own(form), "");
    if (wrong.length) {
      say(wrong.length === 1 ? "One thing is not right; nothing was saved." : `${wrong.length} things are not right; nothing was saved.`, wrong, true);
      return;
    }
    if (Object.keys(group(own(form))).length === 0) {
      say("Nothing is filled in, so nothing was saved.", [`If there is nothing to report, say so with: cipherpost report ${form.dataset.form} ... --nil`], true);
      return;
    }
    const name = `${form.dataset.file}.json`;
    save(name);
    say(`Saved as ${name}.`, ["Your browser puts it among its downloads. Report it with:", form.dataset.command.replaceAll("{file}", name)], false);
  });

  document.getElementById("unfinished").addEventListener("click", () => {
    const name = `${form.dataset.file}-unfinished.json`;
    save(name);
    say(`Saved unfinished as ${name}.`, ["Nothing was checked. Open this page again and load that file to go on."], false);
  });

  function fill(field, value) {
    if (field.dataset.kind === "list") {
      rowsOf(field).forEach((row) => row.remove());
      for (const each of Array.isArray(value) ? value : []) {
        const row = addRow(field);
        own(row).forEach((inner) => fill(inner, each?.[inner.dataset.name]));
      }
      return;
    }
    const word = wordOf(field);
    const here = input(field);
    const text = value === undefined || value === null ? "" : value === true ? "yes" : value === false ? "no" : String(value);
    const isWord = word !== null && [...word.options].some((option) => option.value === text && text !== "");
    if (word) word.value = isWord ? text : "";
    here.disabled = isWord;
    here.value = isWord ? "" : text;
  }

  function unknown(fields, data, place) { // what a file says that this form does not ask, or cannot show
    const found = [];
    const known = new Map(fields.map((field) => [field.dataset.name, field]));
    for (const [name, value] of Object.entries(data)) {
      const field = known.get(name);
      if (!field) {
        found.push(`${place}${name}: the form has no such field`);
      } else if (field.dataset.kind === "list") {
        const template = { fields: [...field.querySelector("template").content.querySelectorAll(".field")] };
        if (!Array.isArray(value)) found.push(`${place}${name}: not a list of entries`);
        else value.forEach((each, at) => found.push(...(isGroup(each) ? unknown(template.fields, each, `${name} ${at + 1}, `) : [`${name} ${at + 1}: not a group of fields`])));
      } else if (value !== null && typeof value === "object") {
        found.push(`${place}${name}: more than one value`);
      } else if (["choice", "yes-no", "date"].includes(field.dataset.kind) && !shows(field, value)) {
        found.push(`${place}${name}: ${JSON.stringify(value).slice(0, 60)} is none of what may stand there`);
      }
    }
    return found;
  }

  const isGroup = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

  function shows(field, value) {
    if (field.dataset.kind === "yes-no") return typeof value === "boolean";
    if (field.dataset.kind === "date") return /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(value);
    return [...input(field).options].some((option) => option.value === value);
  }

  function load(data) {
    const wrong = isGroup(data) ? unknown(own(form), data, "") : ["it holds no group of fields"];
    if (wrong.length) {
      say("The file was not loaded; nothing here was changed.", wrong.slice(0, 20), true);
      return;
    }
    own(form).forEach((field) => {
      fill(field, has(data, field.dataset.name) ? data[field.dataset.name] : undefined);
      mark(field, "");
    });
    summary.hidden = true;
    changed = false;
  }

  const chooser = document.getElementById("load");

  async function read(file) {
    let data;
    try {
      data = JSON.parse(await file.text());
    } catch {
      say("The file was not loaded; nothing here was changed.", ["It is not JSON."], true);
      return;
    }
    load(isGroup(data) && data.form === form.dataset.form && isGroup(data.data) ? data.data : data);
  }

  chooser.addEventListener("change", async () => {
    const file = chooser.files[0];
    chooser.value = "";
    if (!file || (changed && !confirm("Replace what is typed here by the file?"))) return;
    chooser.disabled = true;
    await read(file);
    chooser.disabled = false;
  });

  for (const field of own(form)) {
    watch(field);
    if (field.dataset.kind === "list") {
      field.querySelector(":scope > .add").addEventListener("click", () => {
        const row = addRow(field);
        changed = true;
        input(own(row)[0]).focus();
      });
    }
  }
  form.addEventListener("input", () => { changed = true; });
  window.addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
  load(JSON.parse(document.getElementById("data").textContent));
})();
