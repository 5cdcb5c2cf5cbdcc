/** On every page: moments on the reader's own clock beside the court's, and a language that is chosen at once. */

const language = document.documentElement.lang;
const shown = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short", timeZoneName: "short" });
const own = shown.resolvedOptions().timeZone;

/** Adds the reader's clock to a moment that the hub told on another. */
export function localise(moment: HTMLTimeElement): void {
  const at = new Date(moment.dateTime);
  const zone = moment.dataset["zone"];
  if (zone === undefined || Number.isNaN(at.getTime())) return;
  const here = shown.format(at);
  if (zone === "UTC" || zone === own) {
    moment.title = moment.textContent ?? "";
    moment.textContent = here;
  } else {
    moment.append(` (${here})`);
  }
  delete moment.dataset["zone"];
}

for (const moment of document.querySelectorAll<HTMLTimeElement>("time[data-zone]")) localise(moment);

for (const select of document.querySelectorAll<HTMLSelectElement>("select[data-submits]")) {
  select.form?.querySelector("button")?.setAttribute("hidden", "");
  select.addEventListener("change", () => select.form?.requestSubmit());
}
