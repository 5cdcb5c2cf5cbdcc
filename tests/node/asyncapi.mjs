// Reads a list of AsyncAPI documents from standard input; prints what their own parser says of each, as JSON.
import { readFileSync } from "node:fs";
import asyncapi from "@asyncapi/parser";

const parser = new asyncapi.Parser();
const said = [];
for (const given of JSON.parse(readFileSync(0, "utf8"))) {
  const { document, diagnostics } = await parser.parse(JSON.stringify(given));
  const told = diagnostics.map(({ code, message, path, severity }) => ({ code, message, path: path.join("."), severity }));
  const operations = document?.operations().all().map((one) => ({
    id: one.id(),
    action: one.action(),
    channels: one.channels().all().map((channel) => channel.id()),
    messages: one.messages().all().map((message) => message.name()),
    servers: one.servers().all().map((server) => server.protocol()),
  }));
  said.push({ told, version: document?.version(), operations });
}
process.stdout.write(JSON.stringify(said));
