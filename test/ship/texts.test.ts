/** What the page says. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { labelIn, percentIn } from "../../src/ship/page/result_view.ts";
import { percentage, preferredLanguage, textIn } from "../../src/ship/page/texts.ts";

test("the language is the first of the reader's that the page has", () => {
  assert.equal(preferredLanguage(["zh-CN"]), "zh");
  assert.equal(preferredLanguage(["fr-FR", "zh-Hant-TW", "en"]), "zh");
  assert.equal(preferredLanguage(["en-GB", "zh"]), "en");
  assert.equal(preferredLanguage(["fr"]), "en");
  assert.equal(preferredLanguage([]), "en");
});

test("values stand in texts, whatever characters they have", () => {
  assert.equal(textIn("en", "answer", { label: "$& {percent}", percent: "5 %" }), "$& {percent}: 5 %");
  assert.equal(textIn("zh", "answer", { label: "猫", percent: "5%" }), "猫：5%");
});

test("a percentage is 0 or 100 only if the probability is", () => {
  assert.deepEqual([0, 1, 0.5, 0.99999, 1e-9, 0.0005].map(percentage), [
    "0.0 %",
    "100.0 %",
    "50.0 %",
    "> 99.9 %",
    "< 0.1 %",
    "< 0.1 %",
  ]);
  assert.equal(percentIn("zh", 0.5), "50.0%");
});

test("classes are called as the language has it", () => {
  assert.deepEqual(
    [
      labelIn("zh", { en: "bag", zh: "包" }),
      labelIn("zh", { en: "bag" }),
      labelIn("en", { en: "bag", zh: "包" }),
      labelIn("zh", "x"),
    ],
    ["包", "bag", "bag", "x"],
  );
});
