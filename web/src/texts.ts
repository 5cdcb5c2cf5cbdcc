/** What scripts say, in the language of the page. English is what stands in the code; the rest comes from the hub. */

interface Texts {
  readonly language: string;
  readonly plurals: readonly string[];
  readonly messages: { readonly [english: string]: string | readonly string[] };
}

const ENGLISH: Texts = { language: "en", plurals: ["one", "other"], messages: {} };

async function read(): Promise<Texts> {
  const address = document.documentElement.dataset["texts"];
  if (address === undefined) return ENGLISH;
  try {
    const answer = await fetch(address);
    return answer.ok ? ((await answer.json()) as Texts) : ENGLISH;
  } catch {
    return ENGLISH;
  }
}

const texts = await read();
const rules = new Intl.PluralRules(texts.language);

export type Values = Readonly<Record<string, string | number>>;

function filled(text: string, values: Values): string {
  return text.replace(/%\((\w+)\)s/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? value.toLocaleString(texts.language) : value;
  });
}

/** Returns a text in the language of the page; `%(name)s` in it stands for a value. */
export function _(english: string, values: Values = {}): string {
  const said = texts.messages[english];
  return filled(typeof said === "string" && said !== "" ? said : english, values);
}

/** Returns what is said of a number of things; `%(n)s` stands for the number. */
export function plural(one: string, many: string, n: number, values: Values = {}): string {
  const forms = texts.messages[one];
  const category = rules.select(n);
  const place = Math.max(texts.plurals.indexOf(category), 0);
  const fallback = n === 1 ? one : many;
  const other = texts.plurals.length - 1;
  const said = Array.isArray(forms) ? (texts.plurals.includes(category) ? forms[place] : forms[other]) : undefined;
  return filled(typeof said === "string" && said !== "" ? said : fallback, { ...values, n });
}
