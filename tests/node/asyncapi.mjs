// Reads an AsyncAPI document from standard input; prints what its own parser says of it, as JSON.
import { readFileSync } from "node:fs";
import asyncapi from "@asyncapi/parser";

const { document, diagnostics } = await new asyncapi.Parser().parse(readFileSync(0, "utf8"));
const told = diagnostics.map(({ code, message, path, severity }) => ({ code, message, path: path.join("."), severity }));
const operations = document?.operations().all().map((one) => ({
  id: one.id(),
  action: one.action(),
  channels: one.channels().all().map((channel) => channel.id()),
  messages: one.messages().all().map((message) => message.name()),
  servers: one.servers().all().map((server) => server.protocol()),
}));
process.stdout.write(JSON.stringify({ told, version: document?.version(), operations }));
