/** What the compiler says of a parameter table whose parts do not fit together. */
import { type ArgumentsOf, parameterTable, withFirst } from "../../src/base/params/arguments.ts";

interface Documented {
  size: number;
  name?: string;
  flag?: boolean;
}

const table = parameterTable<Documented>("f")(
  ["size:integer", "name?", "flag?:boolean"],
  (size, name = "a", flag) => ({
    size,
    name,
    flag,
  }),
);
const made: { size: number; name: string; flag: boolean | undefined } = table.bind([1, { flag: true }]);
const forms: ArgumentsOf<typeof table>[] = [
  [1],
  [1, "b"],
  [1, { flag: true }],
  [{ size: 1 }],
  [1, "b", true],
];
const rest: ArgumentsOf<ReturnType<typeof shorter>>[] = [[], ["b"], [{ flag: true }]];
const shorter = () => withFirst(table, "g", 1);
export const used: unknown[] = [made, forms, rest];

export const wrong: (() => unknown)[] = [
  // @ts-expect-error `flag` is missing in the list
  () => parameterTable<Documented>("f")(["size", "name?"], (size, name) => [size, name]),
  // @ts-expect-error `colour` is not documented
  () => parameterTable<Documented>("f")(["size", "name?", "flag?", "colour?"], () => 0),
  // @ts-expect-error `name` may be left out in the interface, but not in the list
  () => parameterTable<Documented>("f")(["size", "name", "flag?"], () => 0),
  // @ts-expect-error `size` may be left out in the list, but not in the interface
  () => parameterTable<Documented>("f")(["size?", "name?", "flag?"], () => 0),
  // @ts-expect-error a text is not a number
  () => parameterTable<Documented>("f")(["size", "name?:number", "flag?"], () => 0),
  // @ts-expect-error the function takes another type
  () => parameterTable<Documented>("f")(["size", "name?", "flag?"], (size: string) => size),
];

interface Sized {
  size?: readonly number[];
  dtype?: string;
}
const variadic = parameterTable<Sized>("zeros")(["*size", "dtype?"], (size = [], dtype) => [size, dtype]);
export const variadicForms: ArgumentsOf<typeof variadic>[] = [
  [],
  [1, 2],
  [[1, 2]],
  [1, 2, { dtype: "float32" }],
  [[1, 2], { dtype: "float32" }],
  [{ size: [1, 2] }],
];
// @ts-expect-error what follows the sizes is given by name
export const byPosition: ArgumentsOf<typeof variadic> = [1, 2, "float32"];
