/** Turns a part of a page into a newer one and leaves alone what a person has typed, opened or is in the middle of. */

type Field = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

function isField(one: Element): one is Field {
  return one instanceof HTMLInputElement || one instanceof HTMLTextAreaElement || one instanceof HTMLSelectElement;
}

/** Tells whether somebody is in a field, or has put something else into it than the hub did. */
export function isTouched(one: Element): boolean {
  if (!isField(one)) return false;
  if (one === document.activeElement) return true;
  if (one instanceof HTMLSelectElement) return [...one.options].some((option) => option.selected !== option.defaultSelected);
  const isTick = one instanceof HTMLInputElement && (one.type === "checkbox" || one.type === "radio");
  return isTick ? one.checked !== one.defaultChecked : one.value !== one.defaultValue;
}

function alike(one: Node, other: Node): boolean {
  return one.nodeType === other.nodeType && one.nodeName === other.nodeName;
}

function attributes(before: Element, now: Element): void {
  for (const { name } of [...before.attributes]) {
    // What is open stays open.
    if (!now.hasAttribute(name) && !(name === "open" && before instanceof HTMLDetailsElement)) before.removeAttribute(name);
  }
  for (const { name, value } of [...now.attributes]) {
    if (before.getAttribute(name) !== value) before.setAttribute(name, value);
  }
}

/** Makes `before` read as `now`. */
export function morph(before: Element, now: Element): void {
  if (isTouched(before) || before.isEqualNode(now)) return;
  attributes(before, now);
  const wanted = [...now.childNodes];
  wanted.forEach((next, place) => {
    const there = before.childNodes[place];
    if (there === undefined) before.append(next.cloneNode(true));
    else if (!alike(there, next)) there.replaceWith(next.cloneNode(true));
    else if (there instanceof Element && next instanceof Element) morph(there, next);
    else if (there.nodeValue !== next.nodeValue) there.nodeValue = next.nodeValue;
  });
  while (before.childNodes.length > wanted.length) before.lastChild?.remove();
}
