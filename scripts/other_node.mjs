// Runs a script of tests on another Node.js than the runner's. Both speak node:test's protocol between a runner and its
// processes, which a newer runner reads from an older Node.js: the tests are reported as if they were its own.
import { spawn } from "node:child_process";
import { dirname } from "node:path";

/** The environment of tests on this Node: those that start `node` themselves must start the version under test. */
export function environmentOf(node) {
  return { ...process.env, PATH: `${dirname(node.path)}:${process.env.PATH}` };
}

/** Runs the script there in place of the process that calls this, which ends as it does. */
export function runOnOther(node, script, timeout) {
  const child = spawn(node.path, [`--test-timeout=${timeout}`, script], {
    stdio: "inherit",
    env: environmentOf(node),
  });
  const pass = (signal) => child.kill(signal);
  process.on("SIGINT", pass).on("SIGTERM", pass);
  child.on("error", (error) => {
    throw error;
  });
  child.on("close", (code) => {
    // The runner names the tests, not the Node.js.
    if (code !== 0) console.error(`${script}: failed on Node.js ${node.version}`);
    process.exitCode = code ?? 1;
  });
}
