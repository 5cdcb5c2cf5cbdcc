/** What a page tells, to find out whether a newer one tells something else. */

const ASIDE = "script, template, [data-watch]";

/** Returns the words of a page's content; moments as the hub told them, whatever the reader's clock makes of them. */
export function readingOf(page: ParentNode): string {
  const main = page.querySelector("main");
  if (main === null) return "";
  const copy = main.cloneNode(true) as HTMLElement;
  for (const one of copy.querySelectorAll(ASIDE)) one.remove();
  for (const moment of copy.querySelectorAll<HTMLTimeElement>("time[datetime]")) moment.textContent = moment.dateTime;
  const addresses = [...copy.querySelectorAll<HTMLAnchorElement>("a[href]")].map((one) => one.getAttribute("href") ?? "");
  return `${(copy.textContent ?? "").replace(/\s+/g, " ")}\n${addresses.join(" ")}`;
}
