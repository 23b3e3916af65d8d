import assert from "node:assert/strict";
import { test } from "node:test";
import { ArgumentError, book, IndexError } from "../../src/index.ts";

test("class names in the book's two languages", () => {
  const all = Array.from({ length: 10 }, (_, i) => i);
  assert.deepEqual(book.getFashionMnistLabels(all), [
    "t-shirt",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
  ]);
  assert.deepEqual(book.getFashionMnistLabels(Float64Array.of(0, 9), { language: "zh" }), ["T恤", "短靴"]);
  assert.throws(() => book.getFashionMnistLabels([10]), IndexError);
  assert.throws(() => book.getFashionMnistLabels([1], "fr" as "en"), ArgumentError);
});
