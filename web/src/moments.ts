/** Moments on the reader's own clock, beside the court's. */

const language = document.documentElement.lang;
const alone = new Intl.DateTimeFormat(language, {
  year: "numeric",
  month: "short",
  day: "numeric",
  hour: "numeric",
  minute: "2-digit",
  timeZoneName: "short",
});
const beside = new Intl.DateTimeFormat(language, {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  timeZoneName: "short",
});
const own = alone.resolvedOptions().timeZone;

/** Adds the reader's clock to a moment that the hub told on another; one that the hub told of itself takes its place. */
export function localise(moment: HTMLTimeElement): void {
  const at = new Date(moment.dateTime);
  const zone = moment.dataset["zone"];
  if (zone === undefined || Number.isNaN(at.getTime())) return;
  delete moment.dataset["zone"];
  if (zone === "UTC") {
    moment.title = moment.textContent ?? "";
    moment.textContent = alone.format(at);
  } else if (zone !== own) {
    moment.append(` (${beside.format(at)})`);
  }
}

export function localiseAll(place: ParentNode): void {
  for (const moment of place.querySelectorAll<HTMLTimeElement>("time[data-zone]")) localise(moment);
}
