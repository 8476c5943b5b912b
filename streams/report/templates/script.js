"use strict";
(async () => {
  const byId = (id) => document.getElementById(id);

  async function unpack(id) {
    const bytes = Uint8Array.from(atob(byId(id).textContent.trim()), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).text();
  }

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
  const whole = new Intl.NumberFormat("en-US");

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

  function alertTable(table) {
    const PAGE = 25;
    const [SEVERITY, DETECTOR, PROVINCE, SCORE] = [1, 2, 4, 6];
    const form = byId("filters");
    const body = byId("alert-table").tBodies[0];
    const heads = [...byId("alert-table").tHead.rows[0].cells];
    const lists = { severity: table.severities, detector: table.detectors, province: table.provinces };
    const columns = { severity: SEVERITY, detector: DETECTOR, province: PROVINCE };
    let sorted = { column: SCORE, up: false };
    let page = 0;
    let found = [];
    for (const [name, values] of Object.entries(lists)) {
      values.forEach((value, index) => form.elements[name].add(new Option(value, index)));
    }

    function fill() {
      const pages = Math.max(1, Math.ceil(found.length / PAGE));
      page = Math.min(Math.max(page, 0), pages - 1);
      body.replaceChildren();
      for (const alert of found.slice(page * PAGE, (page + 1) * PAGE)) {
        const row = body.insertRow();
        cell(row, alert[0], "date");
        const chip = document.createElement("span");
        chip.className = "chip " + table.severities[alert[SEVERITY]];
        chip.textContent = table.severities[alert[SEVERITY]];
        row.insertCell().append(chip);
        cell(row, alert[SCORE].toFixed(2), "number");
        cell(row, table.detectors[alert[DETECTOR]] + (alert[7] ? " (on trial)" : ""));
        cell(row, alert[3], "id");
        cell(row, table.provinces[alert[PROVINCE]]);
        cell(row, alert[5], "text");
      }
      byId("matches").textContent = whole.format(found.length) + " of " + whole.format(table.rows.length) + " alerts";
      byId("page").textContent = "page " + whole.format(page + 1) + " of " + whole.format(pages);
      byId("previous").disabled = page === 0;
      byId("next").disabled = page === pages - 1;
    }

    function choose() {
      const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
      const wanted = Object.keys(columns).filter((name) => form.elements[name].value !== "");
      found = table.rows.filter(
        (alert) =>
          wanted.every((name) => alert[columns[name]] === Number(form.elements[name].value)) &&
          words.every((word) => (alert[3] + " " + alert[5]).toLowerCase().includes(word)),
      );
      const { column, up } = sorted;
      const sign = up ? 1 : -1;
      found.sort((a, b) => sign * (a[column] < b[column] ? -1 : a[column] > b[column] ? 1 : 0));
      page = 0;
      fill();
    }

    form.addEventListener("input", choose);
    form.addEventListener("submit", (event) => event.preventDefault());
    byId("previous").addEventListener("click", () => { page -= 1; fill(); });
    byId("next").addEventListener("click", () => { page += 1; fill(); });
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
    choose();
  }

  // A chart of small counts must not label its axis 0, 0, 1, 1.
  function wholeTicks(place) {
    const axis = place.layout.yaxis;
    if (axis.tickformat !== ",d") return;
    const top = Math.max(0, ...place.data[0].x.map((_, i) => place.data.reduce((n, t) => n + (t.y[i] || 0), 0)));
    Plotly.relayout(place, { "yaxis.dtick": top <= 5 ? 1 : null });
  }

  function draw(data) {
    for (const [name, chart] of Object.entries(data.charts)) {
      const place = byId("chart-" + name);
      if (!place) continue;
      Plotly.newPlot(place, chart.figure.data, chart.figure.layout, { displayModeBar: false, responsive: true });
      wholeTicks(place);
      document.querySelector(`select[data-chart="${name}"]`)?.addEventListener("change", (event) => {
        Plotly.restyle(place, chart.updates[event.target.value]);
        wholeTicks(place);
      });
    }
  }

  showTiles();
  if (typeof DecompressionStream === "undefined") {
    notice("This browser is too old for the charts and the table of alerts (any from mid 2023 on will do).");
    byId("matches").textContent = "";
    return;
  }
  const data = JSON.parse(await unpack("packed-data"));
  if (byId("retail-table")) fillRetail(data, "all");
  byId("menu-retail")?.addEventListener("change", (event) => fillRetail(data, event.target.value));
  alertTable(data.table);
  const script = document.createElement("script");
  script.textContent = await unpack("packed-plotly");
  document.head.append(script);
  draw(data);
  document.documentElement.dataset.ready = "true";
})();
