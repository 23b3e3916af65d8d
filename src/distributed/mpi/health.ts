/**
 * Whether the other ranks still answer. Each sends a beat to the others every second, with the time for which its own main
 * thread has been silent; on one machine a process that is gone is seen at once. A rank that ends says why before.
 */
import { processRuns } from "../../base/running_process.ts";
import type { CollectiveChannel } from "../../workers/collective_channel.ts";
import { lostWithoutWord } from "./last_words.ts";
import type { Mpi, NativeArray, PendingRequest } from "./mpi.ts";
import type { RankGroup } from "./reduction.ts";

/** Where a rank runs. */
export interface RankPlace {
  readonly host: string;
  readonly pid: number;
}

const BEAT_MS = 1000;
/** A process of this machine that has ended may have said why: the words are waited for. */
const GONE_MS = 1500;
/** What a rank has to say has reached the launcher. */
const WORDS_SECONDS = 2;
const BEAT_TAG = 1;
const LEAVE_TAG = 2;
const REASON_BYTES = 1024;
/** Up to here all ranks watch all others, beyond it each its neighbours: one that sees something tells all. */
const ALL_WATCH_ALL = 16;

/** A message buffer at a fixed address. */
class Message {
  readonly bytes: Uint8Array;
  readonly place: NativeArray;

  constructor(mpi: Mpi, bytes: number) {
    this.bytes = new Uint8Array(new ArrayBuffer(bytes));
    this.place = { address: mpi.addressOf(this.bytes), count: bytes, type: "uint8" };
  }

  /** Seconds, in its first four bytes. */
  get seconds(): number {
    return new DataView(this.bytes.buffer).getFloat32(0, true);
  }

  set seconds(value: number) {
    new DataView(this.bytes.buffer).setFloat32(0, value, true);
  }

  get text(): string {
    return new TextDecoder().decode(this.bytes.slice()).replaceAll("\0", "");
  }

  set text(value: string) {
    this.bytes.fill(0);
    this.bytes.set(new TextEncoder().encode(value).slice(0, this.bytes.length));
  }
}

interface OtherRank {
  readonly rank: number;
  readonly place: RankPlace;
  readonly watched: boolean;
  readonly beatIn: Message;
  readonly beatOut: Message;
  readonly leaveIn: Message;
  receivingBeat: PendingRequest | null;
  sendingBeat: PendingRequest | null;
  receivingLeave: PendingRequest | null;
  lastSeen: number;
  goneSince: number | null;
}

/** Why the world cannot go on. */
export interface Loss {
  /** A sentence that names the rank. */
  readonly reason: string;
  /** Whether this rank has found it out, and is to tell the others. */
  readonly own: boolean;
}

export class Health {
  readonly #group: RankGroup;
  readonly #channel: CollectiveChannel;
  readonly #others: readonly OtherRank[];
  readonly #patienceMs: number;
  readonly #host: string;
  readonly #leaveOut: Message;
  #nextBeat = 0;
  #ticks = -1;
  #ticked = Date.now();

  /** @param places - of all ranks. */
  constructor(group: RankGroup, channel: CollectiveChannel, places: readonly RankPlace[], patience: number) {
    const { mpi, rank, size } = group;
    this.#group = group;
    this.#channel = channel;
    this.#patienceMs = 1000 * patience;
    this.#host = places[rank].host;
    this.#leaveOut = new Message(mpi, REASON_BYTES);
    const others = places.map((place, i) => ({ place, rank: i })).filter((one) => one.rank !== rank);
    this.#others = others.map((one) => ({
      ...one,
      watched: size <= ALL_WATCH_ALL || isNear(one.rank, rank, size),
      beatIn: new Message(mpi, 8),
      beatOut: new Message(mpi, 8),
      leaveIn: new Message(mpi, REASON_BYTES),
      receivingBeat: null,
      sendingBeat: null,
      receivingLeave: null,
      lastSeen: Date.now(),
      goneSince: null,
    }));
  }

  /** Called again and again. Null as long as all is well. */
  look(): Loss | null {
    const said = this.#listen();
    if (said !== null) return said;
    const now = Date.now();
    if (now < this.#nextBeat) return null;
    const late = now - this.#nextBeat > this.#patienceMs / 2 && this.#nextBeat > 0;
    this.#nextBeat = now + BEAT_MS;
    // This process itself was stopped for a while: what it has not heard says nothing.
    if (late) for (const other of this.#others) other.lastSeen = now;
    this.#beat(now);
    const reason = this.#lost(now);
    return reason === null ? null : { reason, own: true };
  }

  /** Tells all others why this rank ends; waits a little until they have it. */
  leave(reason: string): void {
    const { mpi, communicator } = this.#group;
    this.#leaveOut.text = reason;
    const sent = this.#others.map(({ rank }) =>
      mpi.send(this.#leaveOut.place, rank, LEAVE_TAG, communicator),
    );
    const until = Date.now() + 1000;
    const left = new Set(sent);
    while (left.size > 0 && Date.now() < until) {
      for (const one of left) if (mpi.test(one)) left.delete(one);
      this.#listen();
    }
  }

  /** Which ranks of this machine are gone, for one that is told to end. */
  goneNow(): number[] {
    return this.#others.filter((other) => this.#isGone(other)).map(({ rank }) => rank);
  }

  /** Nothing is expected of the others any more. */
  close(): void {
    const { mpi } = this.#group;
    for (const other of this.#others) {
      if (other.receivingBeat !== null) mpi.cancel(other.receivingBeat);
      if (other.receivingLeave !== null) mpi.cancel(other.receivingLeave);
      while (other.sendingBeat !== null && !mpi.test(other.sendingBeat));
    }
  }

  #listen(): Loss | null {
    const { mpi, communicator } = this.#group;
    for (const other of this.#others) {
      const { rank } = other;
      other.receivingLeave ??= mpi.receive(other.leaveIn.place, rank, LEAVE_TAG, communicator);
      if (mpi.test(other.receivingLeave)) {
        other.receivingLeave = null;
        return { reason: other.leaveIn.text, own: false };
      }
      if (!other.watched) continue;
      other.receivingBeat ??= mpi.receive(other.beatIn.place, rank, BEAT_TAG, communicator);
      if (!mpi.test(other.receivingBeat)) continue;
      other.receivingBeat = null;
      other.lastSeen = Date.now();
      const silent = other.beatIn.seconds;
      if (1000 * silent <= this.#patienceMs) continue;
      this.#end(other);
      const reason = `${named(other)} has stopped answering: its JavaScript has been busy for ${Math.round(silent)} s`;
      return { reason, own: true };
    }
    return null;
  }

  #beat(now: number): void {
    const { mpi, communicator } = this.#group;
    const { ticks } = this.#channel;
    if (ticks !== this.#ticks) {
      this.#ticks = ticks;
      this.#ticked = now;
    }
    for (const other of this.#others) {
      if (!other.watched || (other.sendingBeat !== null && !mpi.test(other.sendingBeat))) continue;
      other.beatOut.seconds = (now - this.#ticked) / 1000;
      other.sendingBeat = mpi.send(other.beatOut.place, other.rank, BEAT_TAG, communicator);
    }
  }

  #lost(now: number): string | null {
    for (const other of this.#others) {
      other.goneSince = this.#isGone(other) ? (other.goneSince ?? now) : null;
      if (other.goneSince !== null) {
        if (now - other.goneSince < GONE_MS) continue;
        return lostWithoutWord(other);
      }
      if (!other.watched || now - other.lastSeen <= this.#patienceMs) continue;
      this.#end(other);
      return `${named(other)} has stopped answering: nothing was heard of it for ${Math.round((now - other.lastSeen) / 1000)} s`;
    }
    return null;
  }

  /**
   * A rank that is stuck would keep the launcher, and so the whole job, from ending. Some launchers end all ranks when one is
   * killed: this one has to say why first. A process of its own does it, since this one may have ended by then.
   */
  #end({ place }: OtherRank): void {
    if (place.host !== this.#host) return;
    const { spawn } = process.getBuiltinModule("node:child_process");
    const words = ["-c", `sleep ${WORDS_SECONDS}; kill -9 ${place.pid}`];
    // If there is no shell, the launcher is left to its own patience.
    spawn("sh", words, { detached: true, stdio: "ignore" })
      .on("error", () => {})
      .unref();
  }

  #isGone({ place }: OtherRank): boolean {
    return place.host === this.#host && !processRuns(place.pid);
  }
}

function isNear(rank: number, own: number, size: number): boolean {
  const distance = Math.abs(rank - own);
  return Math.min(distance, size - distance) <= 2;
}

function named({ rank, place }: OtherRank): string {
  return `rank ${rank} (process ${place.pid} on ${place.host})`;
}
