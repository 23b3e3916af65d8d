/** The opcodes that plain data needs. What is not here (INST, OBJ, EXT1, NEWOBJ_EX, PERSID, buffers, ...) is refused. */
import { plainInteger } from "./pickle_bytes.ts";
import type { PickleMachine } from "./pickle_reader.ts";
import { PickleDict, PickleSet, PickleTuple } from "./pickle_values.ts";

export type Opcode = (machine: PickleMachine) => void;
type Table = Readonly<Record<number, Opcode>>;

const code = (letter: string): number => letter.charCodeAt(0);

/** Newest protocol. */
const MOST_PROTOCOL = 5;

/** Opcodes with one value in or out. */
export const OPCODES: Table = {
  // PROTO, FRAME
  128: ({ bytes, fail }) => {
    const protocol = bytes.byte();
    if (protocol > MOST_PROTOCOL)
      throw fail(`it is a pickle of protocol ${protocol}, known are 0 to ${MOST_PROTOCOL}`);
  },
  149: ({ bytes }) => void bytes.uint64(),
  // NONE, NEWTRUE, NEWFALSE
  [code("N")]: (m) => m.push(null),
  136: (m) => m.push(true),
  137: (m) => m.push(false),
  // BININT, BININT1, BININT2, LONG1, LONG4
  [code("J")]: (m) => m.push(m.bytes.int32()),
  [code("K")]: (m) => m.push(m.bytes.byte()),
  [code("M")]: (m) => m.push(m.bytes.uint16()),
  138: (m) => m.push(m.bytes.integer(m.bytes.byte())),
  139: (m) => m.push(m.bytes.integer(m.bytes.uint32())),
  // INT, LONG
  [code("I")]: (m) => m.push(writtenInteger(m, m.bytes.line())),
  [code("L")]: (m) => m.push(writtenInteger(m, m.bytes.line().replace(/L$/, ""))),
  // BINFLOAT, FLOAT
  [code("G")]: (m) => m.push(m.bytes.float64()),
  [code("F")]: (m) => m.push(writtenFloat(m, m.bytes.line())),
  // BINUNICODE, SHORT_BINUNICODE, BINUNICODE8, UNICODE
  [code("X")]: (m) => m.push(m.bytes.text(m.bytes.uint32())),
  140: (m) => m.push(m.bytes.text(m.bytes.byte())),
  141: (m) => m.push(m.bytes.text(m.bytes.uint64())),
  [code("V")]: (m) => m.push(writtenText(m.bytes.line())),
  // BINSTRING, SHORT_BINSTRING: texts of Python 2
  [code("T")]: (m) => m.push(m.bytes.oldText(m.bytes.uint32())),
  [code("U")]: (m) => m.push(m.bytes.oldText(m.bytes.byte())),
  // BINBYTES, SHORT_BINBYTES, BINBYTES8, BYTEARRAY8
  [code("B")]: (m) => m.push(m.container(m.bytes.raw(m.bytes.uint32()).slice())),
  [code("C")]: (m) => m.push(m.container(m.bytes.raw(m.bytes.byte()).slice())),
  142: (m) => m.push(m.container(m.bytes.raw(m.bytes.uint64()).slice())),
  150: (m) => m.push(m.container(m.bytes.raw(m.bytes.uint64()).slice())),
  // EMPTY_LIST, EMPTY_DICT, EMPTY_TUPLE, EMPTY_SET
  [code("]")]: (m) => m.push(m.container([])),
  [code("}")]: (m) => m.push(m.container(new PickleDict())),
  [code(")")]: (m) => m.push(m.container(new PickleTuple([]))),
  143: (m) => m.push(m.container(new PickleSet([]))),
  // TUPLE1, TUPLE2, TUPLE3
  133: (m) => pushTuple(m, 1),
  134: (m) => pushTuple(m, 2),
  135: (m) => pushTuple(m, 3),
  // PUT, BINPUT, LONG_BINPUT, MEMOIZE
  [code("p")]: (m) => m.remember(writtenIndex(m, m.bytes.line())),
  [code("q")]: (m) => m.remember(m.bytes.byte()),
  [code("r")]: (m) => m.remember(m.bytes.uint32()),
  148: (m) => m.rememberNext(),
  // GET, BINGET, LONG_BINGET
  [code("g")]: (m) => m.recall(writtenIndex(m, m.bytes.line())),
  [code("h")]: (m) => m.recall(m.bytes.byte()),
  [code("j")]: (m) => m.recall(m.bytes.uint32()),
  // POP, DUP, MARK
  [code("0")]: (m) => void m.pop(),
  [code("2")]: (m) => m.push(m.top()),
  [code("(")]: (m) => m.mark(),
  // GLOBAL, STACK_GLOBAL, BINPERSID
  [code("c")]: (m) => m.global(m.bytes.line(), m.bytes.line()),
  147: (m) => {
    const [name, module] = [m.pop(), m.pop()];
    if (typeof name !== "string" || typeof module !== "string")
      throw m.fail("the pickle names a global without a name");
    m.global(module, name);
  },
  [code("Q")]: (m) => m.push(m.names.persistent(m.pop())),
  // REDUCE, NEWOBJ, BUILD
  [code("R")]: (m) => m.call(),
  129: (m) => m.call(),
  [code("b")]: (m) => m.build(),
};

/** Opcodes that fill containers. */
export const BULK_OPCODES: Table = {
  // TUPLE, LIST, DICT, FROZENSET, POP_MARK
  [code("t")]: (m) => m.push(m.container(new PickleTuple(m.popToMark()))),
  [code("l")]: (m) => m.push(m.container(m.popToMark())),
  [code("d")]: (m) => {
    const items = m.popToMark();
    const dict = m.container(new PickleDict());
    setItems(m, dict, items);
    m.push(dict);
  },
  145: (m) => m.push(m.container(new PickleSet(m.popToMark()))),
  [code("1")]: (m) => void m.popToMark(),
  // APPEND, APPENDS, SETITEM, SETITEMS, ADDITEMS
  [code("a")]: (m) => {
    const item = m.pop();
    listOf(m).push(item);
  },
  [code("e")]: (m) => {
    const items = m.popToMark();
    const list = listOf(m);
    for (const item of items) list.push(item);
  },
  [code("s")]: (m) => {
    const [value, key] = [m.pop(), m.pop()];
    setItems(m, m.top(), [key, value]);
  },
  [code("u")]: (m) => {
    const items = m.popToMark();
    setItems(m, m.top(), items);
  },
  144: (m) => {
    const items = m.popToMark();
    const set = m.top();
    if (!(set instanceof PickleSet)) throw m.fail("the pickle adds items to something other than a set");
    for (const item of items) set.items.add(item);
  },
};

function pushTuple(machine: PickleMachine, size: number): void {
  const items = new Array<unknown>(size);
  for (let i = size - 1; i >= 0; i--) items[i] = machine.pop();
  machine.push(machine.container(new PickleTuple(items)));
}

function listOf(machine: PickleMachine): unknown[] {
  const list = machine.top();
  if (!Array.isArray(list)) throw machine.fail("the pickle appends to something other than a list");
  return list;
}

function setItems(machine: PickleMachine, dict: unknown, items: readonly unknown[]): void {
  if (!(dict instanceof PickleDict))
    throw machine.fail("the pickle sets items of something other than a dict");
  if (items.length % 2 !== 0) throw machine.fail("the pickle has a key without a value");
  for (let i = 0; i < items.length; i += 2) dict.entries.set(items[i], items[i + 1]);
}

function writtenInteger(machine: PickleMachine, text: string): number | bigint | boolean {
  // Protocol 0 writes booleans so.
  if (text === "00") return false;
  if (text === "01") return true;
  if (!/^-?\d{1,400}$/.test(text)) throw machine.fail("the pickle has an integer without digits");
  return plainInteger(BigInt(text));
}

function writtenFloat(machine: PickleMachine, text: string): number {
  const special: Record<string, number> = { inf: Infinity, "-inf": -Infinity, nan: Number.NaN };
  const number = special[text] ?? Number(text);
  if (text.trim() === "" || (Number.isNaN(number) && text !== "nan"))
    throw machine.fail("the pickle has a number without digits");
  return number;
}

function writtenIndex(machine: PickleMachine, text: string): number {
  if (!/^\d{1,9}$/.test(text))
    throw machine.fail("the pickle keeps a value under something other than a number");
  return Number(text);
}

/** Python's "raw-unicode-escape". */
function writtenText(text: string): string {
  return text.replace(
    /\\u([0-9a-fA-F]{4})|\\U0010([0-9a-fA-F]{4})|\\U000([0-9a-fA-F]{5})/g,
    (_, four, ten, five) =>
      String.fromCodePoint(
        ten === undefined ? Number.parseInt(four ?? five, 16) : 0x100000 + Number.parseInt(ten, 16),
      ),
  );
}
