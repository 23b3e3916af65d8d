/** Things that have a name: data sets, networks, optimisers, schedulers. One entry holds everything about one. */
import { ArgumentError, didYouMean } from "./errors.ts";

export class Registry<Entry extends { readonly name: string }> {
  readonly #what: string;
  readonly #entries = new Map<string, Entry>();

  /** @param what - an entry in messages: "data set". */
  constructor(what: string, entries: readonly Entry[]) {
    this.#what = what;
    for (const entry of entries) this.add(entry);
  }

  /** In the order in which they were added. */
  names(): string[] {
    return [...this.#entries.keys()];
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** @throws ArgumentError for an unknown name, with the nearest one that is known. */
  get(name: string): Entry {
    const found = this.#entries.get(name);
    if (found !== undefined) return found;
    throw new ArgumentError(
      `unknown ${this.#what} \`${name}\`${didYouMean(name, this.names())} (there are: ${this.names().join(", ")})`,
    );
  }

  /** @throws ArgumentError for a name that is taken, or that a command line could not take. */
  add(entry: Entry): void {
    const { name } = entry;
    if (typeof name !== "string" || !/^[a-z0-9][\w.-]*$/i.test(name)) {
      throw new ArgumentError(
        `expected the ${this.#what} to have a name of letters, digits, "-", "_" and ".", got ${JSON.stringify(name)}`,
      );
    }
    if (this.#entries.has(name)) throw new ArgumentError(`there is a ${this.#what} named ${name} already`);
    this.#entries.set(name, entry);
  }
}
