/** The images in the body of a request: bytes as they are, a form, or JSON. */
import { parseJson } from "../../base/json_text.ts";
import { bytesOfBase64 } from "./base64.ts";
import { type Incoming, Refusal } from "./exchange.ts";
import { boundaryOf, MultipartError, parseMultipart } from "./multipart.ts";

/** An image that was sent, not decoded yet; with a problem in place of its bytes if there are none. */
export type SentImage =
  | { readonly name: string | null; readonly bytes: Uint8Array }
  | { readonly name: string | null; readonly problem: string };

/** What a body holds. */
export interface SentImages {
  readonly images: readonly SentImage[];
  /** How many classes are asked for, if the body says so. */
  readonly top: unknown;
}

export type BodyKind = "bytes" | "form" | "json";

const SUPPORTED = "image/*, application/octet-stream, multipart/form-data or application/json";

/** Parts of a form that may come beside its images. */
const FIELDS = 16;

/** Names that are sent back are cut to this. */
const NAME_LENGTH = 200;

/** @throws Refusal (415) for a content type that holds no images. */
export function bodyKind(request: Incoming): BodyKind {
  const encoding = request.header("content-encoding") ?? "identity";
  if (encoding.toLowerCase() !== "identity")
    throw new Refusal(
      415,
      "unsupported_media_type",
      "the body is compressed (Content-Encoding); send it as it is",
      {
        headers: { "accept-encoding": "identity" },
      },
    );
  const type = (request.header("content-type") ?? "application/octet-stream").split(";")[0].trim();
  const kind = type.toLowerCase();
  if (kind === "multipart/form-data") return "form";
  if (kind === "application/json") return "json";
  if (kind === "application/octet-stream" || /^image\/[\w.+-]+$/.test(kind)) return "bytes";
  throw new Refusal(
    415,
    "unsupported_media_type",
    `expected the content type ${SUPPORTED}, got "${type.slice(0, 80)}"`,
    { headers: { accept: "image/*, application/octet-stream, multipart/form-data, application/json" } },
  );
}

/** @throws Refusal if the body is damaged, or holds no images or more than `maxImages`. */
export function imagesOf(
  kind: BodyKind,
  body: Uint8Array,
  contentType: string,
  maxImages: number,
): SentImages {
  const sent =
    kind === "bytes"
      ? { images: [{ name: null, bytes: body }], top: undefined }
      : kind === "form"
        ? imagesOfForm(body, contentType, maxImages)
        : imagesOfJson(body, maxImages);
  if (body.byteLength === 0 || sent.images.length === 0)
    throw new Refusal(400, "bad_request", "there is no image in the body; send at least one");
  if (sent.images.length > maxImages) throw tooMany(maxImages);
  return sent;
}

function imagesOfForm(body: Uint8Array, contentType: string, maxImages: number): SentImages {
  const boundary = boundaryOf(contentType);
  if (boundary === null)
    throw new Refusal(400, "bad_request", "the content type multipart/form-data names no valid boundary");
  try {
    const parts = parseMultipart(body, boundary, { parts: maxImages + FIELDS, headerBytes: 8192 });
    const top = parts.find(({ name, fileName }) => name === "top" && fileName === undefined);
    const images = parts.filter((part) => part !== top);
    return {
      images: images.map(({ name, fileName, bytes }) => ({ name: cut(fileName ?? name), bytes })),
      top: top === undefined ? undefined : Buffer.from(top.bytes).toString(),
    };
  } catch (error) {
    if (!(error instanceof MultipartError)) throw error;
    if (error.tooMany) throw tooMany(maxImages);
    throw new Refusal(400, "bad_request", `the multipart body cannot be read: ${error.message}`);
  }
}

/** An image is base64, and each image a list and an object at most. */
function imagesOfJson(body: Uint8Array, maxImages: number): SentImages {
  const read = readJson(body, maxImages);
  const given = (typeof read === "object" && read !== null ? read : {}) as Record<string, unknown>;
  const { image, images = image === undefined ? undefined : [image], top } = given;
  if (!Array.isArray(images))
    throw new Refusal(
      400,
      "bad_request",
      'expected {"image": "<base64>"} or {"images": ["<base64>", ...]}; an image may also be ' +
        '{"name": "cat.jpg", "data": "<base64>"}',
    );
  if (images.length > maxImages) throw tooMany(maxImages);
  return { images: images.map(imageOfJson), top };
}

function readJson(body: Uint8Array, maxImages: number): unknown {
  const unreadable = (why: string, cause: unknown) =>
    new Refusal(400, "bad_request", `the body cannot be read: ${why}`, { cause });
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch (error) {
    throw unreadable("it is not UTF-8", error);
  }
  try {
    return parseJson(text, { depth: 8, containers: 1000 + 2 * maxImages });
  } catch (error) {
    throw unreadable("it is not JSON, or is nested too deep", error);
  }
}

function imageOfJson(given: unknown): SentImage {
  const { name: called, data } = (
    typeof given === "object" && given !== null ? given : { data: given }
  ) as Record<string, unknown>;
  const name = typeof called === "string" ? cut(called) : null;
  if (typeof data !== "string")
    return { name, problem: 'expected an image as base64, or {"name": ..., "data": "<base64>"}' };
  const bytes = bytesOfBase64(data);
  return bytes === null ? { name, problem: "this is not base64" } : { name, bytes };
}

const cut = (name: string): string => name.slice(0, NAME_LENGTH);

function tooMany(maxImages: number): Refusal {
  return new Refusal(
    413,
    "too_many_images",
    `at most ${maxImages} images in a request; send the others in requests of their own`,
  );
}
