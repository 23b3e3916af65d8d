import assert from "node:assert/strict";
import { test } from "node:test";
import { ArgumentError } from "../../src/base/errors.ts";
import { parameterTable, withFirst } from "../../src/base/params/arguments.ts";

interface Box {
  width: number;
  height: number;
  depth?: number;
  open?: boolean;
}

const table = parameterTable<Box>("box")(
  ["width", "height", "depth?:number", "open?:boolean"],
  (width, height, depth = 1, open = false) => [width, height, depth, open],
);
/** A call that the types forbid. */
const bind = (...args: unknown[]) => table.bind(args);

test("every leading part by position and the rest by name is the same call", () => {
  for (const args of [
    [2, 3, 4, true],
    [2, 3, 4, { open: true }],
    [2, 3, { depth: 4, open: true }],
    [2, { height: 3, depth: 4, open: true }],
    [{ width: 2, height: 3, depth: 4, open: true }],
  ]) {
    assert.deepEqual(bind(...args), [2, 3, 4, true]);
  }
  assert.deepEqual(bind(2, 3), [2, 3, 1, false]);
  assert.deepEqual(bind(2, 3, undefined, true), [2, 3, 1, true]);
});

test("what does not fit the table is named", () => {
  const wrong: [unknown[], RegExp][] = [
    [[2, { hight: 3 }], /unknown argument `hight` of box; did you mean `height`\?/],
    [[2], /missing argument `height` of box\(width, height, depth\?, open\?\)/],
    [[2, 3, { width: 1 }], /argument `width` of box is given twice/],
    [[2, 3, 4, true, 5], /box takes at most 4 arguments by position, got 5/],
    [[2, 3, { depth: "4" }], /box: expected `depth` to be a number, got "4"/],
    [[2, 3, { open: 1 }], /box: expected `open` to be a boolean, got 1/],
  ];
  for (const [args, message] of wrong) {
    assert.throws(
      () => bind(...args),
      (error: Error) => {
        assert.ok(error instanceof ArgumentError);
        assert.match(error.message, message);
        return true;
      },
    );
  }
});

test("a table whose first parameter is given already takes the others", () => {
  const flat = withFirst(table, "line", 1);
  assert.deepEqual(flat.bind([5]), [1, 5, 1, false]);
  assert.deepEqual(flat.bind([{ height: 5, open: true }]), [1, 5, 1, true]);
  assert.throws(() => flat.bind([{ width: 2, height: 5 } as never]), /unknown argument `width` of line/);
});
