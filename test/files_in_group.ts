/**
 * Test files that run one after another in one process (`scripts/group_tests.mjs`): each is a suite named like the file,
 * and what a process shares is at the start of each as it was at the start of the first.
 */
import { AsyncResource } from "node:async_hooks";
import { after, before, describe, mock } from "node:test";
import { stopEngine } from "../src/index.ts";

const folder = process.cwd();
const environment = { ...process.env };

/** No engine (the next op starts the standard one), nothing mocked, and the environment of the start. */
async function restore(): Promise<void> {
  mock.reset();
  await stopEngine();
  process.chdir(folder);
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
  Object.assign(process.env, environment);
}

/** The tests of each file as a suite, in this order; the hooks of a file are those of its suite. */
export function filesInGroup(files: Record<string, () => Promise<unknown>>): void {
  let turn: Promise<unknown> = Promise.resolve();
  let left = Object.keys(files).length;
  let allLoaded = () => {};
  const start = new Promise<void>((resolve) => {
    allLoaded = resolve;
  });
  for (const [name, load] of Object.entries(files)) {
    describe(name, async () => {
      before(restore);
      // Tests and hooks belong to the suite in whose asynchronous context they are called.
      const suite = new AsyncResource("TestFile");
      const loaded = turn.then(() => suite.runInAsyncScope(load));
      turn = loaded
        .catch(() => {})
        .finally(() => {
          left--;
          if (left === 0) allLoaded();
        });
      await loaded;
      suite.runInAsyncScope(after, undefined, restore);
      // Node.js 24 runs no test before all suites are known; this makes it so on each.
      await start;
    });
  }
}
