// Starts runs: what every command that runs code shares.

import { randomUUID } from "node:crypto";
import * as vscode from "vscode";
import type { RunInfo, RunStartParams } from "../../protocol/protocol.ts";
import type { Notices } from "./context.ts";
import { type Daemon, failedFrom } from "./daemon.ts";
import type { Output } from "./output.ts";
import { sourceLabel } from "./render.ts";

/** A piece of code to run, before a profile is known. */
export type Order = Omit<RunStartParams, "run" | "profile">;

export class Runner {
  readonly #daemon: Daemon;
  readonly #output: Output;
  readonly #notices: Notices;
  #last: Order[] = [];

  constructor(daemon: Daemon, output: Output, notices: Notices) {
    this.#daemon = daemon;
    this.#output = output;
    this.#notices = notices;
  }

  /** What was asked for last in this window; empty when nothing was. */
  get last(): readonly Order[] {
    return this.#last;
  }

  /** Runs one after another on the chosen profile, which is asked for when there is none. */
  async run(orders: readonly Order[], profile?: string): Promise<void> {
    // The code was taken before any question is asked: it is what the user saw when pressing the key.
    const name = profile ?? (await chosenProfile());
    if (name === undefined) return;
    try {
      await this.#daemon.profiles();
      const question = `Run ${described(orders)} on ${name}?`;
      if (!(await this.#notices.confirmedRun(this.#daemon.profile(name), question))) return;
      this.#last = [...orders];
      await this.#output.restored();
      for (const order of orders) await this.#start(name, order);
    } catch (error) {
      this.#notices.failed(error);
    }
  }

  /** A run that is refused has its block too: its code was asked for and did not run. */
  async #start(profile: string, order: Order): Promise<void> {
    const params: RunStartParams = { run: randomUUID(), profile, ...order };
    this.#output.expect(params.run);
    try {
      await this.#daemon.startRun(params);
    } catch (error) {
      // A daemon that stopped may have sent the code before.
      const failed = failedFrom(error);
      const outcome = failed.kind === "daemonDown" ? "unknown" : "failed";
      this.#output.end(neverAccepted(params), outcome, failed.message);
      this.#notices.failed(error, true);
    }
  }
}

/** The profile that is in use; asked for when there is none yet. */
export function chosenProfile(): Thenable<string | undefined> {
  return vscode.commands.executeCommand<string | undefined>("livyd.chosenProfile");
}

function neverAccepted({ run, profile, language, source }: RunStartParams): RunInfo {
  const info: RunInfo = {
    run,
    profile,
    language,
    state: "finished",
    accepted: Date.now(),
    outputBytes: 0,
  };
  return source ? { ...info, source } : info;
}

function described([first, ...others]: readonly Order[]): string {
  const label = sourceLabel(first?.source);
  return others.length === 0 ? label : `${label} and ${others.length} more`;
}
