// Starts the daemon when it is first needed, talks JSON-RPC with it over stdio, restarts it when it
// stops by itself, and says in one sentence why it cannot run. Knows nothing of VS Code.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import {
  createMessageConnection,
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-jsonrpc/node";

/** The program to start. */
export interface Program {
  /** Absolute. */
  path: string;
  /** The user named it in `livyd.daemon.path`; otherwise it came with the extension. */
  fromSetting: boolean;
  /** Added to this process's environment. */
  environment: Record<string, string>;
  /** Where it works, when that folder exists. */
  folder: string | undefined;
}

/** The daemon cannot run. The message is a sentence for the user. */
export class DaemonDown extends Error {
  /** The user's own setting is at fault. */
  readonly fromSetting: boolean;

  constructor(message: string, fromSetting = false) {
    super(message);
    this.name = "DaemonDown";
    this.fromSetting = fromSetting;
  }
}

export interface Hooks {
  program(): Program;
  /** Registers what listens to notifications; called before the first message. */
  connect(connection: MessageConnection): void;
  /** Sends `initialize`; the daemon is up when this resolves. */
  initialize(connection: MessageConnection): Promise<void>;
  /** One line of the daemon's standard error. */
  log(line: string): void;
  /** It stopped by itself and is up again. */
  restarted(): void;
  /** It stopped by itself and stays down until somebody needs it. */
  down(reason: DaemonDown): void;
  /** Milliseconds. */
  now(): number;
}

export interface Limits {
  /** Restarts within the window before the daemon is left alone. */
  restarts: number;
  windowMilliseconds: number;
  /** For the answer to `initialize`: a program that is no livyd may never answer. */
  initializeMilliseconds: number;
  /** For leaving after its input has ended; the daemon itself drains for 2 s. */
  leaveMilliseconds: number;
}

export const usualLimits: Limits = {
  restarts: 4,
  windowMilliseconds: 180_000,
  initializeMilliseconds: 30_000,
  leaveMilliseconds: 4_000,
};

/** How a process ended, with the last lines of its standard error. */
interface Ending {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Set when it could not be started at all. */
  spawnError?: NodeJS.ErrnoException;
  lastWords: string[];
}

interface Live {
  connection: MessageConnection;
  child: ChildProcess;
  ended: Promise<Ending>;
}

export class Supervisor {
  readonly #hooks: Hooks;
  readonly #limits: Limits;
  #live: Promise<Live> | undefined;
  #restarts: number[] = [];
  #stopped = false;

  constructor(hooks: Hooks, limits: Limits = usualLimits) {
    this.#hooks = hooks;
    this.#limits = limits;
  }

  /** True from the first need on, while the daemon is up or coming up. */
  get wanted(): boolean {
    return this.#live !== undefined;
  }

  /** Starts the daemon if it is not up. Throws DaemonDown. */
  async connection(): Promise<MessageConnection> {
    if (this.#stopped) throw new DaemonDown("livyd is shutting down with this window.");
    this.#live ??= this.#start();
    const live = await this.#live;
    return live.connection;
  }

  /** Ends the daemon: its input ends, it drains, and what does not leave in time is killed. */
  async stop(): Promise<void> {
    this.#stopped = true;
    const live = await this.#live?.catch(() => undefined);
    if (!live) return;
    live.connection.dispose();
    await this.#end(live);
  }

  async #start(): Promise<Live> {
    try {
      const live = await this.#launch();
      void live.ended.then((ending) => this.#afterEnd(ending));
      return live;
    } catch (error) {
      this.#live = undefined;
      throw error;
    }
  }

  async #launch(): Promise<Live> {
    const program = this.#hooks.program();
    const live = this.#spawn(program);
    const patience = new AbortController();
    const silence = after(this.#limits.initializeMilliseconds, patience.signal).then(() => {
      throw new DaemonDown(
        `${named(program)} does not answer. ${remedy(program)}`,
        program.fromSetting,
      );
    });
    const ended = live.ended.then((ending) => {
      throw new DaemonDown(whyItDidNotStart(program, ending), program.fromSetting);
    });
    const answered = this.#hooks.initialize(live.connection).catch(async (error: unknown) => {
      // A process that ended explains more than the request that it left without an answer.
      if (isRejectedByEnd(error)) await ended;
      throw error;
    });
    try {
      await Promise.race([answered, ended, silence]);
      return live;
    } catch (error) {
      answered.catch(() => undefined);
      dispose(live.connection);
      await this.#end(live);
      throw error;
    } finally {
      patience.abort();
      silence.catch(() => undefined);
      ended.catch(() => undefined);
    }
  }

  #spawn(program: Program): Live {
    const child = spawn(program.path, ["serve", "--stdio"], {
      stdio: "pipe",
      cwd: [program.folder, homedir()].find((folder) => folder && existsSync(folder)) ?? "/",
      env: { ...process.env, ...program.environment },
    });
    const lastWords = collectLines(child, (line) => this.#hooks.log(line));
    const connection = createMessageConnection(
      new StreamMessageReader(child.stdout),
      new StreamMessageWriter(child.stdin),
    );
    connection.onError(([error]) => {
      // What cannot be read as a message cannot be followed by one: the process is of no use.
      this.#hooks.log(`The conversation with livyd broke: ${error.message}`);
      child.kill();
    });
    this.#hooks.connect(connection);
    connection.listen();
    const ended = whenEnded(child, lastWords).then((ending) => {
      dispose(connection);
      return ending;
    });
    return { connection, child, ended };
  }

  async #end(live: Live): Promise<void> {
    live.child.stdin?.end();
    const left = new AbortController();
    const late = after(this.#limits.leaveMilliseconds, left.signal).then(() => {
      live.child.kill("SIGKILL");
    });
    late.catch(() => undefined);
    await live.ended;
    left.abort();
  }

  async #afterEnd(ending: Ending): Promise<void> {
    this.#live = undefined;
    if (this.#stopped) return;
    this.#hooks.log(`livyd ${howItEnded(ending)}.`);
    if (!this.#mayRestart()) {
      this.#hooks.down(new DaemonDown(gaveUp(this.#limits)));
      return;
    }
    try {
      this.#live = this.#start();
      await this.#live;
      this.#hooks.restarted();
    } catch (error) {
      this.#hooks.down(asDown(error));
    }
  }

  #mayRestart(): boolean {
    const now = this.#hooks.now();
    this.#restarts = this.#restarts.filter((at) => now - at < this.#limits.windowMilliseconds);
    if (this.#restarts.length >= this.#limits.restarts) return false;
    this.#restarts.push(now);
    return true;
  }
}

function asDown(error: unknown): DaemonDown {
  if (error instanceof DaemonDown) return error;
  return new DaemonDown(error instanceof Error ? error.message : String(error));
}

function gaveUp(limits: Limits): string {
  const minutes = Math.round(limits.windowMilliseconds / 60_000);
  return `livyd stopped ${limits.restarts + 1} times in ${minutes} minutes and stays down. Look into Livy Log; the next run starts it again.`;
}

/** One sentence on what is wrong with the program, one on what to do. */
export function whyItDidNotStart(program: Program, ending: Ending): string {
  const name = named(program);
  const cure = remedy(program);
  switch (ending.spawnError?.code) {
    case undefined:
      break;
    case "ENOENT":
      // The same code comes when the file is there and the loader that it names is not.
      return existsSync(program.path)
        ? noProgram(program, `${machine}, without the loader of glibc`)
        : `${name} is missing. ${cure}`;
    case "EACCES":
      return `${name} may not be executed. Make it executable (chmod +x) or ${lower(cure)}`;
    default:
      return `${name} could not be started (${ending.spawnError?.code ?? "unknown"}). ${cure}`;
  }
  // execvp hands what the kernel does not know to a shell, which complains about the first bytes.
  if (ending.lastWords.some((line) => /ELF|Exec format error|cannot execute binary/.test(line))) {
    return noProgram(program, machine);
  }
  const library = missingLibrary(ending.lastWords);
  if (library !== undefined) {
    return `${name} cannot be loaded here: it needs this distribution's libraries (${library}). Build it on this machine with scripts/package.`;
  }
  const words = ending.lastWords.at(-1);
  return `${name} ${howItEnded(ending)} at once${words ? `: ${words}` : ""}. ${cure}`;
}

const machine = `${process.platform}-${process.arch}`;

/** The machine fits none of the targets that the extension is packed for. */
function noProgram(program: Program, what: string): string {
  if (program.fromSetting) {
    return `${named(program)} was not built for this machine (${what}). ${remedy(program)}`;
  }
  return `livyd has no program for this machine (${what}). It comes for Linux with glibc 2.28 or newer, x64 and arm64; build it here with scripts/package, or connect VS Code to a machine that fits.`;
}

/** What the dynamic loader says is missing: "libssl.so.3", "GLIBC_2.36". */
function missingLibrary(lines: string[]): string | undefined {
  for (const line of lines) {
    const library = /error while loading shared libraries: ([^:]+):/.exec(line)?.[1];
    const version = /version [`']([A-Z]+[A-Z_]*_[\d.]+)' not found/.exec(line)?.[1];
    if (library ?? version) return library ?? version;
  }
  return undefined;
}

function named(program: Program): string {
  return program.fromSetting
    ? `The program that livyd.daemon.path names (${program.path})`
    : "The livyd program of this extension";
}

function remedy(program: Program): string {
  return program.fromSetting
    ? "Correct the setting livyd.daemon.path or clear it."
    : "Install the extension again.";
}

function lower(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function howItEnded(ending: Ending): string {
  if (ending.signal !== null) return `was ended by ${ending.signal}`;
  return `ended with code ${ending.code ?? "unknown"}`;
}

/** Passes lines on and remembers the last ten. */
function collectLines(child: ChildProcess, log: (line: string) => void): string[] {
  const last: string[] = [];
  let held = "";
  const take = (line: string): void => {
    const text = line.trimEnd();
    if (text === "") return;
    last.push(text);
    if (last.length > 10) last.shift();
    log(text);
  };
  child.stderr?.setEncoding("utf8");
  child.stderr?.on("data", (piece: string) => {
    const lines = (held + piece).split("\n");
    held = (lines.pop() ?? "").slice(-65_536);
    for (const line of lines) take(line);
  });
  child.stderr?.on("end", () => take(held));
  return last;
}

/**
 * "close" comes after the last byte of standard error, but never while a process that the daemon
 * left behind (the embedded endpoint) holds it; so "exit" ends it too, a little later.
 */
function whenEnded(child: ChildProcess, lastWords: string[]): Promise<Ending> {
  return new Promise((resolve) => {
    child.once("error", (error) => {
      if (child.pid === undefined) {
        resolve({ code: null, signal: null, spawnError: error, lastWords });
      }
    });
    child.once("close", (code, signal) => resolve({ code, signal, lastWords }));
    child.once("exit", (code, signal) => {
      setTimeout(() => resolve({ code, signal, lastWords }), 300);
    });
  });
}

function after(milliseconds: number, cancelled: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    cancelled.addEventListener("abort", () => clearTimeout(timer));
  });
}

function dispose(connection: MessageConnection): void {
  try {
    connection.dispose();
  } catch {
    // It was disposed before: both the end of the process and whoever ended it do it.
  }
}

/** The request failed only because its process went away. */
function isRejectedByEnd(error: unknown): boolean {
  return error instanceof Error && /disposed|closed|destroyed|EPIPE|ended/i.test(error.message);
}
