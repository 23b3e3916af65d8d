/** What the tests of the server share: a classifier that is a formula, small images, and raw connections. */
import { connect } from "node:net";
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
