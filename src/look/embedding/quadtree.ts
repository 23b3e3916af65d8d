/** How points in the plane repel each other: those that are far away together count as one. */

/** Children of a cell, one for each quarter. */
const QUARTERS = 4;
/** Points closer than this lie in one cell: a tree cannot part equal ones. */
const SMALLEST = 1e-12;

/** A quadtree in arrays; cell 0 holds all. */
class Quadtree {
  private readonly children: Int32Array;
  private readonly mass: Float64Array;
  private readonly x: Float64Array;
  private readonly y: Float64Array;
  private readonly side: Float64Array;
  private readonly left: Float64Array;
  private readonly top: Float64Array;
  private count = 0;
  private readonly stack: Int32Array;

  constructor(places: Float64Array) {
    const points = places.length / 2;
    // A cell is parted when a second point comes: two cells a point are the rule, and near pairs need a chain of them.
    const cells = 16 * points + 64;
    this.children = new Int32Array(QUARTERS * cells);
    this.mass = new Float64Array(cells);
    [this.x, this.y] = [new Float64Array(cells), new Float64Array(cells)];
    this.side = new Float64Array(cells);
    [this.left, this.top] = [new Float64Array(cells), new Float64Array(cells)];
    this.stack = new Int32Array(cells);
    this.newCell(...square(places));
    for (let i = 0; i < points; i++) this.insert(places[2 * i], places[2 * i + 1]);
  }

  private newCell(left: number, top: number, side: number): number {
    const cell = this.count++;
    this.left[cell] = left;
    this.top[cell] = top;
    this.side[cell] = side;
    return cell;
  }

  private insert(px: number, py: number): void {
    let cell = 0;
    for (;;) {
      const before = this.mass[cell];
      const x = this.x[cell];
      const y = this.y[cell];
      this.mass[cell] = before + 1;
      this.x[cell] = x + (px - x) / (before + 1);
      this.y[cell] = y + (py - y) / (before + 1);
      if (before === 0) return;
      const isLeaf = !this.hasChildren(cell);
      if (isLeaf && (this.side[cell] < SMALLEST || this.count + QUARTERS > this.mass.length)) return;
      // The point, or the equal points, that the cell held alone move down.
      if (isLeaf) {
        const child = this.childFor(cell, x, y);
        this.mass[child] = before;
        this.x[child] = x;
        this.y[child] = y;
      }
      cell = this.childFor(cell, px, py);
    }
  }

  private hasChildren(cell: number): boolean {
    for (let q = 0; q < QUARTERS; q++) if (this.children[QUARTERS * cell + q] !== 0) return true;
    return false;
  }

  private childFor(cell: number, px: number, py: number): number {
    const half = this.side[cell] / 2;
    const right = px >= this.left[cell] + half ? 1 : 0;
    const below = py >= this.top[cell] + half ? 1 : 0;
    const at = QUARTERS * cell + 2 * below + right;
    if (this.children[at] === 0)
      this.children[at] = this.newCell(this.left[cell] + right * half, this.top[cell] + below * half, half);
    return this.children[at];
  }

  /** Adds up what repels a point, into `forces` at `at`; gives the sum of 1 / (1 + d²). */
  forceOn(px: number, py: number, angle: number, forces: Float64Array, at: number): number {
    let depth = 0;
    let sum = 0;
    let across = 0;
    let down = 0;
    this.stack[depth++] = 0;
    while (depth > 0) {
      const cell = this.stack[--depth];
      const dx = px - this.x[cell];
      const dy = py - this.y[cell];
      const square = dx * dx + dy * dy;
      const children = QUARTERS * cell;
      let leaf = true;
      if (this.side[cell] * this.side[cell] >= angle * angle * square)
        for (let q = 0; q < QUARTERS; q++)
          if (this.children[children + q] !== 0) {
            this.stack[depth++] = this.children[children + q];
            leaf = false;
          }
      if (!leaf) continue;
      // Its own cell: the point itself does not repel itself.
      const mass = square < 1e-24 ? this.mass[cell] - 1 : this.mass[cell];
      const near = 1 / (1 + square);
      sum += mass * near;
      across += mass * near * near * dx;
      down += mass * near * near * dy;
    }
    forces[at] = across;
    forces[at + 1] = down;
    return sum;
  }
}

/** A square that holds all points. */
function square(places: Float64Array): [left: number, top: number, side: number] {
  let [left, right, top, bottom] = [places[0], places[0], places[1], places[1]];
  for (let i = 0; i < places.length; i += 2) {
    left = Math.min(left, places[i]);
    right = Math.max(right, places[i]);
    top = Math.min(top, places[i + 1]);
    bottom = Math.max(bottom, places[i + 1]);
  }
  return [left, top, Math.max(right - left, bottom - top, SMALLEST) * (1 + 1e-6)];
}

/**
 * The sums over all other points of (y_i - y_j) / (1 + d²)² for each point, and of 1 / (1 + d²) for all pairs.
 *
 * @param angle - a cell of the tree counts as one point if its side, divided by its distance, is below this.
 */
export function repulsion(places: Float64Array, angle: number): { forces: Float64Array; total: number } {
  const tree = new Quadtree(places);
  const forces = new Float64Array(places.length);
  let total = 0;
  for (let i = 0; i < places.length; i += 2)
    total += tree.forceOn(places[i], places[i + 1], angle, forces, i);
  return { forces, total: Math.max(total, Number.MIN_VALUE) };
}
