import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { awsSettings } from "../../engine/remote/objects/credentials.ts";
import { parseRemote } from "../../engine/remote/objects/open.ts";

describe("the name of a remote", () => {
  test.each([
    ["s3://results", { kind: "s3", bucket: "results", prefix: "" }],
    ["s3://my.results-2/a//b/", { kind: "s3", bucket: "my.results-2", prefix: "a/b" }],
    ["/mnt/shared/cache", { kind: "folder", path: "/mnt/shared/cache" }],
    ["../shared", { kind: "folder", path: "../shared" }],
  ])("%j is one", (text, place) => {
    expect(parseRemote(text)).toEqual(place);
  });

  test.each([
    ["", "a remote is"],
    ["S3://results", "not S3://"],
    ["https://s3.example.org/results", "AWS_ENDPOINT_URL"],
    ["s3://AKID:topsecret@results/x", "credentials do not belong"],
    ["s3:bucket", "a remote is"],
    ["s3:/bucket", "a remote is"],
    ["s3://AKIAX:topsecret/K7@bucket", "credentials do not belong"],
    ["s3://AKIAX:topsecret", "no colon"],
    ["s3://UPPER/x", "no name of a bucket"],
    ["s3://a", "no name of a bucket"],
    ["s3:///x", "no name of a bucket"],
    ["s3://results/../x", "no . or .."],
  ])("%j is none", (text, words) => {
    expect(parseRemote(text)).toContain(words);
    expect(parseRemote(text)).not.toContain("topsecret");
  });
});

describe("credentials", () => {
  let home: string;
  const messageOf = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => "",
      (error: Error) => error.message,
    );
  afterEach(() => rmSync(home, { recursive: true, force: true }));
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "flow-aws-"));
  });
  const given = (files: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = {}) => {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(home, name), text);
    return awsSettings({
      ...{
        HOME: home,
        AWS_SHARED_CREDENTIALS_FILE: join(home, "credentials"),
        AWS_CONFIG_FILE: join(home, "config"),
      },
      ...env,
    });
  };
  const credentials = [
    "# mine",
    "[default]",
    "aws_access_key_id = AKDEFAULT",
    "aws_secret_access_key=se;cr#et/+= ",
    "[a.b]",
    "aws_access_key_id = AKDOTTED",
    "aws_secret_access_key = dotted ; not this",
    "aws_session_token = token",
  ].join("\r\n");

  test("of the environment come first", async () => {
    const env = {
      AWS_ACCESS_KEY_ID: "AKENV",
      AWS_SECRET_ACCESS_KEY: "s",
      AWS_SESSION_TOKEN: "t",
      AWS_REGION: "r",
    };
    expect(await given({ credentials }, env)).toEqual({
      credentials: { accessKeyId: "AKENV", secretAccessKey: "s", sessionToken: "t" },
      region: "r",
    });
  });

  test("are those of the profile, with any sign in them", async () => {
    const config =
      "[profile a.b]\nregion = eu-north-1\ns3 =\n  endpoint_url = https://not.this\nendpoint_url = https://s3.example.org\n";
    expect((await given({ credentials })).credentials.secretAccessKey).toBe("se;cr#et/+=");
    expect(await given({ credentials, config }, { AWS_PROFILE: "a.b" })).toEqual({
      credentials: { accessKeyId: "AKDOTTED", secretAccessKey: "dotted", sessionToken: "token" },
      region: "eu-north-1",
      endpoint: "https://s3.example.org",
    });
  });

  test("may come from a program", async () => {
    const answer = JSON.stringify({ Version: 1, AccessKeyId: "AKPROGRAM", SecretAccessKey: "s" });
    const config = `[default]\ncredential_process = echo '${answer}'\n`;
    expect((await given({ config })).credentials.accessKeyId).toBe("AKPROGRAM");
    const broken = given({ config: "[default]\ncredential_process = echo topsecret; exit 1\n" });
    expect(await messageOf(broken)).not.toContain("topsecret");
  });

  test.each([
    [{}, { AWS_ACCESS_KEY_ID: "A\nB", AWS_SECRET_ACCESS_KEY: "s" }, "hold spaces, line ends"],
    [{}, { AWS_ACCESS_KEY_ID: "A", AWS_SECRET_ACCESS_KEY: "s", AWS_SESSION_TOKEN: "t\n" }, "hold spaces"],
    [{}, { AWS_ACCESS_KEY_ID: "A", AWS_SECRET_ACCESS_KEY: "s", AWS_REGION: "eu west" }, "AWS_REGION"],
    [{}, {}, "there are no credentials for S3: set AWS_ACCESS_KEY_ID"],
    [{}, { AWS_PROFILE: "nobody" }, "there is no profile nobody"],
    [{ config: "[default]\nsso_session = x\n" }, {}, "aws configure export-credentials"],
  ])("that are not there: how they are given is said (%#)", async (files, env, words) => {
    expect(await messageOf(given(files, env as Record<string, string>))).toContain(words);
  });
});
