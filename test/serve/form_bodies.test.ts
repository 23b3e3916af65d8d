/** multipart/form-data and base64, as clients send them and as attackers do. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bytesOfBase64 } from "../../src/serve/http/base64.ts";
import { boundaryOf, type FormPart, MultipartError, parseMultipart } from "../../src/serve/http/multipart.ts";
import { form } from "./served.ts";

const B = "----boundary";
const content = Buffer.from([0, 13, 10, 45, 45, 255]);
const read = (parts: FormPart[]) =>
  parts.map(({ name, fileName, bytes }) => [name, fileName, Buffer.from(bytes).toString("latin1")]);
const refused = (body: Uint8Array, message: RegExp) =>
  assert.throws(
    () => parseMultipart(body, B),
    (error) => error instanceof MultipartError && message.test(error.message),
  );

describe("multipart/form-data", () => {
  test("parts of any content, with names as browsers, curl and RFC 8187 write them", () => {
    const text = content.toString("latin1");
    const body = form(B, [
      [
        'Content-Disposition: form-data; name="image"; filename="a b.jpg"\r\nContent-Type: image/jpeg',
        content,
      ],
      ['content-disposition:form-data; filename="say \\"x\\".png"; name="image"', content],
      ["Content-Disposition: form-data; name=image; filename=plain.png", Buffer.alloc(0)],
      [
        'Content-Disposition: form-data; name="image"; filename="x"; filename*=UTF-8\'\'caf%C3%A9.jpg',
        content,
      ],
      ['Content-Disposition: form-data; name="image"; filename="照片.png"', content],
      ['Content-Disposition: form-data; name="top"', Buffer.from("3")],
    ]);
    assert.deepEqual(read(parseMultipart(body, B)), [
      ["image", "a b.jpg", text],
      ["image", 'say "x".png', text],
      ["image", "plain.png", ""],
      ["image", "café.jpg", text],
      ["image", "照片.png", text],
      ["top", undefined, "3"],
    ]);
  });

  test("is what the platform's FormData writes", async () => {
    const data = new FormData();
    data.append("image", new Blob([content as BlobPart]), "x.bin");
    data.append("top", "2");
    const request = new Response(data);
    const boundary = boundaryOf(request.headers.get("content-type") ?? "");
    assert.ok(boundary !== null);
    const parts = parseMultipart(new Uint8Array(await request.arrayBuffer()), boundary);
    assert.deepEqual(read(parts), [
      ["image", "x.bin", content.toString("latin1")],
      ["top", undefined, "2"],
    ]);
  });

  test("what stands before the first and behind the last boundary does not count", () => {
    const body = form(B, [['Content-Disposition: form-data; name="a"', content]]);
    for (const whole of [
      Buffer.concat([Buffer.from("hello\r\n"), body]),
      Buffer.concat([body, Buffer.from("bye")]),
    ])
      assert.equal(parseMultipart(whole, B).length, 1);
    assert.deepEqual(parseMultipart(Buffer.from(`--${B}--`), B), []);
  });

  test("a body that is cut short anywhere is refused", () => {
    const body = form(B, [
      ['Content-Disposition: form-data; name="a"; filename="a"', content],
      ['Content-Disposition: form-data; name="b"', content],
    ]);
    // Without the last line break it is whole.
    for (let length = 0; length < body.length - 2; length++)
      assert.throws(() => parseMultipart(body.subarray(0, length), B), MultipartError, `${length} bytes`);
    parseMultipart(body.subarray(0, -2), B);
  });

  test("what is not a form, or beyond the limits, is refused", () => {
    refused(Buffer.from("hello"), /boundary .* is not in it/);
    refused(Buffer.from(`--${B} x\r\n\r\n\r\n--${B}--`), /something behind a boundary/);
    refused(form(B, [[`X: ${"y".repeat(9000)}`, content]]), /headers of a part are longer than 8192 bytes/);
    const many = form(
      B,
      Array.from({ length: 1001 }, () => ["X: y", content] as const),
    );
    assert.throws(
      () => parseMultipart(many, B),
      (error) => error instanceof MultipartError && error.tooMany,
    );
  });

  test("the boundary of a content type", () => {
    assert.equal(boundaryOf("multipart/form-data; boundary=abc"), "abc");
    assert.equal(boundaryOf('multipart/form-data; charset=utf-8; Boundary="a b"; x=y'), "a b");
    for (const type of [
      "multipart/form-data",
      "multipart/form-data; boundary=",
      `multipart/form-data; boundary=${"x".repeat(71)}`,
      "multipart/form-data; boundary=é",
    ])
      assert.equal(boundaryOf(type), null, type);
  });
});

describe("base64", () => {
  test("both alphabets, with and without padding, in lines, and as an address of data", () => {
    for (const bytes of [
      Buffer.from([]),
      Buffer.from([251, 255]),
      Buffer.from("hello"),
      Buffer.alloc(1000, 250),
    ]) {
      for (const encoding of ["base64", "base64url"] as const)
        assert.deepEqual(Buffer.from(bytesOfBase64(bytes.toString(encoding)) ?? "x"), bytes);
      const text = bytes.toString("base64");
      const lines = text.replace(/.{76}/g, "$&\r\n");
      assert.deepEqual(Buffer.from(bytesOfBase64(lines) ?? "x"), bytes);
      assert.deepEqual(Buffer.from(bytesOfBase64(`data:image/png;base64,${text}`) ?? "x"), bytes);
    }
  });

  test("what is not base64 is refused, not skipped", () => {
    for (const text of [
      "a",
      "ab$d",
      "ab=d",
      "a===",
      "Łbcd",
      "abc\u0000",
      "data:image/png,abcd",
      "ab\u00a0cd",
    ])
      assert.equal(bytesOfBase64(text), null, text);
  });

  test("millions of letters take no stack", () => {
    assert.equal(bytesOfBase64("A".repeat(8_000_000))?.byteLength, 6_000_000);
    assert.equal(bytesOfBase64(`${"A".repeat(8_000_000)}!`), null);
  });
});
