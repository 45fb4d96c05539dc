// Writes the JSON Schema that editors check pipelines with, from the same source as flow's own check.
import { mkdirSync, writeFileSync } from "node:fs";
import { editorConfigSchema } from "../dist/engine/config/schema.js";
import { editorSchema } from "../dist/engine/document/schema.js";
import { stepTypes } from "../dist/steps/registry.js";

const folder = new URL("../schemas/", import.meta.url);
mkdirSync(folder, { recursive: true });
const schemas = { pipeline: editorSchema(stepTypes), config: editorConfigSchema() };
for (const [name, schema] of Object.entries(schemas)) {
  writeFileSync(new URL(`${name}.schema.json`, folder), `${JSON.stringify(schema, null, 2)}\n`);
}
