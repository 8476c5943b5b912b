"use strict";
(async () => {
{% include "charts.js" %}

  function notice(text) {
    for (const place of document.querySelectorAll(".plot")) {
      place.style.minHeight = "0";
      place.className = "empty";
      place.textContent = text;
    }
  }

  function showTiles() {
    const menu = byId("measure");
    const show = () => {
      for (const tiles of document.querySelectorAll(".tiles")) tiles.hidden = tiles.dataset.measure !== menu.value;
    };
    menu.addEventListener("change", show);
    show();
  }

  const cell = (row, text, kind) => {
    const made = row.insertCell();
    made.textContent = text;
    if (kind) made.className = kind;
    return made;
  };

  function fillRetail(data, province) {
    const body = byId("retail-table").tBodies[0];
    body.replaceChildren();
    for (const [month, registered, exported, ...money] of data.retail[province]) {
      const row = body.insertRow();
      cell(row, month + (month >= data.retailFinalBefore ? " (open)" : ""), "date");
      const share = registered ? ((100 * exported) / registered).toFixed(1) + " %" : "–";
      for (const value of [registered, exported, registered - exported]) cell(row, whole.format(value), "number");
      cell(row, share, "number");
      for (const value of money) cell(row, whole.format(value), "number");
    }
  }

  // The filters live in the address, so that what is seen can be passed on: #filter&severity=high
  const MARK = "#filter";
  const inAddress = () => new URLSearchParams(location.hash.startsWith(MARK) ? location.hash.slice(MARK.length + 1) : "");

  function csv(rows) {
    const quoted = (value) => (/[",\r\n]/.test(value) ? '"' + value.replaceAll('"', '""') + '"' : value);
    // A cell that begins like a formula would be run by a spreadsheet.
    const safe = (value) => quoted(/^[=+\-@\t\r]/.test(value) ? "'" + value : value);
    return rows.map((row) => row.map((value) => safe(String(value))).join(",")).join("\r\n") + "\r\n";
  }

  function download(name, text) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv" }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  function alertTable(table) {
    const PAGE = 25;
    const [DATE, SEVERITY, DETECTOR, SUBJECT, PROVINCE, TEXT, SCORE, TRIAL, EXPORTER] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
    const form = byId("filters");
    const body = byId("alert-table").tBodies[0];
    const heads = [...byId("alert-table").tHead.rows[0].cells];
    const lists = { severity: table.severities, detector: table.detectors, province: table.provinces, exporter: table.exporters };
    const columns = { severity: SEVERITY, detector: DETECTOR, province: PROVINCE, exporter: EXPORTER };
    const fields = [...form.elements].filter((field) => field.name);
    let sorted = { column: SCORE, up: false };
    let page = 0;
    let found = [];
    for (const [name, values] of Object.entries(lists)) {
      for (const value of values) form.elements[name].add(new Option(value, value));
    }
    const detector = (alert) => table.detectors[alert[DETECTOR]] + (alert[TRIAL] ? " (on trial)" : "");
    const exporter = (alert) => (alert[EXPORTER] === null ? "" : table.exporters[alert[EXPORTER]]);

    function subject(row, alert) {
      const place = cell(row, "", "id");
      const link = document.createElement("a");
      const told = document.getElementById("vehicle-" + alert[SUBJECT]);
      link.href = told ? "#" + told.id : MARK + "&" + new URLSearchParams({ text: alert[SUBJECT] });
      link.textContent = alert[SUBJECT];
      link.title = told ? "Told in full above" : "All alerts of it";
      if (told) link.addEventListener("click", () => { told.open = true; });
      place.append(link);
    }

    function fill() {
      const pages = Math.max(1, Math.ceil(found.length / PAGE));
      page = Math.min(Math.max(page, 0), pages - 1);
      body.replaceChildren();
      for (const alert of found.slice(page * PAGE, (page + 1) * PAGE)) {
        const row = body.insertRow();
        if (alert[TRIAL]) row.className = "trial-row";
        cell(row, alert[DATE], "date");
        const chip = document.createElement("span");
        chip.className = "chip " + table.severities[alert[SEVERITY]];
        chip.textContent = table.severities[alert[SEVERITY]];
        row.insertCell().append(chip);
        cell(row, alert[SCORE].toFixed(2), "number");
        cell(row, detector(alert));
        subject(row, alert);
        cell(row, table.provinces[alert[PROVINCE]]);
        cell(row, alert[TEXT], "text");
      }
      byId("matches").textContent = whole.format(found.length) + " of " + whole.format(table.rows.length) + " alerts";
      byId("page").textContent = "page " + whole.format(page + 1) + " of " + whole.format(pages);
      byId("previous").disabled = page === 0;
      byId("next").disabled = page === pages - 1;
    }

    function choose() {
      const value = (name) => form.elements[name].value;
      const words = value("text").toLowerCase().split(/\s+/).filter(Boolean);
      const wanted = Object.keys(columns).filter((name) => value(name) !== "");
      const index = Object.fromEntries(wanted.map((name) => [name, lists[name].indexOf(value(name))]));
      found = table.rows.filter(
        (alert) =>
          wanted.every((name) => alert[columns[name]] === index[name]) &&
          (!value("from") || alert[DATE] >= value("from")) &&
          (!value("to") || alert[DATE] <= value("to")) &&
          words.every((word) => (alert[SUBJECT] + " " + alert[TEXT]).toLowerCase().includes(word)),
      );
      const { column, up } = sorted;
      const sign = up ? 1 : -1;
      found.sort((a, b) => sign * (a[column] < b[column] ? -1 : a[column] > b[column] ? 1 : 0));
      page = 0;
      fill();
    }

    function remember() {
      const chosen = fields.filter((field) => field.value !== "").map((field) => [field.name, field.value]);
      if (chosen.length || location.hash.startsWith(MARK)) location.replace(MARK + (chosen.length ? "&" + new URLSearchParams(chosen) : ""));
    }

    function recall() {
      if (!location.hash.startsWith(MARK)) return false;
      const known = inAddress();
      for (const field of fields) field.value = known.get(field.name) ?? "";
      choose();
      return true;
    }

    form.addEventListener("input", () => { choose(); remember(); });
    form.addEventListener("submit", (event) => event.preventDefault());
    byId("clear").addEventListener("click", () => { form.reset(); choose(); remember(); });
    byId("save").addEventListener("click", () => {
      const head = ["date", "severity", "score", "detector", "on_trial", "subject", "province", "exporter", "explanation"];
      const rows = found.map((a) => [
        a[DATE], table.severities[a[SEVERITY]], a[SCORE], table.detectors[a[DETECTOR]], a[TRIAL], a[SUBJECT],
        table.provinces[a[PROVINCE]], exporter(a), a[TEXT],
      ]);
      download("zeromile-alerts.csv", csv([head, ...rows]));
    });
    byId("previous").addEventListener("click", () => { page -= 1; fill(); });
    byId("next").addEventListener("click", () => { page += 1; fill(); });
    addEventListener("hashchange", recall);
    for (const head of heads) {
      const button = head.querySelector("button");
      button?.addEventListener("click", () => {
        const column = Number(button.dataset.column);
        sorted = { column, up: sorted.column === column ? !sorted.up : column !== SCORE && column !== SEVERITY };
        for (const other of heads) if (other.hasAttribute("aria-sort")) other.setAttribute("aria-sort", "none");
        head.setAttribute("aria-sort", sorted.up ? "ascending" : "descending");
        choose();
      });
    }
    if (recall()) byId("table-section").scrollIntoView();
    else choose();
  }

  // #parties&province=Guangdong&quarter=2024-Q4
  function partyTables(table) {
    const MOST = 500;
    const PLACE = "#parties&";
    const [DAY, PROVINCE, VIN, SELLER, , , BUYER, , EXPORTER] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
    const PARTS = [[SELLER, "sold first"], [BUYER, "bought second"], [EXPORTER, "declared for export"]];
    const form = byId("party-filters");
    const fields = [form.elements.province, form.elements.quarter];
    const quarter = (day) => day.slice(0, 4) + "-Q" + Math.ceil(Number(day.slice(5, 7)) / 3);
    const quarters = [...new Set(table.rows.map((sale) => quarter(sale[DAY])))].sort();
    for (const value of table.provinces) fields[0].add(new Option(value, value));
    for (const value of quarters) fields[1].add(new Option(value, value));
    let found = [];

    function rank() {
      const vehicles = new Map();
      for (const sale of found) {
        for (const [column, part] of PARTS) {
          if (sale[column] === null) continue;
          const key = JSON.stringify([sale[column], part]);
          if (!vehicles.has(key)) vehicles.set(key, new Set());
          vehicles.get(key).add(sale[VIN]);
        }
      }
      const ranked = [...vehicles].map(([key, vins]) => [...JSON.parse(key), vins.size]);
      return ranked.sort((a, b) => b[2] - a[2] || (a[1] + a[0] < b[1] + b[0] ? -1 : 1));
    }

    function choose() {
      const [province, chosen] = fields.map((field) => field.value);
      found = table.rows.filter(
        (sale) => (!province || sale[PROVINCE] === province) && (!chosen || quarter(sale[DAY]) === chosen),
      );
      const parties = byId("party-table").tBodies[0];
      const asked = byId("ask-table").tBodies[0];
      parties.replaceChildren();
      asked.replaceChildren();
      for (const [party, part, vehicles] of rank().slice(0, MOST)) {
        const row = parties.insertRow();
        cell(row, party, "id");
        cell(row, part);
        cell(row, whole.format(vehicles), "number");
      }
      for (const sale of found.slice(0, MOST)) {
        const row = asked.insertRow();
        sale.forEach((value, column) => column === PROVINCE || cell(row, value ?? "–", column === DAY ? "date" : "id"));
      }
      const shown = found.length > MOST ? ", the first " + whole.format(MOST) + " shown; the CSV has all" : "";
      byId("party-matches").textContent = whole.format(found.length) + " of " + whole.format(table.rows.length) + " double sales" + shown;
    }

    function recall() {
      if (!location.hash.startsWith(PLACE)) return false;
      const known = new URLSearchParams(location.hash.slice(PLACE.length));
      for (const field of fields) field.value = known.get(field.name) ?? "";
      choose();
      byId("parties-section").scrollIntoView();
      return true;
    }

    form.addEventListener("input", () => {
      choose();
      const chosen = fields.filter((field) => field.value !== "").map((field) => [field.name, field.value]);
      history.replaceState(null, "", PLACE + new URLSearchParams(chosen));
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    byId("save-parties").addEventListener("click", () => {
      const head = ["date", "province", "vin", "first_seller", "first_buyer", "first_invoice", "second_buyer", "second_invoice", "exporter", "declaration"];
      download("zeromile-double-sales.csv", csv([head, ...found.map((sale) => sale.map((value) => value ?? ""))]));
    });
    addEventListener("hashchange", recall);
    if (!recall()) choose();
  }

  showTiles();
  if (typeof DecompressionStream === "undefined") {
    notice("This browser is too old for the charts and the table of alerts (any from mid 2023 on will do).");
    byId("matches").textContent = byId("party-matches").textContent = "";
    return;
  }
  const data = JSON.parse(await unpack("packed-data"));
  if (byId("retail-table")) fillRetail(data, "all");
  byId("menu-retail")?.addEventListener("change", (event) => fillRetail(data, event.target.value));
  alertTable(data.table);
  partyTables(data.parties);
  await draw(data.charts);
  document.documentElement.dataset.ready = "true";
})();
