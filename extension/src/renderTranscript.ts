// Arranges the events of all runs as blocks of text, so that no block breaks into another. A block
// that a newer run interrupts goes on under a second header once the newer one has ended.

import type { RunInfo, RunOutput, RunResult } from "../../protocol/protocol.ts";
import { clockTime, ending, header, notice, size, sourceLabel } from "./render.ts";
import { TextCleaner } from "./renderText.ts";

interface Block {
  /** What is known of the run; nothing before its first `changed`. */
  info: RunInfo | undefined;
  /** Bytes of output that were taken. */
  received: number;
  /** Text that waits for the floor. It is bounded: the daemon sends at most the preview of a run. */
  waiting: string;
  cleaner: TextCleaner;
  headed: boolean;
  complete: boolean;
}

/** The code is on its way, on the server or done: there is something to show. */
export function isUnderWay({ state }: RunInfo): boolean {
  return state !== "held" && state !== "queued" && state !== "starting";
}

/** How many ended runs are remembered, so that a repeated event adds nothing. */
const remembered = 200;

export class Transcript {
  readonly #append: (text: string) => void;
  readonly #blocks = new Map<string, Block>();
  /** The block that may write; the others wait. */
  #floor: Block | undefined;
  /** The block whose header was drawn last. */
  #heading: Block | undefined;
  #atLineStart = true;
  #empty = true;

  /** `append` adds text at the end of the channel. */
  constructor(append: (text: string) => void) {
    this.#append = append;
  }

  /** The bytes that were taken of a run's output: where to attach again. */
  received(run: string): number {
    return this.#blocks.get(run)?.received ?? 0;
  }

  /** What a run is now. Its header is written when it is on its way to the server. */
  changed(info: RunInfo): void {
    const block = this.#block(info.run);
    if (block.complete) return;
    block.info = info;
    if (isUnderWay(info)) this.#begin(block);
    this.#completeWhenAllIsThere(block);
  }

  /** A piece of output. What was already shown is skipped, what is missing is said. */
  output(piece: RunOutput): void {
    const block = this.#block(piece.run);
    const bytes = Buffer.from(piece.text, "utf8");
    const end = piece.offset + bytes.length;
    if (block.complete || end <= block.received) return;
    if (block.info) this.#begin(block);
    if (piece.offset > block.received) {
      const gap = `${size(piece.offset - block.received)} of the output may be missing here`;
      this.#write(block, `${notice(gap)}\n`);
    }
    const known = Math.max(0, block.received - piece.offset);
    block.received = end;
    const text = known === 0 ? piece.text : bytes.subarray(known).toString("utf8");
    this.#write(block, block.cleaner.feed(text));
    this.#completeWhenAllIsThere(block);
  }

  /** The run's last notification: its ending is written whatever arrived before. */
  finished(info: RunInfo): void {
    const block = this.#block(info.run);
    if (block.complete) return;
    block.info = info;
    this.#begin(block);
    this.#complete(block, info.result);
  }

  /** A line of livyd's own, at once, wherever the channel stands. */
  notice(text: string): void {
    this.#freshLine();
    this.#put(`${notice(text)}\n`);
  }

  #block(run: string): Block {
    const known = this.#blocks.get(run);
    if (known) return known;
    const cleaner = new TextCleaner();
    const block: Block = {
      info: undefined,
      received: 0,
      waiting: "",
      cleaner,
      headed: false,
      complete: false,
    };
    this.#blocks.set(run, block);
    return block;
  }

  /** A run that begins gets the floor: it is the one that the user asked for last. */
  #begin(block: Block): void {
    if (block.headed) return;
    if (this.#floor && this.#floor === this.#heading) this.notice("this run goes on below");
    this.#give(block);
    this.#heads(block);
  }

  #give(block: Block): void {
    this.#floor = block;
    const { waiting } = block;
    block.waiting = "";
    this.#write(block, waiting);
  }

  #completeWhenAllIsThere(block: Block): void {
    const result = block.info?.result;
    if (result && block.received >= result.sentBytes) this.#complete(block, result);
  }

  #complete(block: Block, result: RunResult | undefined): void {
    this.#write(block, block.cleaner.finish());
    block.complete = true;
    const lines = (result ? ending(result) : []).map((line) => `${line}\n`).join("");
    if (block === this.#floor) {
      this.#heads(block);
      this.#freshLine();
      this.#put(lines);
      this.#passFloor();
    } else {
      const apart = block.waiting === "" || block.waiting.endsWith("\n");
      block.waiting += apart ? lines : `\n${lines}`;
    }
  }

  /** Those that ended meanwhile are written whole; then the newest of the others has the floor. */
  #passFloor(): void {
    this.#floor = undefined;
    const headed = [...this.#blocks.values()].filter((block) => block.headed);
    for (const block of headed) {
      if (block.complete && block.waiting !== "") this.#give(block);
    }
    this.#floor = undefined;
    const next = headed.filter((block) => !block.complete).at(-1);
    if (next) this.#give(next);
    this.#forgetTheOldest();
  }

  #forgetTheOldest(): void {
    const complete = [...this.#blocks].filter(([, block]) => block.complete);
    for (const [run] of complete.slice(0, Math.max(0, complete.length - remembered))) {
      this.#blocks.delete(run);
    }
  }

  #write(block: Block, text: string): void {
    if (text === "") return;
    if (block !== this.#floor) {
      block.waiting += text;
      return;
    }
    this.#heads(block);
    this.#put(text);
  }

  /** Draws the block's header unless it was the last one drawn. */
  #heads(block: Block): void {
    const { info } = block;
    if (this.#heading === block || !info) return;
    const label = sourceLabel(info.source);
    this.#freshLine();
    if (!this.#empty) this.#put("\n");
    const remark = block.headed ? "continued" : "";
    this.#put(`${header(label, info.profile, clockTime(info.accepted), remark)}\n`);
    this.#heading = block;
    block.headed = true;
  }

  #freshLine(): void {
    if (!this.#atLineStart) this.#put("\n");
  }

  #put(text: string): void {
    if (text === "") return;
    this.#empty = false;
    this.#atLineStart = text.endsWith("\n");
    this.#append(text);
  }
}
