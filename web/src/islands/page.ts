/** On every page: moments on the reader's own clock beside the court's, and a language that is chosen at once. */

import { localiseAll } from "../moments";

localiseAll(document);

/** On paper a page says where it comes from and from when it is. */
function sign(): void {
  const [address, made] = [document.querySelector("[data-address]"), document.querySelector<HTMLTimeElement>("[data-made]")];
  if (address !== null) address.textContent = location.href;
  if (made === null) return;
  const at = new Date(Number(made.dataset["made"]) || performance.timeOrigin);
  made.dateTime = at.toISOString();
  made.textContent = at.toLocaleString(document.documentElement.lang, { dateStyle: "long", timeStyle: "long" });
}

sign();
addEventListener("beforeprint", sign);

for (const select of document.querySelectorAll<HTMLSelectElement>("select[data-submits]")) {
  select.form?.querySelector("button")?.setAttribute("hidden", "");
  select.addEventListener("change", () => select.form?.requestSubmit());
}

/** What is wider than its place can be moved by keyboard, though nothing in it takes the focus. */
function reach(wide: HTMLElement): void {
  if (wide.scrollWidth <= wide.clientWidth || wide.querySelector("a, button, input, select, summary") !== null) return;
  wide.tabIndex = 0;
  wide.setAttribute("role", "group");
  const name = wide.querySelector("caption")?.textContent?.trim();
  if (name) wide.setAttribute("aria-label", name);
}

/** Texts, pictures and opened details come later, and a phone is turned: each time it is looked at again. */
const sizes = new ResizeObserver((changed) => {
  for (const { target } of changed) {
    const wide = target.closest<HTMLElement>(".wide");
    if (wide) reach(wide);
  }
});
for (const wide of document.querySelectorAll<HTMLElement>(".wide, .wide > table")) sizes.observe(wide);
