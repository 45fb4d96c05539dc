import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { isObject, type Json } from "../../json.ts";
import { ObjectError } from "./object-store.ts";

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** What the environment and the files of AWS' tools say. */
export interface AwsSettings {
  readonly credentials: Credentials;
  readonly region: string;
  /** Absent for AWS itself. */
  readonly endpoint?: string;
}

type Env = Readonly<Record<string, string | undefined>>;
type Section = Readonly<Record<string, string>>;

/**
 * As AWS' own tools find them: variables, then the profile's in the files
 * `credentials` and `config` (docs.aws.amazon.com/sdkref, "Shared config and
 * credentials files").
 *
 * @throws ObjectError where there are none, saying how they are given.
 */
export async function awsSettings(env: Env): Promise<AwsSettings> {
  const name = env.AWS_PROFILE || "default";
  const folder = join(env.HOME || homedir(), ".aws");
  const sections = {
    ...sectionsOf(env.AWS_CONFIG_FILE || join(folder, "config")),
    ...prefixed(sectionsOf(env.AWS_SHARED_CREDENTIALS_FILE || join(folder, "credentials"))),
  };
  const inConfig = sections[`profile ${name}`] ?? (name === "default" ? sections.default : undefined);
  const inCredentials = sections[`credentials ${name}`];
  const profile = { ...inConfig, ...inCredentials };
  if (env.AWS_PROFILE && inConfig === undefined && inCredentials === undefined)
    throw new ObjectError("refused", `there is no profile ${name} in ${folder}, which AWS_PROFILE names`);
  const region = env.AWS_REGION || env.AWS_DEFAULT_REGION || profile.region || "us-east-1";
  if (!/^[A-Za-z0-9-]+$/.test(region))
    throw new ObjectError("refused", "AWS_REGION, or the region of the profile, is none: eu-central-1");
  const credentials = await credentialsOf(env, profile, name);
  // They become headers. What is wrong is not said again: it is a secret.
  if (Object.values(credentials).some((value) => !/^[\x21-\x7e]+$/.test(value)))
    throw new ObjectError("refused", "the credentials for S3 hold spaces, line ends or signs that none have");
  const endpoint = env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL || profile.endpoint_url;
  return {
    ...{ credentials, region },
    ...(endpoint ? { endpoint } : {}),
  };
}

async function credentialsOf(env: Env, profile: Section, name: string): Promise<Credentials> {
  const given = [
    credentialsFrom(env.AWS_ACCESS_KEY_ID, env.AWS_SECRET_ACCESS_KEY, env.AWS_SESSION_TOKEN),
    credentialsFrom(profile.aws_access_key_id, profile.aws_secret_access_key, profile.aws_session_token),
  ].find((one) => one !== undefined);
  if (given !== undefined) return given;
  if (profile.credential_process) return fromProcess(profile.credential_process);
  const ways =
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or write them into ~/.aws/credentials";
  const isOther = ["sso_session", "sso_start_url", "role_arn", "web_identity_token_file"].some(
    (one) => one in profile,
  );
  if (isOther)
    throw new ObjectError(
      "refused",
      `the profile ${name} logs in in a way that flow does not know: \`eval "$(aws configure export-credentials --format env)"\` gives its credentials to this terminal`,
    );
  throw new ObjectError("refused", `there are no credentials for S3: ${ways}`);
}

function credentialsFrom(id: string | undefined, secret: string | undefined, token: string | undefined) {
  if (!id || !secret) return undefined;
  return { accessKeyId: id, secretAccessKey: secret, ...(token ? { sessionToken: token } : {}) };
}

/** A program that prints them: docs.aws.amazon.com/sdkref, "Process credential provider". */
function fromProcess(command: string): Promise<Credentials> {
  return new Promise((resolve, reject) => {
    execFile("/bin/sh", ["-c", command], { timeout: 10_000 }, (error, stdout) => {
      const found = error === null ? readAnswer(stdout) : undefined;
      if (found !== undefined) return resolve(found);
      // Neither the command nor what it printed: either may hold a secret.
      reject(new ObjectError("refused", "the credential_process of the AWS profile gives no credentials"));
    });
  });
}

function readAnswer(text: string): Credentials | undefined {
  let json: Json;
  try {
    json = JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
  if (!isObject(json)) return undefined;
  const { AccessKeyId, SecretAccessKey, SessionToken } = json;
  const textOf = (value: Json | undefined) => (typeof value === "string" ? value : undefined);
  return credentialsFrom(textOf(AccessKeyId), textOf(SecretAccessKey), textOf(SessionToken));
}

function prefixed(sections: Readonly<Record<string, Section>>): Record<string, Section> {
  return Object.fromEntries(
    Object.entries(sections).map(([name, section]) => [`credentials ${name}`, section]),
  );
}

/**
 * The sections of a file as AWS' tools write it. Libraries for `.ini` files take
 * dots in names apart and cut values at `#` and `;`, which a secret may hold.
 */
function sectionsOf(file: string): Record<string, Section> {
  const sections: Record<string, Record<string, string>> = Object.create(null);
  let section: Record<string, string> | undefined;
  for (const line of textOf(file).split(/\r?\n/)) {
    const [, name] = /^\s*\[\s*(.+?)\s*\]/.exec(line) ?? [];
    if (name !== undefined) {
      const words = name.split(/\s+/).join(" ");
      section = sections[words] ?? Object.create(null);
      sections[words] = section as Record<string, string>;
      continue;
    }
    // What is indented belongs to the setting above it.
    const [, key, value] = /^([^\s#;=][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (section !== undefined && key !== undefined && value !== undefined)
      section[key] = value.replace(/\s[#;].*$/, "");
  }
  return sections;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // Mostly there is none.
    return "";
  }
}
