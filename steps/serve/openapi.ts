import type { ServerLimits } from "../../engine/serving.ts";
import { MOST_PICTURES } from "./pictures.ts";

export interface ApiOptions {
  readonly limits: ServerLimits;
  /** Of flow. */
  readonly version: string;
  /** Whether a token is needed. */
  readonly isGuarded: boolean;
}

/** What can be asked, as programs read it (OpenAPI 3.1.0). */
export function openApi({ limits, version, isGuarded }: ApiOptions): object {
  const { maxBytes, maxPixels, timeout, maxQueue } = limits;
  const refusals = {
    "400": "The form is cut short, or no form.",
    "403": "A page of another site asks.",
    "408": `The body has not arrived within ${timeout} s.`,
    "413": `The body has more than ${maxBytes} bytes, or more than ${MOST_PICTURES} pictures.`,
    "415": "The body is neither a picture nor a form.",
    "421": "The Host is none that the server has.",
    "429": `${maxQueue} requests are under way already.`,
    "503": `The answer has not come within ${timeout} s, or the server is stopping.`,
    ...(isGuarded ? { "401": "The token is missing or wrong." } : {}),
  };
  return {
    openapi: "3.1.0",
    info: {
      title: "flow serve",
      version,
      description: "What a model of a run says of pictures. Nothing that is sent is kept.",
    },
    ...(isGuarded ? { security: [{ token: [] }] } : {}),
    paths: {
      "/predict": {
        post: {
          summary: "Classes and probabilities of pictures",
          description: `One picture as the body, or up to ${MOST_PICTURES} as the files of a form. JPEG, PNG, WebP, GIF and TIFF are read, up to ${maxPixels} pixels each.`,
          requestBody: {
            required: true,
            content: {
              "image/*": { schema: { type: "string", format: "binary" } },
              "application/octet-stream": { schema: { type: "string", format: "binary" } },
              "multipart/form-data": {
                schema: {
                  type: "object",
                  properties: {
                    picture: { type: "array", items: { type: "string", format: "binary" }, minItems: 1 },
                  },
                },
              },
            },
          },
          responses: {
            "200": answer("At least one picture has a class; the others say why they have none.", "Answer"),
            "422": {
              description: "No picture can be read, or there is none.",
              content: { "application/json": { schema: { anyOf: [ref("Answer"), ref("Refusal")] } } },
            },
            "500": answer("A picture ended the process that computes; the server goes on.", "Answer"),
            ...Object.fromEntries(
              Object.entries(refusals).map(([status, text]) => [status, answer(text, "Refusal")]),
            ),
          },
        },
      },
      "/model": { get: { summary: "The model", responses: { "200": answer("The model.", "Model") } } },
      "/health": {
        get: {
          summary: "Whether it answers",
          ...(isGuarded ? { security: [] } : {}),
          responses: {
            "200": answer("It does.", "Health"),
            "503": answer("It is stopping, or the last picture failed with none to blame.", "Health"),
          },
        },
      },
      "/metrics": {
        get: {
          summary: "Counts and durations",
          responses: {
            "200": {
              description: "Prometheus' text format.",
              content: { "text/plain": { schema: { type: "string" } } },
            },
          },
        },
      },
    },
    components: {
      ...(isGuarded ? { securitySchemes: { token: { type: "http", scheme: "bearer" } } } : {}),
      schemas,
    },
  };
}

const text = { type: "string" };

const schemas = {
  Answer: {
    type: "object",
    required: ["predictions", "model"],
    properties: {
      predictions: { type: "array", items: ref("Prediction"), description: "In the order of the pictures." },
      model: ref("Model"),
    },
  },
  Prediction: {
    type: "object",
    required: ["file"],
    properties: {
      file: { ...text, description: "As the form calls it; - for a picture that is the body." },
      predicted: { ...text, description: "The class." },
      probabilities: {
        type: "object",
        additionalProperties: { type: "number" },
        description: "By class; float32.",
      },
      error: { ...text, description: "Why the picture has no class, in place of one." },
    },
  },
  Model: {
    type: "object",
    required: ["run", "step", "digest", "network", "classes"],
    properties: {
      run: { ...text, description: "The run that made it." },
      step: text,
      digest: { ...text, description: "Of the model's files." },
      network: { ...text, description: "What makes features of pictures: a name, or a digest of its files." },
      classes: { type: "array", items: text },
    },
  },
  Health: {
    type: "object",
    required: ["status"],
    properties: { status: { enum: ["ok", "failing", "stopping"] } },
  },
  Refusal: {
    type: "object",
    required: ["error"],
    properties: {
      error: text,
      limit: {
        type: "object",
        required: ["name", "value"],
        description: "What the request was beyond.",
        properties: { name: text, value: { type: "number" } },
      },
    },
  },
};

function ref(name: "Answer" | "Prediction" | "Model" | "Health" | "Refusal"): object {
  return { $ref: `#/components/schemas/${name}` };
}

function answer(description: string, schema: Parameters<typeof ref>[0]): object {
  return { description, content: { "application/json": { schema: ref(schema) } } };
}
