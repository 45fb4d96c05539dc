import type { FromSchema, JSONSchema } from "json-schema-to-ts";

/** The type of the values that a JSON Schema, written `as const`, allows. */
export type ParamsOf<Schema extends JSONSchema> = FromSchema<Schema>;
