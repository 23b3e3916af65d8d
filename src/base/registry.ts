/** Things that have a name: data sets, networks, optimisers, schedulers. One entry holds everything about one. */
import { ArgumentError, unknownName } from "./errors.ts";

export class Registry<Entry extends { readonly name: string }> {
  readonly #what: string;
  readonly #entries = new Map<string, Entry>();
  #first: (() => readonly Entry[]) | null;

  /**
   * @param what - an entry in messages: "data set".
   * @param first - the entries that are there from the start; made when they are first asked for, so that a bundler can
   * leave out what a page never names.
   */
  constructor(what: string, first: () => readonly Entry[]) {
    this.#what = what;
    this.#first = first;
  }

  #filled(): Map<string, Entry> {
    const first = this.#first;
    this.#first = null;
    if (first !== null) for (const entry of first()) this.add(entry);
    return this.#entries;
  }

  /** In the order in which they were added. */
  names(): string[] {
    return [...this.#filled().keys()];
  }

  has(name: string): boolean {
    return this.#filled().has(name);
  }

  /** @throws ArgumentError for an unknown name, with the nearest one that is known. */
  get(name: string): Entry {
    const found = this.#filled().get(name);
    if (found !== undefined) return found;
    throw unknownName(`unknown ${this.#what}`, name, this.names());
  }

  /** @throws ArgumentError for a name that is taken, or that a command line could not take. */
  add(entry: Entry): void {
    const { name } = entry;
    if (typeof name !== "string" || !/^[a-z0-9][\w.-]*$/i.test(name)) {
      throw new ArgumentError(
        `expected the ${this.#what} to have a name of letters, digits, "-", "_" and ".", got ${JSON.stringify(name)}`,
      );
    }
    if (this.#filled().has(name)) throw new ArgumentError(`there is a ${this.#what} named ${name} already`);
    this.#filled().set(name, entry);
  }
}
