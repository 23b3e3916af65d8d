/** Texts of figures: how wide they are, how they are cut, and as letters of pixels. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { glyphOf, lettersOf, missingLetter } from "../../src/look/figures/pixel_font.ts";
import { fitted, linesOf, wordsWidth } from "../../src/look/figures/text_layout.ts";
import { wordsIn } from "../../src/look/figures/words.ts";
import { embeddingFigure, figureImage, figureSvg } from "../../src/look/index.ts";

/** A letter as people see it. */
const drawn = (letter: string) =>
  glyphOf(letter).map((row) => row.toString(2).padStart(10, "0").replaceAll("0", ".").replaceAll("1", "#"));

test("letters are those of X11's font", () => {
  assert.deepEqual(drawn("A").slice(3, 16), [
    "....##....",
    "...####...",
    "..##..##..",
    "..##..##..",
    ".##....##.",
    ".##....##.",
    ".##....##.",
    ".########.",
    ".##....##.",
    ".##....##.",
    ".##....##.",
    ".##....##.",
    ".##....##.",
  ]);
});

test("every script that has letters has them in words; others have none", () => {
  for (const words of ["Straße, café", "ŻÓŁĆ", "Ωμέγα", "сумка ёж Ґ", "a · b × c – d … → −3 ≤ 4", "e\u0301"])
    assert.equal(missingLetter(words), undefined, words);
  assert.equal(missingLetter("bag 连衣裙"), "连");
  assert.equal(missingLetter("ok 👟"), "👟");
  assert.deepEqual(lettersOf("e\u0301"), ["é"]);
});

test("PNG has letters for all that English figures say by themselves", () => {
  const words = wordsIn("en");
  const said = Object.values(words).map((one) =>
    typeof one === "function" ? String((one as (...parts: unknown[]) => unknown)(1, 2, 3, 4)) : one,
  );
  for (const text of said) assert.equal(missingLetter(text), undefined, text);
});

const places = { rows: 2, columns: 2, data: Float64Array.of(0, 0, 1, 1) };

test("a figure with other letters is refused as pixels, and written as SVG", () => {
  const figure = embeddingFigure(places, { method: "pca", labels: [0, 1], classNames: ["bag", "连衣裙"] });
  assert.throws(() => figureImage(figure), {
    name: "ArgumentError",
    message: /none for "连" of "连衣裙": write \.svg or \.html/,
  });
  assert.match(figureSvg(figure), /连衣裙/);
  const latin = embeddingFigure(places, {
    method: "pca",
    labels: [0, 1],
    classNames: ["sac à main", "рыба"],
  });
  assert.equal(figureImage(latin).channels, 3);
});

test("texts are cut to a width in any font, and broken into lines that fit", () => {
  for (const words of ["mammals and mushrooms", "WWWWWWWWWWWW", "illicit illness", "连衣裙和短靴和凉鞋"]) {
    const cut = fitted(words, "text", 60);
    assert.ok(wordsWidth(cut, "text") <= 60 && cut.endsWith("…"), cut);
    assert.equal(fitted(words, "text", 1000), words);
    for (const line of linesOf(words, "muted", 90)) assert.ok(wordsWidth(line, "muted") <= 102, line);
  }
});
