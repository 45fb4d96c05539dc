import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import { isObject, type Json, type JsonObject } from "../json.ts";
import { describeSchema, valueText } from "./describe.ts";
import type { DiagnosticCode } from "./diagnostic.ts";
import { inLines, suggest } from "./suggest.ts";

/** A place where a value does not fit its schema. */
export interface Mismatch {
  readonly code: DiagnosticCode;
  readonly message: string;
  /** Names and positions from the checked value down. */
  readonly path: readonly string[];
  /** Whether the name at the end of the path is meant, not its value. */
  readonly at: "name" | "value";
  readonly hint?: string;
}

const ajv = new Ajv({
  allErrors: true,
  useDefaults: true,
  strict: true,
  strictTypes: false,
  verbose: true,
  // Every command compiles schemas: neither checking these, which the tests do, nor polishing code that runs once pays.
  meta: false,
  validateSchema: false,
  code: { optimize: false },
});
ajv.addKeyword("x-unkeyed");
ajv.addKeyword("x-resolved");
ajv.addKeyword("x-text");
const compiled = new WeakMap<JsonObject, ValidateFunction>();

/**
 * Checks a value against a JSON Schema. Defaults are filled in: `value` is
 * changed in place. Each mistake is reported once, in the field's words.
 */
export function checkSchema(schema: JsonObject, value: Json): readonly Mismatch[] {
  const validate = compiled.get(schema) ?? ajv.compile(schema);
  compiled.set(schema, validate);
  if (validate(value)) return [];
  return reduce(validate.errors ?? []).map(mismatchOf);
}

/** Of a choice that failed, only the branch that got furthest, or the choice itself, is worth a message. */
function reduce(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const choices = errors.filter(({ keyword }) => keyword === "anyOf" || keyword === "oneOf");
  let kept = [...errors];
  // The outermost first: what it drops need not be looked at again.
  for (const choice of choices.sort((a, b) => a.schemaPath.length - b.schemaPath.length)) {
    if (!kept.includes(choice)) continue;
    const inside = kept.filter(
      (error) => error !== choice && error.schemaPath.startsWith(`${choice.schemaPath}/`),
    );
    const deeper = inside.filter(
      ({ instancePath, keyword }) =>
        instancePath.length > choice.instancePath.length ||
        keyword === "additionalProperties" ||
        keyword === "required",
    );
    const dropped = new Set(
      deeper.length > 0 ? [choice, ...inside.filter((error) => !deeper.includes(error))] : inside,
    );
    kept = kept.filter((error) => !dropped.has(error));
  }
  // A name that does not fit is reported by `propertyNames` itself.
  return kept.filter(({ propertyName }) => propertyName === undefined);
}

function mismatchOf(error: ErrorObject): Mismatch {
  const path = error.instancePath.split("/").slice(1).map(unescapePointer);
  const schema = isObject(error.parentSchema) ? error.parentSchema : {};
  const label = labelOf(path);
  const value = error.data as Json;
  switch (error.keyword) {
    case "additionalProperties": {
      const name = String(error.params.additionalProperty);
      const known = isObject(schema.properties) ? Object.keys(schema.properties) : [];
      return {
        code: "unknown-property",
        message: `there is no "${name}"${label === "" ? "" : ` in ${label}`}`,
        path: [...path, name],
        at: "name",
        hint: suggest(name, known, "known here"),
      };
    }
    case "required": {
      const name = String(error.params.missingProperty);
      const wanted = isObject(schema.properties) ? describeSchema(schema.properties[name]) : "";
      return {
        code: "missing-property",
        message: `${label === "" ? "" : `${label} needs `}"${name}"${label === "" ? " is missing" : ""}${wanted === "" ? "" : `: ${wanted}`}`,
        path,
        at: "name",
      };
    }
    case "propertyNames": {
      const name = String(error.params.propertyName);
      return {
        code: "bad-name",
        message: `"${name}" cannot be a name here`,
        path: [...path, name],
        at: "name",
      };
    }
    case "type":
    case "anyOf":
    case "oneOf": {
      const wanted = describeSchema(schema);
      const code = typeFits(schema, value) ? "wrong-value" : "wrong-type";
      return { code, message: `${label} must be ${wanted}, not ${valueText(value)}`, path, at: "value" };
    }
    case "enum":
    case "const": {
      const choices = Array.isArray(schema.enum) ? (schema.enum as readonly Json[]) : [schema.const ?? null];
      const words = choices.filter((choice) => typeof choice === "string");
      // More than fit into a sentence are listed below it.
      const isLong = choices.length > MOST_IN_A_SENTENCE;
      const message = isLong
        ? `${label} cannot be ${valueText(value)}`
        : `${label} must be ${describeSchema(schema)}, not ${valueText(value)}`;
      const near = typeof value === "string" ? suggest(value, words, "known") : "";
      const hint = near.startsWith("did") ? near : isLong ? `there are ${inLines(words)}` : undefined;
      return { code: "wrong-value", message, path, at: "value", ...(hint === undefined ? {} : { hint }) };
    }
    case "pattern":
    case "minLength":
    case "maxLength":
      return { code: "wrong-value", message: `${label} cannot be ${valueText(value)}`, path, at: "value" };
    case "minItems":
    case "minProperties": {
      const least = Number(error.params.limit);
      const message = `${label} needs at least ${least} ${least === 1 ? "entry" : "entries"}`;
      return { code: "wrong-value", message, path, at: "value" };
    }
    case "maxItems":
      return {
        code: "wrong-value",
        message: `${label} can have at most ${String(error.params.limit)} entries`,
        path,
        at: "value",
      };
    case "uniqueItems":
      return { code: "wrong-value", message: `${label} names something twice`, path, at: "value" };
    default: {
      const message = `${label} must be ${describeSchema(schema)}, not ${valueText(value)}`;
      return { code: "wrong-value", message, path, at: "value" };
    }
  }
}

const MOST_IN_A_SENTENCE = 8;

function typeFits(schema: JsonObject, value: Json): boolean {
  const branches = Array.isArray(schema.anyOf) ? (schema.anyOf as readonly Json[]) : [];
  return branches.some(
    (branch) => isObject(branch) && Array.isArray(branch.enum) && typeof value === "string",
  );
}

/** JSON Pointer (RFC 6901). */
function unescapePointer(part: string): string {
  return part.replaceAll("~1", "/").replaceAll("~0", "~");
}

/** ["optimizer", "betas", "0"] as optimizer.betas[0]. */
function labelOf(path: readonly string[]): string {
  return path.map((part, at) => (/^\d+$/.test(part) ? `[${part}]` : at === 0 ? part : `.${part}`)).join("");
}
