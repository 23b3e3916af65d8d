/** The order and the names of what belongs to a module, against PyTorch (test/fixtures/modules). */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import {
  ArgumentError,
  load,
  nn,
  ones,
  optim,
  StateDictError,
  stopEngine,
  type Tensor,
  tensor,
  toBytes,
  useEngine,
  zeros,
} from "../../../src/index.ts";

interface Order {
  readonly children: string[];
  readonly parameters: string[];
  readonly values: number[];
  readonly stateDict: string[];
  readonly printed: string[];
  readonly result: number[] | null;
}

const fixture = JSON.parse(
  readFileSync(new URL("../../../../test/fixtures/modules/modules.json", import.meta.url), "utf8"),
) as { orders: Record<string, Order>; dispatch: Record<string, string[]> };

before(() => useEngine("reference"));
after(() => stopEngine());

/** Adds `shift` after multiplying by `scale`, so that the order of two of them shows. */
class Plus extends nn.Module {
  readonly scale: number;
  readonly shift: number;
  w: nn.Parameter;

  constructor(scale: number, shift: number) {
    super();
    this.scale = scale;
    this.shift = shift;
    this.w = nn.Parameter(tensor([scale], { dtype: "float32" }));
  }

  override forward(x: Tensor): Tensor {
    return x.mul(this.scale).add(this.shift);
  }
}

const a = () => new Plus(2, 1);
const b = () => new Plus(3, 5);
const c = () => new Plus(5, 7);
const one = (value: number) => tensor([value], { dtype: "float32" });

function added(): nn.Sequential {
  const net = nn.Sequential(a());
  net.addModule("tail", b());
  return net.append(c());
}

const makers: Record<string, () => nn.Module> = {
  named: () => nn.Sequential({ stem: a() }).append(b()),
  falling: () =>
    nn.Sequential([
      ["1", a()],
      ["0", b()],
    ]),
  added,
  replaced() {
    const net = added();
    net[0] = new Plus(7, 0);
    net.addModule("tail", new Plus(11, 2));
    return net;
  },
  shared() {
    const twice = a();
    return nn.Sequential(twice, b(), twice);
  },
  sliced: () => nn.Sequential(a(), b(), c()).slice(1),
  popped() {
    const net = added();
    net.pop(0);
    return net;
  },
  registered() {
    const net = new nn.Module();
    net.registerParameter("1", nn.Parameter(one(1)));
    net.registerParameter("b", nn.Parameter(one(2)));
    net.registerParameter("0", nn.Parameter(one(3)));
    net.registerBuffer("7", one(4));
    net.registerBuffer("2", one(5));
    return net;
  },
  module_dict: () =>
    nn.ModuleDict(
      new Map([
        ["9", a()],
        ["x", b()],
        ["4", c()],
      ]),
    ),
  parameter_dict: () =>
    nn.ParameterDict([
      ["9", one(1)],
      ["x", one(2)],
      ["4", one(3)],
    ]),
};

test("every order of the fixture is here", () => {
  assert.deepEqual(Object.keys(makers), Object.keys(fixture.orders));
});

for (const [name, expected] of Object.entries(fixture.orders)) {
  test(`members keep the order in which they were added: ${name}`, async () => {
    const net = makers[name]();
    const found: Order = {
      children: net.namedChildren().map(([key]) => key),
      parameters: net.namedParameters().map(([key]) => key),
      values: await Promise.all(
        optim.SGD(net.parameters(), { lr: 1 }).paramGroups[0].params.map((p) => p.item()),
      ),
      stateDict: Object.keys(net.stateDict()),
      printed: [...net.toString().matchAll(/\((\w+)\):/g)].map(([, key]) => key),
      result: expected.result && (await (net(one(1)) as Tensor).tolist()),
    };
    assert.deepEqual(found, expected);
  });
}

test("a state dict keeps its order when it is walked, changed and loaded", async () => {
  const net = makers.parameter_dict();
  const state = net.stateDict();
  state["3"] = one(9);
  assert.deepEqual(Object.entries(state).length, 4);
  assert.deepEqual(Object.keys(state), ["9", "x", "4", "3"]);
  delete state.x;
  const listed: string[] = [];
  for (const key in state) listed.push(key);
  assert.deepEqual(listed, ["9", "4", "3"]);
  assert.throws(
    () => net.loadStateDict(state),
    (error: Error) => {
      assert.ok(error instanceof StateDictError);
      assert.match(error.message, /missing keys: x\n {2}unexpected keys: 3/);
      return true;
    },
  );
  const empty = nn.ParameterDict();
  assert.throws(() => empty.loadStateDict(state), /unexpected keys: 9, 4, 3/);
  const values = new Map([
    ["4", one(6)],
    ["x", one(7)],
    ["9", one(8)],
  ]);
  assert.deepEqual(net.loadStateDict(values), { missingKeys: [], unexpectedKeys: [] });
  assert.deepEqual(await Promise.all(net.parameters().map((p) => p.item())), [8, 7, 6]);
});

test("a file keeps the names that it holds, also integer-like ones", async () => {
  const file = toBytes(makers.parameter_dict().stateDict());
  const loaded = await load(await file);
  assert.deepEqual(Object.keys(loaded), ["4", "9", "x"]);
  const net = makers.parameter_dict();
  assert.deepEqual(net.loadStateDict(loaded), { missingKeys: [], unexpectedKeys: [] });
  assert.deepEqual(await Promise.all(net.parameters().map((p) => p.item())), [1, 2, 3]);
});

test("an order that JavaScript loses is refused, with the way that keeps it", () => {
  const pairs =
    /integer-like name "0" is lost in an object.*list of pairs, \[\["0", module\], \.\.\.\], or a Map/;
  assert.throws(() => nn.Sequential({ "1": a(), "0": b() }), pairs);
  assert.throws(() => nn.ModuleDict({ stem: a(), "0": b() }), pairs);
  assert.throws(() => nn.ModuleDict().update({ "0": a(), "1": b() }), ArgumentError);
  assert.throws(() => nn.ParameterDict({ "1": ones(1), "0": ones(1) }), ArgumentError);
  // One name has no order to lose.
  assert.deepEqual(nn.ModuleDict({ "7": a() }).keys(), ["7"]);

  class Indexed extends nn.Module {
    [index: number]: nn.Module;
    stem = a();
    constructor() {
      super();
      this[0] = b();
    }
  }
  assert.throws(
    () => new Indexed().parameters(),
    /Indexed: .*integer-like name "0".*addModule\("0", module\)/,
  );
});

test("names given twice are refused", () => {
  const twice = /the name "conv" is given twice/;
  assert.throws(
    () =>
      nn.Sequential([
        ["conv", a()],
        ["conv", b()],
      ]),
    twice,
  );
  assert.throws(
    () =>
      nn.ModuleDict([
        ["conv", a()],
        ["conv", b()],
      ]),
    twice,
  );
  assert.throws(
    () =>
      nn.ModuleDict().update([
        ["conv", a()],
        ["conv", b()],
      ]),
    twice,
  );
  assert.throws(
    () =>
      nn.ParameterDict([
        ["conv", ones(1)],
        ["conv", ones(1)],
      ]),
    twice,
  );
  assert.throws(
    () =>
      nn.ParameterDict().update([
        ["conv", ones(1)],
        ["conv", ones(1)],
      ]),
    twice,
  );
  const net = nn.Sequential();
  net.addModule("1", a());
  assert.throws(() => net.append(b()), /Sequential\.append: a module is named "1" already/);
  assert.throws(() => nn.Sequential({ stem: a() }).insert(0, b()), /"stem" is a name/);
  assert.throws(() => nn.Sequential([a(), b()] as never), /Sequential: expected modules by name/);
});

test("a name is given to one kind of member only, as in PyTorch", () => {
  class Taken extends nn.Module {
    plain = zeros(1);
    number = 3;
    layer = a();
    weight = nn.Parameter(ones(1));
    declaredOnly?: Tensor;
    later: nn.Parameter | null = null;
    constructor() {
      super();
      this.registerBuffer("running_mean", zeros(1));
    }
  }
  const net = new Taken();
  const { weight } = net;
  const refuse = (body: () => void, what: string) =>
    assert.throws(body, (error: Error) => {
      assert.ok(error instanceof ArgumentError);
      assert.ok(error.message.includes(what), error.message);
      return true;
    });
  for (const name of ["plain", "number"]) {
    refuse(() => net.addModule(name, b()), `addModule: Taken has a property \`${name}\` already`);
    refuse(
      () => net.registerBuffer(name, zeros(1)),
      `registerBuffer: Taken has a property \`${name}\` already`,
    );
    refuse(() => net.registerParameter(name, weight), `Taken has a property \`${name}\` already`);
  }
  refuse(() => net.addModule("weight", b()), "has a parameter `weight` already");
  refuse(() => net.registerBuffer("weight", zeros(1)), "has a parameter `weight` already");
  refuse(() => net.registerBuffer("layer", zeros(1)), "has a module `layer` already");
  refuse(() => net.registerParameter("layer", weight), "has a module `layer` already");
  refuse(() => net.registerParameter("running_mean", weight), "has a buffer `runningMean` already");
  refuse(() => net.addModule("running_mean", b()), "has a buffer `running_mean` already");
  refuse(() => net.addModule("runningMean", b()), "has a buffer `runningMean` already");
  refuse(
    () => net.registerBuffer("runningMean", zeros(1)),
    "`runningMean` and `running_mean` are one property",
  );
  refuse(() => net.registerBuffer("state_dict", zeros(1)), "has a property `stateDict` already");
  refuse(() => net.addModule("forward", b()), "has a property `forward` already");
  refuse(() => net.addModule("a.b", b()), 'expected a name without dots that is not empty, got "a.b"');
  refuse(() => net.registerBuffer("", zeros(1)), "a name without dots that is not empty");
  refuse(() => net.registerParameter("a.b", weight), "a name without dots that is not empty");
  // The same kind again, and what is only declared, are free.
  net.registerBuffer("running_mean", ones(2));
  net.registerParameter("weight", nn.Parameter(ones(3)));
  net.addModule("layer", b());
  net.registerBuffer("declaredOnly", ones(1));
  net.registerParameter("later", nn.Parameter(ones(1)));
  assert.deepEqual(Object.keys(net.stateDict()), [
    "weight",
    "later",
    "running_mean",
    "declaredOnly",
    "layer.w",
  ]);
});

const METHODS = [
  "train",
  "eval",
  "apply",
  "to",
  "double",
  "float",
  "parameters",
  "namedParameters",
  "buffers",
  "namedBuffers",
  "modules",
  "namedModules",
  "children",
  "namedChildren",
  "stateDict",
  "loadStateDict",
  "zeroGrad",
  "requiresGrad_",
  "extraRepr",
  "toString",
];

/** A subclass that notes the calls of its methods. */
function spied<C extends new (...args: any[]) => nn.Module>(base: C, who: string, calls: Set<string>): C {
  const kind = class extends (base as new (...args: any[]) => nn.Module) {};
  for (const name of METHODS) {
    const original = base.prototype[name] as (...args: unknown[]) => unknown;
    Object.defineProperty(kind.prototype, name, {
      value(this: nn.Module, ...args: unknown[]) {
        calls.add(`${who}.${name}`);
        return original.apply(this, args);
      },
    });
  }
  return kind as unknown as C;
}

for (const [method, expected] of Object.entries(fixture.dispatch)) {
  test(`${method}() calls the overridden methods that PyTorch calls`, () => {
    const calls = new Set<string>();
    const Child = spied(nn.Linear as unknown as new (...args: any[]) => nn.Module, "child", calls);
    const Net = spied(nn.Sequential as unknown as new (...args: any[]) => nn.Module, "net", calls);
    const net = new Net(new Child(1, 1));
    const state = net.stateDict();
    const argument = { apply: () => {}, to: "float64", loadStateDict: state }[method];
    calls.clear();
    (net as unknown as Record<string, (...args: unknown[]) => unknown>)[method](
      ...(argument === undefined ? [] : [argument]),
    );
    assert.deepEqual([...calls].sort(), expected);
  });
}
