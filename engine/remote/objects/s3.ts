import { createHash } from "node:crypto";
import { AwsV4Signer } from "aws4fetch";
import { type AwsSettings, awsSettings } from "./credentials.ts";
import { ObjectError, type ObjectStore, type Waiting } from "./object-store.ts";
import { type Silence, withoutSilence } from "./silence.ts";

export interface S3Place {
  readonly bucket: string;
  /** Without slashes around it; "" for none. */
  readonly prefix: string;
}

/** How much is sent before it is looked whether it went. */
const CHUNK = 256 << 10;
/** Of what is no object: an error, or nothing. */
const MOST_ANSWER_BYTES = 1 << 16;

/**
 * A prefix in a bucket of AWS' S3, or of any server that speaks its language.
 *
 * @param env where credentials, region and endpoint are looked for: see `awsSettings`.
 * @throws ObjectError where there are no credentials.
 */
export async function openS3Store(
  { bucket, prefix }: S3Place,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ObjectStore> {
  const settings = await awsSettings(env);
  const base = baseOf(bucket, settings);
  const host = new URL(base).host;
  const name = `s3://${bucket}${prefix === "" ? "" : `/${prefix}`}`;
  const urlOf = (key: string): string =>
    `${base}/${[...(prefix === "" ? [] : prefix.split("/")), ...key.split("/")].map(encoded).join("/")}`;

  const call = async <Result>(
    request: Request,
    waiting: Waiting,
    answer: (response: Response, silence: Silence) => Promise<Result>,
  ): Promise<Result> =>
    withoutSilence(host, waiting, async (silence) => {
      const { method, key, body, onlyNew } = request;
      const signer = new AwsV4Signer({
        ...settings.credentials,
        ...{ method, url: urlOf(key), service: "s3", region: settings.region },
        headers: {
          "x-amz-content-sha256": createHash("sha256")
            .update(body ?? "")
            .digest("hex"),
          ...(body === undefined ? {} : { "content-length": String(body.length) }),
          ...(onlyNew ? { "if-none-match": "*" } : {}),
        },
      });
      const { url, headers } = await signer.sign();
      let response: Response;
      try {
        response = await fetch(url, {
          ...{ method, headers, signal: silence.signal, redirect: "manual" },
          ...(body === undefined ? {} : { body: streamOf(body, silence), duplex: "half" }),
        } as RequestInit);
        silence.broken();
        return await answer(response, silence);
      } catch (error) {
        throw asObjectError(error, host);
      }
    });
  const refusal = async (response: Response, silence: Silence): Promise<ObjectError> => {
    const text = new TextDecoder().decode(await beginningOf(response, MOST_ANSWER_BYTES, silence));
    return refused(response, text, { bucket, host, region: settings.region });
  };
  const put = (
    key: string,
    body: Uint8Array,
    onlyNew: boolean,
    waiting: Waiting,
  ): Promise<boolean | "unknown"> =>
    call({ method: "PUT", key, body, onlyNew }, waiting, async (response, silence) => {
      if (response.ok) return bodyOf(response, MOST_ANSWER_BYTES, silence).then(() => true);
      const error = await refusal(response, silence);
      if (onlyNew && response.status === 412) return false;
      // A server of before 2024 does not know the condition.
      if (onlyNew && response.status === 501) return "unknown";
      throw error;
    });
  const has = (key: string, waiting: Waiting): Promise<boolean> =>
    call({ method: "HEAD", key }, waiting, async (response, silence) => {
      if (response.ok) return true;
      if (response.status === 404) return false;
      throw await refusal(response, silence);
    });
  return {
    name,
    has,
    read: (key, most, waiting) =>
      call({ method: "GET", key }, waiting, async (response, silence) => {
        if (response.ok) return bodyOf(response, most, silence);
        const error = await refusal(response, silence);
        if (response.status === 404 && !error.message.includes("(NoSuchBucket)")) return undefined;
        throw error;
      }),
    async write(key, bytes, waiting) {
      const isNew = await put(key, bytes, true, waiting);
      if (isNew !== "unknown") return isNew;
      if (await has(key, waiting)) return false;
      await put(key, bytes, false, waiting);
      return true;
    },
    async overwrite(key, bytes, waiting) {
      await put(key, bytes, false, waiting);
    },
    remove: (key, waiting) =>
      call({ method: "DELETE", key }, waiting, async (response, silence) => {
        if (!response.ok && response.status !== 404) throw await refusal(response, silence);
      }),
  };
}

interface Request {
  readonly method: "GET" | "HEAD" | "PUT" | "DELETE";
  readonly key: string;
  readonly body?: Uint8Array;
  /** Only where there is no object of that name. */
  readonly onlyNew?: boolean;
}

/** Of AWS the bucket is part of the name, of others mostly of the path. @throws ObjectError */
function baseOf(bucket: string, { endpoint, region }: AwsSettings): string {
  if (endpoint === undefined) {
    // A certificate covers no dot in a name.
    return bucket.includes(".")
      ? `https://s3.${region}.amazonaws.com/${encoded(bucket)}`
      : `https://${bucket}.s3.${region}.amazonaws.com`;
  }
  const isUrl = URL.canParse(endpoint) && /^https?:$/.test(new URL(endpoint).protocol);
  if (!isUrl || new URL(endpoint).username !== "")
    throw new ObjectError("refused", "the endpoint for S3 is no address such as https://s3.example.org");
  return `${endpoint.replace(/\/+$/, "")}/${encoded(bucket)}`;
}

function encoded(word: string): string {
  return encodeURIComponent(word).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** In pieces, so that it is seen whether they go. */
function streamOf(bytes: Uint8Array, silence: Silence): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      silence.broken();
      if (at < bytes.length) controller.enqueue(bytes.subarray(at, at + CHUNK));
      at += CHUNK;
      if (at >= bytes.length) controller.close();
    },
  });
}

/** @throws ObjectError where there is more of it, or less than was announced. */
async function bodyOf(response: Response, most: number, silence: Silence): Promise<Uint8Array> {
  const announced = Number(response.headers.get("content-length") ?? Number.NaN);
  if (announced > most) throw new ObjectError("refused", "an object is larger than it may be");
  const body = await beginningOf(response, most, silence);
  if (body.length > most) throw new ObjectError("refused", "an object is larger than it may be");
  if (body.length < announced) throw new ObjectError("away", "an object was cut short");
  return body;
}

/** A body up to the chunk with which it is longer than so many bytes. */
async function beginningOf(response: Response, most: number, silence: Silence): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    silence.broken();
    parts.push(part as Uint8Array);
    length += part.length;
    if (length > most) break;
  }
  return Buffer.concat(parts);
}

function refused(
  { status, headers }: Response,
  text: string,
  { bucket, host, region }: { readonly bucket: string; readonly host: string; readonly region: string },
): ObjectError {
  const [, code = ""] = /<Code>([A-Za-z0-9]{1,60})<\/Code>/.exec(text) ?? [];
  const answer = `${host} answers ${status}${code === "" ? "" : ` (${code})`}`;
  if (
    status >= 500 ||
    status === 429 ||
    status === 408 ||
    status === 409 ||
    /^(SlowDown|RequestTimeout)$/.test(code)
  )
    return new ObjectError("away", answer);
  const sentences: Readonly<Record<string, string>> = {
    NoSuchBucket: `there is no bucket ${bucket}`,
    InvalidAccessKeyId: "the access key is not known there",
    SignatureDoesNotMatch: "the secret key does not fit the access key, or the region is another",
    ExpiredToken: "the credentials have expired: log in again",
    RequestTimeTooSkewed: "this machine's clock is wrong",
    AccessDenied: `the credentials may not do this in the bucket ${bucket}`,
  };
  const where = headers.get("x-amz-bucket-region");
  if (where !== null && where !== region)
    return new ObjectError(
      "refused",
      `${answer}: the bucket ${bucket} is in another region: AWS_REGION=${word(where)}`,
    );
  const sentence = sentences[code];
  const plain = status === 403 || status === 401 ? sentences.AccessDenied : undefined;
  const why = sentence ?? plain;
  return new ObjectError("refused", why === undefined ? answer : `${answer}: ${why}`);
}

/** Text of a server's, as far as it is harmless. */
function word(text: string): string {
  return text.replaceAll(/[^a-z0-9-]/gi, "").slice(0, 40);
}

function asObjectError(error: unknown, host: string): unknown {
  if (error instanceof ObjectError || !(error instanceof Error)) return error;
  const { cause } = error as { cause?: { code?: unknown } };
  const code = typeof cause?.code === "string" ? cause.code : "";
  if (error.name === "AbortError") return error;
  if (/CERT|TLS|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code))
    return new ObjectError("refused", `the certificate of ${host} is not to be trusted (${code})`);
  if (!(error instanceof TypeError)) return error;
  return new ObjectError("away", `${host} cannot be reached${code === "" ? "" : ` (${code})`}`);
}
