/** What an observer writes at a hearing, and the event that becomes of it. */

import { _ } from "../texts";

export interface Line {
  readonly at: string;
  readonly text: string;
  readonly right?: string;
  readonly rating?: string;
}

export interface Notes {
  readonly id: string;
  readonly owner: string;
  readonly at: string;
  readonly title: string;
  readonly fields: readonly (readonly [string, string])[];
  readonly lines: readonly Line[];
  readonly started?: string;
  readonly ended?: string;
}

export interface Phrase {
  readonly text: string;
  readonly right: string;
  readonly rating: "respected" | "partly" | "violated";
}

/** What is said often, with the right that it is about. */
export function phrases(): Phrase[] {
  return [
    { text: _("The public was kept out of the room."), right: "iccpr:14.1.public_hearing", rating: "violated" },
    { text: _("Observers were let in."), right: "iccpr:14.1.public_hearing", rating: "respected" },
    { text: _("The counsel whom the accused chose was not let in."), right: "iccpr:14.3.d.own_counsel", rating: "violated" },
    { text: _("Counsel could not speak with the accused in private."), right: "iccpr:14.3.b.counsel_communication", rating: "violated" },
    { text: _("The defence was given too little time, or did not get the file."), right: "iccpr:14.3.b.time_facilities", rating: "violated" },
    { text: _("A request of the defence was refused without reasons."), right: "iccpr:14.1.fair_hearing", rating: "violated" },
    { text: _("Witnesses of the defence were not heard."), right: "iccpr:14.3.e.witnesses", rating: "violated" },
    { text: _("The accused was shown in a cage or in handcuffs."), right: "iccpr:14.2.presumption", rating: "violated" },
    { text: _("The judge spoke of the accused as guilty."), right: "iccpr:14.2.presumption", rating: "violated" },
    { text: _("The accused was not brought to the hearing."), right: "iccpr:14.3.d.presence", rating: "violated" },
    { text: _("There was no interpreter, though one was needed."), right: "iccpr:14.3.f.interpreter", rating: "violated" },
    { text: _("The accused said that he or she was ill-treated."), right: "iccpr:7.ill_treatment", rating: "violated" },
    { text: _("It was put off again without a reason."), right: "iccpr:14.3.c.undue_delay", rating: "violated" },
    { text: _("Both sides were heard alike."), right: "iccpr:14.1.equality", rating: "respected" },
  ];
}

/** Returns a moment of the device's clock with its offset, as the hub stores it. */
export function stamp(moment: Date): string {
  const minutes = -moment.getTimezoneOffset();
  const two = (number: number): string => String(Math.trunc(Math.abs(number))).padStart(2, "0");
  const local = new Date(moment.getTime() + minutes * 60_000).toISOString().slice(0, 19);
  return `${local}${minutes < 0 ? "-" : "+"}${two(minutes / 60)}:${two(minutes % 60)}`;
}

export function clock(at: string): string {
  return at.slice(11, 16);
}

type Tree = { [name: string]: Tree | string | number | boolean | null | string[] };

function put(tree: Tree, steps: readonly string[], value: string): void {
  const [step, ...rest] = steps;
  if (step === undefined) return;
  if (rest.length === 0) tree[step] = valueOf(value);
  else if (rest.length === 1 && /^\d+$/.test(rest[0] ?? "")) tree[step] = [...((tree[step] as string[] | undefined) ?? []), value];
  else {
    tree[step] ??= {};
    put(tree[step] as Tree, rest, value);
  }
}

function valueOf(value: string): string | number | boolean | null {
  if (value === "true" || value === "false") return value === "true";
  if (value === "null") return null;
  return /^\d{1,9}$/.test(value) ? Number(value) : value;
}

interface Right {
  readonly right: string;
  readonly rating: string;
  readonly note: string;
}

/** Returns for each right the last that was said of it. */
function rightsOf(lines: readonly Line[]): Right[] {
  const last = new Map<string, Right>();
  for (const { right, rating, text } of lines) {
    if (right !== undefined && rating !== undefined) last.set(right, { right, rating, note: text.slice(0, 500) });
  }
  return [...last.values()];
}

const HELD = new Set(["held", "held_in_part"]);

export function isHeld(status: string): boolean {
  return HELD.has(status);
}

function fieldOf(notes: Notes, name: string): string {
  return notes.fields.find(([one]) => one === name)?.[1] ?? "";
}

/** Returns the reference of the hearing that notes are about. */
export function hearingOf(notes: Notes): string {
  return fieldOf(notes, "other").trim() || fieldOf(notes, "hearing");
}

function payload(notes: Notes, names: ReadonlySet<string>): Tree {
  const data: Tree = { hearing: hearingOf(notes), status: fieldOf(notes, "status") };
  for (const [name, value] of notes.fields) {
    const [head, ...steps] = name.split("/");
    if (head === "data" && value !== "" && names.has(steps[0] ?? "")) put(data, steps, value);
  }
  return data;
}

const OF_ADJOURNED = new Set(["reason", "requested_by", "detention_continues"]);

/** Returns the event that notes become, as the text that is sent. It never changes afterwards. */
export function eventOf(notes: Notes, partner: string, at: string): string {
  const held = isHeld(fieldOf(notes, "status"));
  const names = new Set(notes.fields.map(([name]) => name.split("/")[1] ?? "").filter((one) => OF_ADJOURNED.has(one) !== held));
  const data: Record<string, unknown> = payload(notes, names);
  if (held) {
    const rulings = fieldOf(notes, "rulings").split("\n").map((one) => one.trim().slice(0, 500)).filter((one) => one !== "");
    if (rulings.length > 0) data["rulings"] = rulings.slice(0, 50);
    const rights = rightsOf(notes.lines);
    if (rights.length > 0) data["rights"] = rights;
    if (notes.started !== undefined) data["started"] = notes.started;
    if (notes.ended !== undefined) data["ended"] = notes.ended;
    const text = notes.lines.map((one) => `[${clock(one.at)}] ${one.text}`).join("\n");
    if (text !== "") data["notes"] = text.slice(0, 20_000);
  } else data["announced"] = at.slice(0, 10);
  const tlp = fieldOf(notes, "tlp");
  return JSON.stringify({
    specversion: "1.0",
    id: notes.id,
    source: `urn:hub:partner:${partner}`,
    type: held ? "hearing.reported" : "hearing.adjourned",
    time: at,
    ...(tlp === "" ? {} : { tlp }),
    data,
  });
}
