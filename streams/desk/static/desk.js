"use strict";
// New alerts are told as they come; the list moves only when its reader wants it to.
(() => {
  const told = document.getElementById("arrived");
  if (document.body.dataset.signedIn === undefined || !told) return;
  let alerts = 0;
  const source = new EventSource("/events");
  source.addEventListener("alerts", (event) => {
    const [count, worst] = event.data.split(" ");
    alerts += Number(count);
    told.textContent = `${alerts} new or changed ${alerts === 1 ? "alert" : "alerts"}, the last of severity ${worst}. `;
    const link = document.createElement("a");
    link.href = "/alerts?case=undecided&order=newest";
    link.textContent = "Show the newest";
    told.append(link);
    told.hidden = false;
  });
  addEventListener("pagehide", () => source.close());
})();

// Keys: j and k move through the list, Enter opens, x ticks, / searches.
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=checkbox]), select, textarea, button, a");
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/" && !typing) {
    (document.getElementById("words") || document.getElementById("find"))?.focus();
    event.preventDefault();
    return;
  }
  if (typing && !event.target.closest("[data-row]")) return;
  const rows = [...document.querySelectorAll("[data-row]")];
  if (!rows.length) return;
  const at = rows.findIndex((row) => row.classList.contains("here"));
  if (event.key === "j" || event.key === "k") {
    const to = Math.max(0, Math.min(rows.length - 1, at + (event.key === "j" ? 1 : -1)));
    rows[at]?.classList.remove("here");
    rows[to].classList.add("here");
    rows[to].querySelector("[data-open]").focus();
    rows[to].scrollIntoView({ block: "nearest" });
  } else if (event.key === "x" && at >= 0) {
    const box = rows[at].querySelector("input[type=checkbox]");
    if (box) box.checked = !box.checked;
  } else return;
  event.preventDefault();
});
