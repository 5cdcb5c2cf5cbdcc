/** Elements of a page, made from texts: what partners send is never read as markup. */

import type { Json } from "./feed/messages";

export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  text?: string,
  className?: string,
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className !== undefined) made.className = className;
  return made;
}

/** Returns of a map of languages the English text, or the first one. */
export function inOneLanguage(texts: { readonly [language: string]: Json }): Json | undefined {
  return texts["en"] ?? Object.values(texts)[0];
}
