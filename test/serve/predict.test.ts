/** `POST /predict` through the handler: every way to send images, and every way to do it wrong. */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { data } from "../../src/index.ts";
import { serveHandler } from "../../src/serve/index.ts";
import type { ServeHandlerOptions } from "../../src/serve/serve_options.ts";
import { brightness, form, held, pixel } from "./served.ts";

const handler = serveHandler(brightness, { decodeWorkers: 0 });
after(() => handler.close());

type Sent = { readonly type?: string; readonly path?: string; readonly headers?: Record<string, string> };

async function post(
  body: BodyInit | Uint8Array,
  { type, path = "/predict", headers = {} }: Sent = {},
  to = handler,
) {
  const request = new Request(`http://localhost${path}`, {
    method: "POST",
    body: body as BodyInit,
    headers: { ...(type !== undefined && { "content-type": type }), ...headers },
  });
  const response = await to.fetch(request);
  return { status: response.status, headers: response.headers, body: (await response.json()) as any };
}

const withOptions = async (options: ServeHandlerOptions, use: (to: typeof handler) => Promise<void>) => {
  const own = serveHandler(brightness, { decodeWorkers: 0, ...options });
  await use(own);
  await own.close();
};

describe("images come", () => {
  test("as bytes", async () => {
    for (const type of ["image/x-portable-graymap", "application/octet-stream", "IMAGE/PNG; x=y"]) {
      const { status, body } = await post(pixel(255), { type });
      assert.equal(status, 200);
      const bright = { index: 1, label: "bright", probability: 1 };
      const dark = { index: 0, label: "dark", probability: 0 };
      assert.deepEqual(body, { predictions: [{ name: null, ...bright, top: [bright, dark] }] });
    }
  });

  test("as a form of one or several", async () => {
    const data = new FormData();
    data.append("image", new Blob([pixel(0) as BlobPart]), "night.pgm");
    data.append("image", new Blob([pixel(255) as BlobPart]), "day.pgm");
    data.append("top", "1");
    const { status, body } = await post(data);
    assert.equal(status, 200);
    assert.deepEqual(
      body.predictions.map(({ name, label, top }: any) => [name, label, top.length]),
      [
        ["night.pgm", "dark", 1],
        ["day.pgm", "bright", 1],
      ],
    );
  });

  test("as base64 in JSON", async () => {
    const [night, day] = [pixel(0).toString("base64"), pixel(255).toString("base64")];
    const type = "application/json";
    const one = await post(JSON.stringify({ image: day }), { type });
    assert.deepEqual([one.status, one.body.predictions[0].label], [200, "bright"]);
    const two = await post(JSON.stringify({ images: [night, { name: "day", data: day }], top: 1 }), { type });
    assert.deepEqual(
      two.body.predictions.map(({ name, label, top }: any) => [name, label, top.length]),
      [
        [null, "dark", 1],
        ["day", "bright", 1],
      ],
    );
  });

  test("and an image that is wrong does not concern the others", async () => {
    const images = [pixel(255).toString("base64"), "%%%", Buffer.from("hello").toString("base64"), 3];
    const { status, body } = await post(JSON.stringify({ images }), { type: "application/json" });
    assert.equal(status, 200);
    assert.equal(body.error, undefined);
    assert.equal(body.predictions[0].label, "bright");
    assert.deepEqual(
      body.predictions.slice(1).map(({ error }: any) => error.code),
      ["not_predicted", "not_predicted", "not_predicted"],
    );
    assert.match(body.predictions[1].error.message, /not base64/);
    assert.match(body.predictions[2].error.message, /not an image of a known format/);
    assert.match(body.predictions[3].error.message, /expected an image as base64/);
  });

  test("and sharp decodes them if it is asked to", async () => {
    const white = { width: 16, height: 16, channels: 3, data: new Uint8Array(768).fill(255) } as const;
    const jpeg = await data.encodeJpeg(white);
    for (const decodeWorkers of [0, 1])
      await withOptions({ decoder: "sharp", decodeWorkers }, async (to) => {
        await to.ready;
        const { status, body } = await post(jpeg, { type: "image/jpeg" }, to);
        assert.deepEqual([status, body.predictions[0].label], [200, "bright"]);
      });
  });

  test("and the number of classes is asked for", async () => {
    assert.equal((await post(pixel(9), { path: "/predict?top=1" })).body.predictions[0].top.length, 1);
    assert.equal((await post(pixel(9), { path: "/predict?top=99" })).body.predictions[0].top.length, 2);
    for (const top of ["0", "-1", "1.5", "x", "", "1e999"]) {
      const { status, body } = await post(pixel(9), { path: `/predict?top=${top}` });
      assert.deepEqual([status, body.error.code], [400, "bad_request"], top);
    }
  });
});

describe("one clear answer for", () => {
  const refused = (answer: { status: number; body: any }, status: number, code: string, message: RegExp) => {
    assert.equal(answer.status, status, JSON.stringify(answer.body));
    assert.equal(answer.body.error.code, code);
    assert.match(answer.body.error.message, message);
  };

  test("what is not an image", async () => {
    refused(
      await post("hello", { type: "image/png" }),
      422,
      "not_predicted",
      /not an image of a known format/,
    );
    const cut = Buffer.from("P5 100 100 255\nabc");
    refused(await post(cut, { type: "image/png" }), 422, "not_predicted", /cannot be read/);
  });

  test("an image that claims too many pixels", async () => {
    await withOptions({ maxPixels: 100 }, async (to) => {
      const answer = await post("P5 50 50 255\n", { type: "image/png" }, to);
      refused(answer, 422, "not_predicted", /claims to be 50 x 50 pixels; expected 1 to 100/);
    });
  });

  test("content types that hold no image, and compressed bodies", async () => {
    for (const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "image/",
      "multipart/mixed; boundary=x",
    ]) {
      const answer = await post("x", { type });
      refused(answer, 415, "unsupported_media_type", /expected the content type/);
      assert.match(answer.headers.get("accept") ?? "", /multipart\/form-data/);
    }
    const packed = await post("x", { type: "image/png", headers: { "content-encoding": "gzip" } });
    refused(packed, 415, "unsupported_media_type", /compressed/);
  });

  test("bodies that are empty, damaged or cut short", async () => {
    const json = { type: "application/json" };
    refused(await post("", { type: "image/png" }), 400, "bad_request", /no image in the body/);
    refused(await post("{", json), 400, "bad_request", /not JSON/);
    refused(await post(new Uint8Array([0xff, 0xfe]), json), 400, "bad_request", /not UTF-8/);
    refused(await post("[".repeat(100_000), json), 400, "bad_request", /nested too deep/);
    refused(await post(`{"images":[${"[],".repeat(50_000)}[]]}`, json), 400, "bad_request", /not JSON, or/);
    refused(await post("[]", json), 400, "bad_request", /expected \{"image"/);
    refused(await post('{"images":[]}', json), 400, "bad_request", /no image in the body/);
    refused(await post('{"images":"x"}', json), 400, "bad_request", /expected \{"image"/);
    const whole = form("b", [['Content-Disposition: form-data; name="image"; filename="a"', pixel(1)]]);
    const type = "multipart/form-data; boundary=b";
    refused(await post(whole.subarray(0, -8), { type }), 400, "bad_request", /cut short/);
    refused(await post(whole, { type: "multipart/form-data" }), 400, "bad_request", /no valid boundary/);
    refused(await post(form("b", []), { type }), 400, "bad_request", /no image in the body/);
  });

  test("too many images, and too many bytes", async () => {
    await withOptions({ maxImages: 2, maxBodyBytes: 2000 }, async (to) => {
      const image = pixel(1).toString("base64");
      const many = JSON.stringify({ images: [image, image, image] });
      refused(await post(many, { type: "application/json" }, to), 413, "too_many_images", /at most 2 images/);
      const parts = Array.from({ length: 20 }, () => ["X: y", pixel(1)] as const);
      const type = "multipart/form-data; boundary=b";
      refused(await post(form("b", parts), { type }, to), 413, "too_many_images", /at most 2 images/);
      refused(await post(new Uint8Array(2001), {}, to), 413, "body_too_large", /larger than 2000 bytes/);
      assert.equal((await post(JSON.stringify({ image }), { type: "application/json" }, to)).status, 200);
    });
  });

  test("a body without a length that grows too large is given up, not read to its end", async () => {
    let pulled = 0;
    const endless = new ReadableStream({
      pull(controller) {
        pulled++;
        controller.enqueue(new Uint8Array(1000));
      },
    });
    await withOptions({ maxBodyBytes: 10_000 }, async (to) => {
      const body = endless as unknown as BodyInit;
      const request = new Request("http://localhost/predict", {
        method: "POST",
        body,
        duplex: "half",
      } as RequestInit);
      assert.equal((await to.fetch(request)).status, 413);
    });
    assert.ok(pulled < 20, `${pulled}`);
  });

  test("a classifier that fails: its message stays here", async () => {
    const problems: string[] = [];
    let warm = false;
    const broken = {
      ...brightness,
      predictBatch: async (images: any) => {
        if (warm) throw new Error("secret path /srv/model");
        return brightness.predictBatch(images);
      },
    };
    const own = serveHandler(broken, {
      decodeWorkers: 0,
      onEvent: (event) => event.event === "problem" && problems.push(event.message),
    });
    await own.ready;
    warm = true;
    const answer = await post(pixel(1), {}, own);
    refused(answer, 500, "internal", /log says why/);
    assert.doesNotMatch(JSON.stringify(answer.body), /secret/);
    assert.match(problems.join(), /secret path/);
    await own.close();
  });

  test("a network that gives NaN", async () => {
    const nan = {
      ...brightness,
      predictBatch: async (i: any) => i.map(() => ({ probabilities: [Number.NaN, 0] })),
    };
    const own = serveHandler(nan, { decodeWorkers: 0 });
    refused(await post(pixel(1), {}, own), 500, "not_predicted", /NaN or infinite/);
    await own.close();
  });
});

describe("the queue", () => {
  test("refuses with 503 and Retry-After when it is full, and takes images again when it is not", async () => {
    const slow = held();
    const own = serveHandler(slow, { decodeWorkers: 0, queueCapacity: 3, maxBatch: 1 });
    await own.ready;
    slow.hold();
    const waiting = [0, 1, 2].map(() => post(pixel(255), {}, own));
    await sleep(20);
    const answer = await post(pixel(255), {}, own);
    assert.equal(answer.status, 503);
    assert.equal(answer.body.error.code, "queue_full");
    assert.ok(Number(answer.headers.get("retry-after")) >= 1);
    slow.open();
    for (const one of await Promise.all(waiting)) assert.equal(one.status, 200);
    assert.equal((await post(pixel(255), {}, own)).status, 200);
    await own.close();
  });

  test("loses the images of a client that has gone", async () => {
    const slow = held();
    const own = serveHandler(slow, { decodeWorkers: 0, maxBatch: 1 });
    await own.ready;
    slow.hold();
    const first = post(pixel(255), {}, own);
    await sleep(10);
    const controller = new AbortController();
    const request = new Request("http://localhost/predict", {
      method: "POST",
      body: pixel(0) as BodyInit,
      signal: controller.signal,
    });
    const gone = own.fetch(request);
    await sleep(10);
    controller.abort();
    assert.equal((await gone).status, 499);
    slow.open();
    await first;
    const computed = slow.sizes.length;
    await sleep(10);
    assert.equal(slow.sizes.length, computed);
    assert.equal(computed, 1);
    const metrics = await (await own.fetch(new Request("http://localhost/metrics"))).text();
    assert.match(metrics, /convoyant_images_total\{result="cancelled"\} 1\n/);
    assert.match(metrics, /convoyant_queue_length 0\n/);
    await own.close();
  });

  test("does not keep a client waiting for ever", async () => {
    const slow = held();
    const own = serveHandler(slow, { decodeWorkers: 0, maxBatch: 1, answerTimeout: 50 });
    await own.ready;
    slow.hold();
    const [first, second] = await Promise.all([post(pixel(1), {}, own), post(pixel(1), {}, own)]);
    for (const { status, body, headers } of [first, second]) {
      assert.deepEqual([status, body.error.code], [503, "timed_out"]);
      assert.equal(headers.get("retry-after"), "1");
    }
    slow.open();
    await own.close();
  });

  test("puts the images of several requests into one batch", async () => {
    const slow = held();
    const own = serveHandler(slow, { decodeWorkers: 0, maxBatch: 8 });
    await own.ready;
    slow.hold();
    const requests = Array.from({ length: 9 }, () => post(pixel(255), {}, own));
    await sleep(50);
    slow.open();
    for (const { status } of await Promise.all(requests)) assert.equal(status, 200);
    const { sizes } = slow;
    assert.equal(
      sizes.reduce((sum, size) => sum + size, 0),
      9,
    );
    assert.ok(sizes.length <= 4, sizes.join());
    await own.close();
  });

  test("uses the memory of inputs again when they have been computed", async () => {
    const seen: ArrayBufferLike[] = [];
    const own = serveHandler(
      {
        ...brightness,
        preprocessing: { resize: null, crop: null, mean: [0], std: [1], background: [255, 255, 255] },
        predictInputs: async (inputs) => {
          seen.push(...inputs.map(({ data }) => data.buffer));
          return inputs.map(({ data }) => [1 - data[0], data[0]]);
        },
      },
      { decodeWorkers: 1, maxBatch: 1 },
    );
    await own.ready;
    seen.length = 0;
    for (const [level, label] of [
      [255, "bright"],
      [0, "dark"],
      [255, "bright"],
    ] as const) {
      const { body } = await post(pixel(level), {}, own);
      assert.equal(body.predictions[0].label, label);
    }
    // Those before the last have been handed over, and so are empty here.
    assert.deepEqual(
      seen.map(({ byteLength }) => byteLength),
      [0, 0, 4],
    );
    await own.close();
  });
});
