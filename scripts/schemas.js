// Writes the JSON Schema that editors check pipelines with, from the same source as flow's own check.
import { mkdirSync, writeFileSync } from "node:fs";
import { editorSchema } from "../dist/engine/document/schema.js";
import { stepTypes } from "../dist/steps/registry.js";

const folder = new URL("../schemas/", import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(
  new URL("pipeline.schema.json", folder),
  `${JSON.stringify(editorSchema(stepTypes), null, 2)}\n`,
);
