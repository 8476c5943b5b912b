  // What every page with charts needs: data unpacked, charts drawn, repainted for dark screens and for paper.
  const byId = (id) => document.getElementById(id);
  const whole = new Intl.NumberFormat("en-US");

  async function unpack(id) {
    const bytes = Uint8Array.from(atob(byId(id).textContent.trim()), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).text();
  }

  const darkScreen = matchMedia("(prefers-color-scheme: dark)");
  // Paper is white whatever the screen is.
  function inks(onPaper) {
    const dark = darkScreen.matches && !onPaper;
    return dark ? { text: "#aab7c2", grid: "#33404b", low: [34, 48, 61], high: [143, 190, 235] }
                : { text: "#5b6770", grid: "#e4e7eb", low: [242, 246, 250], high: [13, 56, 99] };
  }
  let ink = inks(false);

  const shade = (share) => "rgb(" + ink.low.map((low, i) => Math.round(low + (ink.high[i] - low) * share)).join(" ") + ")";
  const STYLES = {
    bar: (one) => ({
      type: "bar", stack: "all", categoryPercentage: 0.92, barPercentage: 1,
      backgroundColor: (point) => (one.pale_from !== null && point.dataIndex >= one.pale_from ? one.colour + "73" : one.colour),
    }),
    line: (one) => ({ type: "line", borderColor: one.colour, backgroundColor: one.colour, borderWidth: 2, pointRadius: 0 }),
    thin: (one) => ({ type: "line", borderColor: one.colour, backgroundColor: one.colour, borderWidth: 1.5, pointRadius: 0 }),
    dotted: (one) => ({ type: "line", borderColor: one.colour, backgroundColor: one.colour, borderWidth: 1, borderDash: [2, 3], pointRadius: 0 }),
    mark: (one) => ({ type: "line", showLine: false, borderColor: one.colour, backgroundColor: one.colour, pointStyle: "rectRot", pointRadius: 6 }),
  };

  function axes(chart) {
    const common = () => ({ grid: { color: ink.grid }, border: { color: ink.grid }, ticks: { color: ink.text } });
    const x = { ...common(), ticks: { color: ink.text, maxRotation: 0, autoSkipPadding: 18 } };
    x.grid = { display: false };
    if (chart.kind === "matrix") {
      return { x: { ...x, type: "category", labels: chart.labels, offset: true },
               y: { ...common(), type: "category", labels: chart.rows, offset: true, grid: { display: false }, ticks: { color: ink.text, autoSkip: false } } };
    }
    return { x: { ...x, stacked: chart.kind === "bars" }, y: { ...common(), stacked: chart.kind === "bars", beginAtZero: true, ticks: { color: ink.text, precision: 0 } } };
  }

  function datasets(chart, choice) {
    if (chart.kind !== "matrix") {
      return chart.series.map((one, index) => ({ label: one.name, data: choice.values[index], ...STYLES[one.style](one) }));
    }
    const cells = choice.values.flatMap((row, r) => row.map((value, c) => ({ x: chart.labels[c], y: chart.rows[r], value, share: value / chart.row_tops[r] })));
    const marks = chart.marks.map(([x, y, told]) => ({ x, y, told }));
    return [
      { type: "matrix", data: cells, backgroundColor: (point) => shade(point.raw?.share ?? 0), borderWidth: 0,
        width: ({ chart: c }) => (c.chartArea ? c.chartArea.width / chart.labels.length : 4),
        height: ({ chart: c }) => (c.chartArea ? c.chartArea.height / chart.rows.length - 1 : 15) },
      { type: "scatter", data: marks, backgroundColor: "#d9480f", borderColor: "#fff", pointStyle: "rectRot", pointRadius: 6, order: -1 },
    ];
  }

  function told(chart, shown) {
    return {
      title: ([item]) => (chart.kind === "matrix" ? item.raw.y + ", " + chart.label_words + item.raw.x : chart.label_words + item.label),
      label: (item) => {
        if (chart.kind === "matrix") return item.raw.told ?? whole.format(item.raw.value) + " exports";
        const note = chart.series[item.datasetIndex].style === "mark" ? shown.choice.notes[item.dataIndex] : null;
        return `${item.dataset.label}: ${note ?? whole.format(item.raw)}`;
      },
    };
  }

  async function draw(charts) {
    const script = document.createElement("script");
    script.textContent = await unpack("packed-libraries");
    document.head.append(script);
    const drawn = [];
    for (const [name, chart] of Object.entries(charts)) {
      const place = byId("chart-" + name);
      if (!place) continue;
      const shown = { choice: chart.choices[0] };
      const canvas = place.appendChild(document.createElement("canvas"));
      const matrix = chart.kind === "matrix";
      place.chart = new Chart(canvas, {
        type: matrix ? "matrix" : "bar",
        data: { labels: chart.labels, datasets: datasets(chart, shown.choice) },
        options: {
          animation: false, maintainAspectRatio: false, scales: axes(chart),
          interaction: { mode: matrix ? "nearest" : "index", intersect: matrix },
          plugins: { legend: { display: !matrix, align: "start", labels: { color: ink.text, boxWidth: 12, boxHeight: 12 } }, tooltip: { callbacks: told(chart, shown) } },
        },
      });
      drawn.push([chart, place.chart]);
      document.querySelector(`select[data-chart="${name}"]`)?.addEventListener("change", (event) => {
        shown.choice = chart.choices.find((choice) => choice.value === event.target.value);
        shown.choice.values.forEach((values, index) => { place.chart.data.datasets[index].data = values; });
        place.chart.update();
      });
    }
    const repaint = (onPaper) => {
      ink = inks(onPaper);
      for (const [chart, made] of drawn) {
        made.options.scales = axes(chart);
        made.options.plugins.legend.labels.color = ink.text;
        made.update();
      }
    };
    darkScreen.addEventListener("change", () => repaint(false));
    let closed = [];
    addEventListener("beforeprint", () => {
      closed = [...document.querySelectorAll(".case:not([open])")];
      for (const vehicle of closed) vehicle.open = true;
      repaint(true);
      for (const [, made] of drawn) made.resize(680, made.height);
    });
    addEventListener("afterprint", () => {
      for (const vehicle of closed) vehicle.open = false;
      repaint(false);
      for (const [, made] of drawn) made.resize();
    });
  }
