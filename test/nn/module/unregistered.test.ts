/** Layers that forward uses without the network holding them are neither trained nor saved: a warning says so. */
import assert from "node:assert/strict";
import { after, before, mock, test } from "node:test";
import {
  nn,
  noGrad,
  ones,
  optim,
  stopEngine,
  type Tensor,
  train,
  useEngine,
  zeros,
} from "../../../src/index.ts";

const warn = mock.method(console, "warn", () => {});
before(() => useEngine("reference"));
after(() => stopEngine());

/** What is warned of while `body` runs. */
function warnings(body: () => unknown): string[] {
  warn.mock.resetCalls();
  body();
  return warn.mock.calls.map(({ arguments: [text] }) => String(text));
}

const x = ones(2, 4);

test("a layer in a #private field, an array, a Map, a Set or a variable is named once, with its owner and the cure", () => {
  const outside = nn.Linear(4, 4, { bias: false });
  class Hidden extends nn.Module {
    readonly #layer = nn.Linear(4, 5);
    readonly list = [nn.BatchNorm1d(5)];
    readonly byName = new Map([["a", nn.Linear(5, 4)]]);
    readonly set = new Set([nn.Sequential(nn.Linear(4, 3))]);
    override forward(input: Tensor): Tensor {
      let y = this.byName.get("a")!(this.list[0](this.#layer(outside(input))));
      for (const layer of this.set) y = layer(y);
      return nn.Linear(3, 7)(y);
    }
  }
  class Outer extends nn.Module {
    inner = new Hidden();
    override forward(input: Tensor): Tensor {
      return this.inner(input);
    }
  }
  const net = new Outer();
  const found = warnings(() => net(x));
  const named = found.map((text) => /warning: Hidden calls ([\s\S]*?) in forward\(\)/.exec(text)?.[1]);
  assert.deepEqual(named, [
    "Linear(in_features=4, out_features=4, bias=False)",
    "Linear(in_features=4, out_features=5, bias=True)",
    "BatchNorm1d(5, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)",
    "Linear(in_features=5, out_features=4, bias=True)",
    "Sequential(\n  (0): Linear(in_features=4, out_features=3, bias=True)\n)",
    "Linear(in_features=3, out_features=7, bias=True)",
  ]);
  assert.match(
    found[0],
    /neither trained nor saved.*this\.name = layer.*nn\.ModuleList.*this\.registerModule\(/,
  );
  assert.deepEqual(
    warnings(() => [net(x), new Outer()(x), noGrad(() => net(x))]),
    [],
  );
});

test("it is also seen when the network is only evaluated", async () => {
  class Evaluated extends nn.Module {
    readonly #layer = nn.Linear(4, 2);
    override forward(input: Tensor): Tensor {
      return this.#layer(input);
    }
  }
  warn.mock.resetCalls();
  await train.evaluate(new Evaluated(), [[x, zeros(2, { dtype: "int64" })]]);
  assert.equal(warn.mock.callCount(), 1);
});

test("parameters in a list are named", () => {
  class Listed extends nn.Module {
    weights = [nn.Parameter(ones(4))];
    scale = nn.Parameter(ones(4));
    registered = [this.scale];
    override forward(input: Tensor): Tensor {
      return input.mul(this.weights[0]).mul(this.scale);
    }
  }
  const found = warnings(() => [new Listed()(x), new Listed()(x)]);
  assert.equal(found.length, 1);
  assert.match(found[0], /Listed keeps an nn\.Parameter in `weights`.*nn\.ParameterList/);
});

test("what is registered, has no state, or is dealt with elsewhere gives no warning", () => {
  class Registered extends nn.Module {
    layers = nn.ModuleList([nn.Linear(4, 4)]);
    heads = nn.ModuleDict({ a: nn.Linear(4, 4) });
    constructor() {
      super();
      this.registerModule("more", nn.Linear(4, 4));
    }
    override forward(input: Tensor): Tensor {
      const more = this.getSubmodule("more") as nn.Linear;
      return nn.ReLU()(more((this.heads.get("a") as nn.Linear)((this.layers[0] as nn.Linear)(input))));
    }
  }
  assert.deepEqual(
    warnings(() => new Registered()(x)),
    [],
  );

  // A child that calls a sibling through the network, and layers that are added later.
  class Child extends nn.Module {
    readonly owner: () => Parent;
    constructor(owner: () => Parent) {
      super();
      this.owner = owner;
    }
    override forward(input: Tensor): Tensor {
      return this.owner().sibling(input);
    }
  }
  class Parent extends nn.Module {
    sibling = nn.Linear(4, 4);
    child = new Child(() => this);
    later: nn.Linear | null = null;
    override forward(input: Tensor): Tensor {
      this.later ??= nn.Linear(4, 4);
      return this.later(this.child(input));
    }
  }
  assert.deepEqual(
    warnings(() => new Parent()(x)),
    [],
  );

  // Several networks with an optimiser each; a teacher; a wrapper around a network that is used by itself.
  const networks: ((net: nn.Linear) => unknown)[] = [
    (net) => optim.SGD(net.parameters(), { lr: 0.1 }),
    (net) => net.eval(),
    (net) => net(x),
    (net) => net.requiresGrad_(false),
    (net) => net.stateDict(),
    (net) => net.loadStateDict(nn.Linear(4, 4).stateDict()),
    (net) => nn.Sequential(net)(x),
  ];
  for (const deal of networks) {
    const other = nn.Linear(4, 4);
    class Using extends nn.Module {
      override forward(input: Tensor): Tensor {
        return other(input);
      }
    }
    deal(other);
    assert.deepEqual(
      warnings(() => new Using()(x)),
      [],
      String(deal),
    );
  }
  class Distilled extends nn.Module {
    readonly #teacher = nn.Linear(4, 4);
    student = nn.Linear(4, 4);
    override forward(input: Tensor): Tensor {
      return this.student(input).sub(noGrad(() => this.#teacher(input)));
    }
  }
  assert.deepEqual(
    warnings(() => new Distilled()(x)),
    [],
  );
});

test("networks that hooks and losses call are not part of the network", () => {
  const other = nn.Linear(4, 4);
  const net = nn.Sequential(nn.Linear(4, 4));
  net.at(0).registerForwardHook((_module, _inputs, output) => other(output));
  assert.deepEqual(
    warnings(() => net(x)),
    [],
  );
});
