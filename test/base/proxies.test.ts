/** Proxies in the place of our objects, as the reactive state of user interfaces makes them. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import * as c from "../../src/index.ts";

const { data, nn, optim, tensor, train } = c;
after(() => c.stopEngine());

/** What Vue's `reactive` does to objects that it does not know. */
function reactive<T extends object>(target: T): T {
  return new Proxy(target, {
    get(of, key, receiver) {
      const value = Reflect.get(of, key, receiver);
      return typeof value === "object" && value !== null ? reactive(value) : value;
    },
  });
}

const net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2));
const optimizer = optim.SGD(net.parameters(), { lr: 0.1, momentum: 0.9 });
const scheduler = optim.OneCycleLR(optimizer, { maxLr: 0.1, totalSteps: 10 });
const dataset = data.TensorDataset(c.rand(4, 2), tensor([0, 1, 0, 1]));
const loader = data.DataLoader(dataset, { batchSize: 2 });
const x = tensor([1, 2], { requiresGrad: true });

const uses: Record<string, () => unknown> = {
  "a tensor's property": () => reactive(x).shape,
  "a tensor's method": () => reactive(x).add(1),
  "a tensor's values": () => reactive(x).tolist(),
  "a tensor's gradient": () => reactive(x).grad,
  "a tensor as an argument": () => x.add(reactive(tensor([1, 2]))),
  "a tensor as text": () => `${reactive(x)}`,
  "backward of a tensor": () => reactive(x.sum()).backward(),
  "a parameter": () => reactive(net.parameters()[0]).dtype,
  "a network's parameters": () => reactive(net).parameters(),
  "a network's mode": () => reactive(net).eval(),
  "a network's state": () => reactive(net).stateDict(),
  "a container's method": () => reactive(net).append(nn.ReLU()),
  "a proxied layer within a network": () => {
    const other = nn.Sequential();
    other.addModule("a", reactive(nn.Linear(2, 2)));
    return other.parameters();
  },
  "an optimiser's step": () => reactive(optimizer).step(),
  "an optimiser's gradients": () => reactive({ optimizer }).optimizer.zeroGrad(),
  "an optimiser's state": () => reactive({ deep: { optimizer } }).deep.optimizer.stateDict(),
  "an optimiser of proxies": () => optim.SGD(reactive(net.parameters()), { lr: 0.1 }),
  "a scheduler's step": () => reactive(scheduler).step(),
  "a scheduler's rates": () => reactive({ scheduler }).scheduler.getLastLr(),
  "a loader's length": () => reactive(loader).length,
  "a loop over a loader": async () => {
    for await (const batch of reactive({ loader }).loader) return batch;
  },
  "a data set": () => reactive(dataset).getBatch([0]),
  "a loader of a proxied data set": async () => {
    for await (const batch of data.DataLoader(reactive(dataset), { batchSize: 2 })) return batch;
  },
  "a data set of proxied tensors": () => data.TensorDataset(reactive(c.rand(2, 2))),
  "training a proxied network": () =>
    train.fit(reactive(net), { trainLoader: loader, optimizer, epochs: 1, testLoader: loader }),
  "training with a proxied optimiser": () =>
    train.fit(net, { trainLoader: loader, optimizer: reactive(optimizer), epochs: 1 }),
  "training with a proxied loader": () =>
    train.fit(net, { trainLoader: reactive(loader), optimizer, epochs: 1 }),
  "weights that are proxied": () => net.loadStateDict(reactive(net.stateDict())),
  "a proxied typed array": () => tensor(reactive({ pixels: new Float32Array(2) }).pixels),
};

for (const [name, use] of Object.entries(uses)) {
  test(`${name} behind a proxy: one error that names the proxy and the cure`, async () => {
    await assert.rejects(
      async () => use(),
      (error: Error) => {
        assert.ok(error instanceof c.ConvoyantError, error.stack);
        assert.match(error.message, /proxy, as Vue's reactive\(\).*markRaw\(\)/);
        return true;
      },
    );
  });
}

test("what needs no identity works behind a proxy", async () => {
  const state = reactive({ net, optimizer, losses: [1, 2] });
  assert.deepEqual(state.net(tensor([[1, 2]])).shape, [1, 2]);
  state.optimizer.paramGroups[0].lr = 0.25;
  assert.equal(optimizer.paramGroups[0].lr, 0.25);
  assert.deepEqual(await tensor(state.losses).tolist(), [1, 2]);
});

test("Vue leaves our objects alone: __v_skip is what its markRaw sets", () => {
  for (const object of [x, net, net.parameters()[0], optimizer, scheduler, loader, dataset]) {
    assert.equal((object as unknown as { __v_skip: boolean }).__v_skip, true);
    for (const key in object) assert.notEqual(key, "__v_skip");
    assert.ok(!Object.keys(object).includes("__v_skip"));
  }
});

test("a class of one's own that extends ours is an original", async () => {
  class Own extends nn.Module {
    inner = nn.Linear(2, 2);
    override forward(input: c.Tensor): c.Tensor {
      return this.inner(input);
    }
    override train(mode = true): this {
      return super.train(mode);
    }
  }
  const own = new Own();
  assert.equal(own.train().parameters().length, 2);
  class Rows extends data.Dataset {
    override get length(): number {
      return 2;
    }
    override async get(index: number): Promise<c.data.Example> {
      return [index, index];
    }
  }
  const [rows] = await new Rows().getBatch([0, 1]);
  assert.deepEqual([...rows.data], [0, 1]);
});
