import type { ContextOf, Declaration } from "../../engine/define-step.ts";

const url = { type: "string", minLength: 1, maxLength: 8000 } as const;
/** A name in one folder. */
const name = { type: "string", maxLength: 200, pattern: "^(?!\\.{1,2}$)[^/\\\\\\x00-\\x1f]+$" } as const;

const params = {
  type: "object",
  additionalProperties: false,
  required: ["url"],
  properties: {
    url: {
      description: "Where the file is, https or http; of a list the first that gives it is taken.",
      anyOf: [url, { type: "array", items: url, minItems: 1, maxItems: 20 }],
    },
    sha256: {
      description: "What the file has to be. Without it, what came first stays until `flow run -R`.",
      type: "string",
      pattern: "^[0-9a-fA-F]{64}$",
    },
    unpack: {
      description: "Whether the file is an archive whose files are the output; auto: if its name says so.",
      enum: [true, false, "auto"],
      default: "auto",
    },
    name: { ...name, description: "What the file is called. Default: as in the first URL." },
    folder: {
      description: "The folder of the archive whose files are the output. Default: all of it.",
      type: "string",
      minLength: 1,
      pattern: "^[^/\\\\\\x00-\\x1f][^\\\\\\x00-\\x1f]*$",
    },
    privateHosts: {
      description:
        "Names of hosts that may have loopback, link-local or private addresses. A URL may name such an address itself.",
      type: "array",
      items: { type: "string", minLength: 1, maxLength: 253 },
      "x-unkeyed": true,
    },
  },
} as const;

export const declaration = {
  params,
  inputs: {},
  outputs: ["files"],
} as const satisfies Declaration;

export type DownloadContext = ContextOf<typeof declaration>;
/** Parameters with their defaults. */
export type DownloadParams = DownloadContext["params"];
