/** MPI's functions, as far as they are called. One thread of the process loads and calls them: see `mpi_worker.ts`. */
import { DistributedError } from "../../base/errors.ts";
import {
  type ForeignFunctions,
  type NativeFunction,
  type NativeLibrary,
  SharedWords,
} from "../../engines/onednn/library/foreign_functions.ts";
import type { ElementType, MpiConstants, NativeOp } from "./mpi_abi.ts";

/** Only the thread that has initialised MPI calls it. */
const THREAD_FUNNELED = 1;

const TEXT_BYTES = 8192;

/** A communicator. */
export type Communicator = number;

/** Bytes in the memory of this process. */
export interface NativeArray {
  readonly address: number;
  readonly count: number;
  readonly type: ElementType;
}

/** What is under way; its word holds the handle until it is over. */
export interface PendingRequest {
  readonly offset: number;
}

export class Mpi {
  readonly version: string;
  readonly world: Communicator;
  readonly #constants: MpiConstants;
  readonly #foreign: ForeignFunctions;
  readonly #words: SharedWords;
  /** Places for handles of requests in `#requests` that are free. */
  readonly #free: number[] = [];
  readonly #requests: SharedWords;
  readonly #text: Uint8Array;
  readonly #textAddress: number;
  readonly #call: ReturnType<typeof declareAll>;
  readonly #copy: NativeFunction;

  constructor(library: NativeLibrary, constants: MpiConstants, foreign: ForeignFunctions) {
    this.#constants = constants;
    this.#foreign = foreign;
    this.#words = new SharedWords(foreign, 64);
    this.#requests = new SharedWords(foreign, 8 * MOST_REQUESTS);
    for (let i = MOST_REQUESTS - 1; i >= 0; i--) this.#free.push(8 * i);
    this.#text = new Uint8Array(new ArrayBuffer(TEXT_BYTES));
    this.#textAddress = foreign.addressOf(this.#text);
    this.#call = declareAll(library, constants.handle.type);
    this.#copy = foreign.open(null).declare("memcpy", "pointer", ["pointer", "pointer", "pointer"]);
    this.world = constants.world;
    this.#call.libraryVersion(this.#textAddress, this.#words.address);
    this.version = this.#textOf(this.#integer());
  }

  /** @throws DistributedError if the library cannot start. */
  start(): void {
    const { address } = this.#words;
    this.#check("MPI_Init_thread", this.#call.init(0, 0, THREAD_FUNNELED, address));
    this.returnErrors(this.world);
  }

  /** Errors of a communicator come back as codes: by default they end the process. */
  returnErrors(communicator: Communicator): void {
    const { errorsReturn } = this.#constants;
    this.#check("MPI_Comm_set_errhandler", this.#call.setErrhandler(communicator, errorsReturn));
  }

  rank(communicator: Communicator): number {
    this.#check("MPI_Comm_rank", this.#call.rank(communicator, this.#words.address));
    return this.#integer();
  }

  size(communicator: Communicator): number {
    this.#check("MPI_Comm_size", this.#call.size(communicator, this.#words.address));
    return this.#integer();
  }

  /** A communicator of the same ranks whose messages meet no others. Every rank calls it. */
  duplicate(communicator: Communicator): Communicator {
    this.#check("MPI_Comm_dup", this.#call.duplicate(communicator, this.#words.address));
    const copy = this.#handleAt(this.#words, 0);
    this.returnErrors(copy);
    return copy;
  }

  send({ address, count, type }: NativeArray, to: number, tag: number, of: Communicator): PendingRequest {
    const { types } = this.#constants;
    return this.#begin("MPI_Isend", (request) =>
      this.#call.isend(address, count, types[type], to, tag, of, request),
    );
  }

  receive(
    { address, count, type }: NativeArray,
    from: number,
    tag: number,
    of: Communicator,
  ): PendingRequest {
    const { types } = this.#constants;
    return this.#begin("MPI_Irecv", (request) =>
      this.#call.irecv(address, count, types[type], from, tag, of, request),
    );
  }

  /** In place, in the order of summation that the library chooses. */
  allReduce({ address, count, type }: NativeArray, op: NativeOp, of: Communicator): PendingRequest {
    const { inPlace, types, ops } = this.#constants;
    return this.#begin("MPI_Iallreduce", (request) =>
      this.#call.iallreduce(inPlace, address, count, types[type], ops[op], of, request),
    );
  }

  broadcast({ address, count, type }: NativeArray, from: number, of: Communicator): PendingRequest {
    const { types } = this.#constants;
    return this.#begin("MPI_Ibcast", (request) =>
      this.#call.ibcast(address, count, types[type], from, of, request),
    );
  }

  /** `all` holds the ranks' parts one after the other; `own.count` elements of each. */
  allGather(own: NativeArray, all: number, of: Communicator): PendingRequest {
    const type = this.#constants.types[own.type];
    return this.#begin("MPI_Iallgather", (request) =>
      this.#call.iallgather(own.address, own.count, type, all, own.count, type, of, request),
    );
  }

  barrier(of: Communicator): PendingRequest {
    return this.#begin("MPI_Ibarrier", (request) => this.#call.ibarrier(of, request));
  }

  /** Whether a request is over; it must not be asked about again then. Moves everything that is under way forward. */
  test(request: PendingRequest): boolean {
    const { offset } = request;
    const flag = this.#words.address;
    const code = this.#call.test(this.#requests.address + offset, flag, this.#constants.ignoreStatus);
    const over = code !== 0 || this.#integer() !== 0;
    if (over) this.#free.push(offset);
    this.#check("MPI_Test", code);
    return over;
  }

  /** Gives up a request of which nothing is expected any more. */
  cancel({ offset }: PendingRequest): void {
    const at = this.#requests.address + offset;
    this.#call.cancel(at);
    this.#call.wait(at, this.#constants.ignoreStatus);
    this.#free.push(offset);
  }

  /** Combines `count` elements into `into`: `into = from op into`. */
  combine(from: number, { address, count, type }: NativeArray, op: NativeOp): void {
    const { types, ops } = this.#constants;
    this.#check("MPI_Reduce_local", this.#call.reduceLocal(from, address, count, types[type], ops[op]));
  }

  /** Copies bytes within this process. */
  copy(from: number, to: number, bytes: number): void {
    this.#copy(to, from, bytes);
  }

  finalize(): void {
    this.#call.finalize();
  }

  addressOf(array: ArrayBufferView): number {
    return this.#foreign.addressOf(array);
  }

  #begin(name: string, call: (request: number) => number): PendingRequest {
    const offset = this.#free.pop();
    if (offset === undefined) throw new DistributedError(`${name}: too many MPI requests are under way`);
    const code = call(this.#requests.address + offset);
    if (code !== 0) this.#free.push(offset);
    this.#check(name, code);
    return { offset };
  }

  /** The first integer of `#words`, where functions leave their result. */
  #integer(): number {
    return this.#words.view.getInt32(0, true);
  }

  #handleAt(words: SharedWords, offset: number): number {
    return this.#constants.handle.bytes === 8 ? words.pointer(offset) : words.view.getInt32(offset, true);
  }

  #check(name: string, code: number): void {
    if (code === 0) return;
    this.#call.errorString(code, this.#textAddress, this.#words.address);
    throw new DistributedError(`${name}: ${this.#textOf(this.#integer())}`);
  }

  #textOf(bytes: number): string {
    const end = Math.min(Math.max(bytes, 0), TEXT_BYTES);
    return new TextDecoder().decode(this.#text.slice(0, end)).replaceAll("\0", "").trim();
  }
}

/** Requests under way at most. */
const MOST_REQUESTS = 4096;

function declareAll(library: NativeLibrary, handle: "int" | "pointer" | "float" | "string") {
  const declare = (name: string, ...parameters: Parameters<NativeLibrary["declare"]>[2]): NativeFunction =>
    library.declare(name, "int", parameters);
  const data = ["pointer", "int", handle] as const;
  return {
    libraryVersion: declare("MPI_Get_library_version", "pointer", "pointer"),
    init: declare("MPI_Init_thread", "pointer", "pointer", "int", "pointer"),
    setErrhandler: declare("MPI_Comm_set_errhandler", handle, handle),
    rank: declare("MPI_Comm_rank", handle, "pointer"),
    size: declare("MPI_Comm_size", handle, "pointer"),
    duplicate: declare("MPI_Comm_dup", handle, "pointer"),
    isend: declare("MPI_Isend", ...data, "int", "int", handle, "pointer"),
    irecv: declare("MPI_Irecv", ...data, "int", "int", handle, "pointer"),
    iallreduce: declare("MPI_Iallreduce", "pointer", ...data, handle, handle, "pointer"),
    ibcast: declare("MPI_Ibcast", ...data, "int", handle, "pointer"),
    iallgather: declare("MPI_Iallgather", ...data, ...data, handle, "pointer"),
    ibarrier: declare("MPI_Ibarrier", handle, "pointer"),
    test: declare("MPI_Test", "pointer", "pointer", "pointer"),
    wait: declare("MPI_Wait", "pointer", "pointer"),
    cancel: declare("MPI_Cancel", "pointer"),
    reduceLocal: declare("MPI_Reduce_local", "pointer", "pointer", "int", handle, handle),
    errorString: declare("MPI_Error_string", "int", "pointer", "pointer"),
    finalize: declare("MPI_Finalize"),
  };
}
