import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { boundaryOf, filesOf } from "../../steps/serve/multipart.ts";

// Forms, beside what Node itself makes and reads of them (undici).

/** A form as a browser sends it. */
async function written(form: FormData): Promise<{ readonly type: string; readonly body: Buffer }> {
  const response = new Response(form);
  const type = response.headers.get("content-type") ?? "";
  return { type, body: Buffer.from(await response.arrayBuffer()) };
}

function read(type: string, body: Buffer, most = 1000): unknown {
  const files = filesOf(body, boundaryOf(type) ?? "", most);
  return "kind" in files ? files : files.map(({ name, bytes }) => [name, bytes.toString("latin1")]);
}

test("files are those that Node reads of its own forms, fields left out", async () => {
  const content = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.constantFrom("\r\n", "\r\n--", "--", "\r\n------", "").map((text) => new TextEncoder().encode(text)),
  );
  const name = fc.string({ unit: "binary", minLength: 1, maxLength: 60 });
  const part = fc.record({ field: name, file: fc.option(name), content });
  await fc.assert(
    fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 6 }), async (parts) => {
      const form = new FormData();
      for (const { field, file, content } of parts) {
        if (file === null) form.append(field, Buffer.from(content).toString("latin1"));
        else form.append(field, new Blob([Uint8Array.from(content)]), file);
      }
      const { type, body } = await written(form);
      const again = await new Response(Uint8Array.from(body), {
        headers: { "content-type": type },
      }).formData();
      const files = [...again.values()].filter((value) => value instanceof File);
      const expected = await Promise.all(
        files.map(async (file) => [file.name, Buffer.from(await file.arrayBuffer()).toString("latin1")]),
      );
      expect(read(type, body)).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});

test("a form that is cut anywhere is refused, and never half read", async () => {
  const form = new FormData();
  form.append("a", new Blob(["one"]), "1.jpg");
  form.append("b", new Blob(["two\r\n--"]), "2.jpg");
  const { type, body } = await written(form);
  // All but the line's end behind the last delimiter is needed.
  for (let length = 0; length < body.length - 2; length++) {
    expect(read(type, body.subarray(0, length))).toMatchObject({ kind: "refused", status: 400 });
  }
  expect(read(type, body)).toHaveLength(2);
});

describe("other ways to write one", () => {
  const type = "multipart/form-data; charset=utf-8; boundary=x";
  const part = (disposition: string, rest = ""): Buffer =>
    Buffer.from(`--x\r\nContent-Disposition: form-data; ${disposition}\r\n${rest}\r\nbytes\r\n--x--`, "utf8");

  test.each([
    ['name="a"; filename="b.jpg"', "", "b.jpg"],
    ["name=a; filename=b.jpg", "", "b.jpg"],
    ['name="a"; FILENAME="c d.jpg"', "", "c d.jpg"],
    ['name="a"; filename="say \\"b\\".jpg"', "", 'say "b".jpg'],
    ['name="a"; filename="%22%0D%0A漢字%20"', "", '"\r\n漢字%20'],
    ['name="a"; filename=""', "", ""],
    ['name="a"', "Content-Type: image/jpeg\r\n", ""],
    [`name="a"; filename="${"x".repeat(300)}"`, "", "x".repeat(255)],
  ])("%s", (disposition, rest, name) => {
    expect(read(type, part(disposition, rest))).toEqual([[name, "bytes"]]);
  });

  test("a beginning before the first, blanks behind delimiters, a boundary that its content begins with", () => {
    const body = Buffer.from(
      '\r\npreamble\r\n--x \t\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\n1\r\n--xy\r\n2\r\n--x--\r\nepilogue',
    );
    expect(read(type, body)).toEqual([["b", "1\r\n--xy\r\n2"]]);
  });

  test("a field is no file", () => {
    expect(read(type, part('name="a"'))).toEqual([]);
  });

  test("more files than may be are refused", () => {
    const one = '--x\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\n\r\n';
    expect(read(type, Buffer.from(`${one.repeat(3)}--x--`), 2)).toMatchObject({ status: 413 });
  });

  test.each([
    ["multipart/form-data; boundary=abc", "abc"],
    ['multipart/form-data; boundary="a b c"', "a b c"],
    ["multipart/form-data; BOUNDARY=abc; charset=x", "abc"],
    ["multipart/form-data; boundary=", undefined],
    ["multipart/form-data", undefined],
  ])("the boundary of %s", (from, boundary) => {
    expect(boundaryOf(from)).toBe(boundary);
  });
});
