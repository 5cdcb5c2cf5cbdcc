// Reads a calendar as Thunderbird does (ical.js) and prints what it makes of each entry.
import { readFileSync } from "node:fs";
import ICAL from "ical.js";

const calendar = new ICAL.Component(ICAL.parse(readFileSync(0, "utf8")));
for (const zone of calendar.getAllSubcomponents("vtimezone")) ICAL.TimezoneService.register(zone);
const entries = calendar.getAllSubcomponents("vevent").map((part) => {
  const event = new ICAL.Event(part);
  return {
    uid: event.uid,
    summary: event.summary,
    sequence: event.sequence,
    status: part.getFirstPropertyValue("status"),
    isDay: event.startDate.isDate,
    starts: event.startDate.toString(),
    moment: event.startDate.isDate ? null : event.startDate.toJSDate().toISOString(),
  };
});
console.log(JSON.stringify({ name: calendar.getFirstPropertyValue("x-wr-calname"), entries }));
