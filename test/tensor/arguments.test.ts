import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ArgumentError, DTypeError } from "../../src/base/errors.ts";
import { bindArguments, signature } from "../../src/base/params/arguments.ts";
import * as c from "../../src/index.ts";

before(() => c.useEngine("reference"));
after(() => c.stopEngine());

/** A call that the types forbid. */
const loose = (f: unknown) => f as (...args: unknown[]) => c.Tensor;

test("the forms of one call give the same result", async () => {
  const x = c
    .tensor([
      [1, 2],
      [3, 4],
    ])
    .float();
  const forms = [
    x.sum(1, true),
    x.sum({ dim: 1, keepdim: true }),
    c.sum(x, 1, true),
    c.sum(x, { dim: 1, keepdim: true }),
  ];
  for (const form of [
    ...forms,
    loose(c.sum)(x, 1, { keepdim: true }),
    loose(c.sum)({ input: x, dim: 1, keepdim: true }),
  ]) {
    assert.deepEqual(await form.tolist(), [[3], [7]]);
  }
  assert.deepEqual(x.reshape(4).shape, x.reshape([4]).shape);
  assert.deepEqual(c.zeros(2, 3, { dtype: "int64" }).dtype, "int64");
  assert.deepEqual(c.zeros([2, 3], { dtype: "int64" }).shape, [2, 3]);
});

test("an unknown argument is named, with the one that was probably meant", () => {
  const x = c.zeros(2);
  assert.throws(
    () => loose(c.sum)(x, { keepdims: true }),
    (error: Error) => {
      assert.ok(error instanceof ArgumentError);
      assert.match(error.message, /unknown argument `keepdims` of sum; did you mean `keepdim`\?/);
      return true;
    },
  );
  assert.throws(() => loose(c.topk)(x, 1, { largets: false }), /did you mean `largest`/);
  assert.throws(
    () => loose(c.sum)(x, { zebra: 1 }),
    /unknown argument `zebra` of sum \(it takes input, dim\?/,
  );
});

test("an argument given twice, missing, or one too many", () => {
  const x = c.zeros(2, 2);
  assert.throws(() => loose(c.sum)(x, 1, { dim: 0 }), /argument `dim` of sum is given twice/);
  assert.throws(() => loose(c.topk)(x), /missing argument `k` of topk/);
  assert.throws(() => loose(c.matmul)(x), /missing argument `other` of matmul/);
  assert.throws(() => loose(c.exp)(x, 1, 2), /exp takes at most 1 arguments by position, got 3/);
});

test("what is not a tensor is named", () => {
  assert.throws(
    () => loose(c.exp)([1, 2]),
    /expected `input` to be a Tensor, got an array \(convert it with tensor/,
  );
  assert.throws(() => loose(c.sum)(3), /expected `input` to be a Tensor, got number 3/);
  assert.throws(() => loose(c.tensor)([1], { dtype: "float33" }), DTypeError);
});

test("an undefined option counts as not given", () => {
  const of = signature("f", ["input", "dim?", "*sizes"]);
  assert.deepEqual(bindArguments(of, [1, { dim: undefined }]), { input: 1 });
  assert.deepEqual(bindArguments(of, [1, undefined, 2, 3]), { input: 1, sizes: [2, 3] });
  assert.deepEqual(bindArguments(of, [1, 2, [3, 4]]), { input: 1, dim: 2, sizes: [3, 4] });
});

test("an argument that is itself a plain object is taken by position", () => {
  const of = signature("load", ["stateDict{}", "strict?"]);
  assert.deepEqual(bindArguments(of, [{ strict: 1 }]), { stateDict: { strict: 1 } });
  assert.deepEqual(bindArguments(of, [{ a: 1 }, { strict: false }]), { stateDict: { a: 1 }, strict: false });
});

test("types: methods have the functions' forms", async () => {
  const x = c.tensor([[1, 5, 2]]).float();
  const { values, indices } = x.max(1);
  assert.equal(await values.item(), 5);
  assert.equal(await indices.item(), 1);
  const whole: c.Tensor = x.max();
  assert.equal(await whole.item(), 5);
  assert.deepEqual(x.var({ dim: 1, correction: 0 }).shape, [1]);
  assert.deepEqual(x.std(1, { keepdim: true }).shape, [1, 1]);
  assert.deepEqual(x.at(0, "1:").shape, [2]);
  assert.deepEqual(x.T.shape, [3, 1]);
  assert.deepEqual(x.pow(2).add_(1).clamp_(0, 10).shape, [1, 3]);
});
