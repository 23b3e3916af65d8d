/** Disjoint groups of the numbers from 0 (union-find). */
export class Groups {
  private readonly parents: Int32Array;

  constructor(count: number) {
    this.parents = Int32Array.from({ length: count }, (_, i) => i);
  }

  /** The smallest number of a group. */
  rootOf(i: number): number {
    let root = i;
    while (this.parents[root] !== root) {
      this.parents[root] = this.parents[this.parents[root]];
      root = this.parents[root];
    }
    return root;
  }

  join(a: number, b: number): void {
    const [p, q] = [this.rootOf(a), this.rootOf(b)];
    this.parents[Math.max(p, q)] = Math.min(p, q);
  }

  /** Groups of at least two, in order. */
  members(): number[][] {
    const groups = new Map<number, number[]>();
    for (let i = 0; i < this.parents.length; i++) {
      const root = this.rootOf(i);
      const group = groups.get(root);
      if (group === undefined) groups.set(root, [i]);
      else group.push(i);
    }
    return [...groups.values()].filter(({ length }) => length > 1);
  }
}
