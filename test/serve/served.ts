/** What the tests of the server share: a classifier that is a formula, small images, and raw connections. */
import { connect } from "node:net";
import { crc32, deflateSync } from "node:zlib";
import type { ServedClassifier } from "../../src/serve/index.ts";

/** The probability of "bright" is the level of the first pixel. */
export const brightness: ServedClassifier = {
  classes: ["dark", { en: "bright", zh: "亮" }],
  predictBatch: async (images) =>
    images.map(({ data }) => ({ probabilities: [1 - data[0] / 255, data[0] / 255] })),
};

/** A classifier whose batches wait from `hold` on until they are let go. */
export function held() {
  const sizes: number[] = [];
  let waiting: (() => void)[] = [];
  let isHeld = false;
  const classifier: ServedClassifier = {
    ...brightness,
    predictBatch: async (images) => {
      sizes.push(images.length);
      if (isHeld) await new Promise<void>((go) => waiting.push(go));
      return brightness.predictBatch(images);
    },
  };
  return {
    ...classifier,
    /** Of the batches since `hold`. */
    sizes,
    hold() {
      isHeld = true;
      sizes.length = 0;
    },
    open() {
      isHeld = false;
      for (const go of waiting) go();
      waiting = [];
    },
  };
}

/** An image of one pixel, as PGM. */
export const pixel = (level: number): Buffer => Buffer.from(`P2 1 1 255 ${level}`);

export const TOKEN = "0123456789abcdef0123";

/** What is sent back for bytes on a connection of its own, until the server closes it or `until` says that it is enough. */
export function exchangeRaw(
  port: number,
  sent: string | Uint8Array,
  until = (text: string) => text.includes("\r\n\r\n"),
): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(sent));
    socket.setEncoding("latin1").on("data", (piece: string) => {
      text += piece;
      if (until(text)) socket.destroy();
    });
    socket.on("close", () => resolve(text));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      // The server closes a connection whose client still sends.
      if (error.code === "ECONNRESET" || error.code === "EPIPE") resolve(text);
      else reject(error);
    });
  });
}

/** A form as bytes. */
export function form(boundary: string, parts: readonly (readonly [headers: string, content: Uint8Array])[]) {
  const pieces = parts.flatMap(([headers, content]) => [
    Buffer.from(`--${boundary}\r\n${headers}\r\n\r\n`),
    content,
    Buffer.from("\r\n"),
  ]);
  return Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]);
}

/** A grey PNG of few bytes and many pixels, all black. */
export function largePng(side: number): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const named = Buffer.concat([Buffer.from(type, "latin1"), data]);
    const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    check.writeUInt32BE(crc32(named));
    return Buffer.concat([length, named, check]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header[8] = 8;
  const rows = deflateSync(Buffer.alloc(side * (side + 1)), { level: 1 });
  const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", rows),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}
