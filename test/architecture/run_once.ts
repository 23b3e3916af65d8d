/** For tests of tools and pages, which say the same on every Node.js and take long: one suite of several runs them. */

/** Why a test is skipped: the last Node.js of `CONVOYANT_TEST_NODES` runs it; false on that one, or without a list. */
export function leftToAnotherNode(): string | false {
  const nodes = (process.env.CONVOYANT_TEST_NODES ?? "").split(",").filter((text) => text.trim() !== "");
  const own = process.versions.node.split(".")[0];
  return (
    nodes.length > 1 &&
    nodes.at(-1)?.trim().split(".")[0] !== own &&
    `once is enough: it runs on Node.js ${nodes.at(-1)}`
  );
}
