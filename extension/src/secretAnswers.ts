// Answers the daemon's questions for secrets: from what is remembered, else by asking the user, one
// question at a time. Knows no VS Code.

import { createHmac, randomBytes } from "node:crypto";
import type { SecretGiveParams, SecretKind, SecretNeeded } from "../../protocol/protocol.ts";

/** What is remembered between windows, encrypted by the editor (SecretStorage). */
export interface SecretMemory {
  get(key: string): Thenable<string | undefined>;
  store(key: string, value: string): Thenable<void>;
  delete(key: string): Thenable<void>;
}

/** Names of what is remembered; the editor's storage of secrets cannot list them. */
export interface SecretNames {
  read(): SecretName[];
  write(names: SecretName[]): Thenable<void>;
}

/** One secret, without its value. */
export interface SecretName {
  profile: string;
  secret: SecretKind;
  /** Where the profile leads: a password is never offered to another server. */
  origin: string;
  /** What the daemon asked for; "" for one that was set before anybody asked. */
  prompt: string;
}

export interface SecretHooks {
  memory: SecretMemory;
  names: SecretNames;
  /** Where a profile leads now: "https://gw.example.com:8443". */
  origin(profile: string): string;
  /** Undefined: the user does not want to say it, or the signal took the question back. */
  ask(needed: SecretNeeded, signal: AbortSignal): Promise<string | undefined>;
  /** To the daemon. */
  give(answer: SecretGiveParams): Promise<void>;
  /** The daemon shall forget a profile's secrets. */
  forget(profile: string): Promise<void>;
}

/** Under which a secret is remembered. The parts cannot run into each other. */
export function secretKey({ profile, secret, origin, prompt }: SecretName): string {
  return ["livyd", profile, secret, origin, prompt].map(encodeURIComponent).join("/");
}

/** A question that is open or waits for its turn. */
interface Question {
  needed: SecretNeeded;
  name: SecretName;
  taken: AbortController;
}

export class SecretAnswers {
  readonly #hooks: SecretHooks;
  readonly #open = new Map<string, Question>();
  /** What the daemon was given from each key, as a fingerprint: to know others' changes by. */
  readonly #given = new Map<string, string>();
  readonly #salt = randomBytes(32);
  #last: Promise<void> = Promise.resolve();

  constructor(hooks: SecretHooks) {
    this.#hooks = hooks;
  }

  /** Resolves when the daemon has its answer. The same question again is the same question. */
  async needed(needed: SecretNeeded): Promise<void> {
    const { profile, secret, prompt, refused } = needed;
    const slot = slotOf(needed);
    if (this.#open.has(slot)) return;
    const name: SecretName = { profile, secret, prompt, origin: this.#hooks.origin(profile) };
    const question = { needed, name, taken: new AbortController() };
    this.#open.set(slot, question);
    try {
      if (refused) await this.#delete(name);
      else if (await this.#answerFromMemory(name)) return;
      await this.#inTurn(() => this.#askUser(question));
    } finally {
      if (this.#open.get(slot) === question) this.#open.delete(slot);
    }
  }

  /** The daemon that asked is gone: its questions are taken back. */
  withdraw(): void {
    for (const { taken } of this.#open.values()) taken.abort();
    this.#open.clear();
    this.#given.clear();
  }

  /** The user says a secret before, or in place of, being asked. */
  async set(profile: string, secret: SecretKind, value: string): Promise<void> {
    const origin = this.#hooks.origin(profile);
    const earlier = this.remembered.filter(
      (one) => one.profile === profile && one.secret === secret && one.origin === origin,
    );
    for (const name of earlier) await this.#delete(name);
    const name = { profile, secret, origin, prompt: "" };
    await this.#remember(name, value);
    await this.#give(name, value);
  }

  /** Here and in the daemon. */
  async forget(name: SecretName): Promise<void> {
    await this.#delete(name);
    await this.#hooks.forget(name.profile);
  }

  /** What is remembered, without values. */
  get remembered(): SecretName[] {
    return this.#hooks.names.read();
  }

  /** A key of the memory was changed, here or in another window. */
  async changed(key: string): Promise<void> {
    const question = [...this.#open.values()].find(({ name }) => secretKey(name) === key);
    const value = await this.#hooks.memory.get(key);
    if (question && value !== undefined) question.taken.abort(answered);
    if (!this.#given.has(key) || this.#given.get(key) === this.#fingerprint(value)) return;
    const name = this.remembered.find((one) => secretKey(one) === key) ?? nameIn(key);
    if (value !== undefined) await this.#give(name, value);
    else {
      this.#given.delete(key);
      await this.#hooks.forget(name.profile);
    }
  }

  /** One that was set before anybody asked belongs to whoever asks first. */
  async #answerFromMemory(name: SecretName): Promise<boolean> {
    const known = await this.#hooks.memory.get(secretKey(name));
    if (known !== undefined) {
      await this.#give(name, known);
      return true;
    }
    const early = { ...name, prompt: "" };
    const value = await this.#hooks.memory.get(secretKey(early));
    if (value === undefined) return false;
    await this.#remember(name, value);
    await this.#delete(early);
    await this.#give(name, value);
    return true;
  }

  async #askUser({ needed, name, taken }: Question): Promise<void> {
    const { profile, secret } = needed;
    // While this question waited for its turn, another window may have had the answer.
    if (!taken.signal.aborted && !needed.refused && (await this.#answerFromMemory(name))) return;
    const value = taken.signal.aborted ? undefined : await this.#hooks.ask(needed, taken.signal);
    if (taken.signal.aborted) {
      if (taken.signal.reason === answered) await this.#answerFromMemory(name);
      return;
    }
    if (value === undefined) return this.#hooks.give({ profile, secret });
    await this.#remember(name, value);
    await this.#give(name, value);
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** Whatever the daemon asks from here on is another question. */
  async #give(name: SecretName, value: string): Promise<void> {
    this.#open.delete(slotOf(name));
    this.#given.set(secretKey(name), this.#fingerprint(value));
    await this.#hooks.give({ profile: name.profile, secret: name.secret, value });
  }

  async #remember(name: SecretName, value: string): Promise<void> {
    const key = secretKey(name);
    this.#given.set(key, this.#fingerprint(value));
    await this.#hooks.memory.store(key, value);
    const others = this.remembered.filter((one) => secretKey(one) !== key);
    await this.#hooks.names.write([...others, name]);
  }

  async #delete(name: SecretName): Promise<void> {
    const key = secretKey(name);
    this.#given.delete(key);
    await this.#hooks.memory.delete(key);
    await this.#hooks.names.write(this.remembered.filter((one) => secretKey(one) !== key));
  }

  #fingerprint(value: string | undefined): string {
    if (value === undefined) return "";
    return createHmac("sha256", this.#salt).update(value).digest("base64");
  }
}

function slotOf({ profile, secret }: SecretGiveParams): string {
  return JSON.stringify([profile, secret]);
}

/** Why a question is closed: another window has the answer. */
const answered = Symbol("answered");

/** What a key says of its secret; for one whose name another window has taken away already. */
function nameIn(key: string): SecretName {
  const [, profile = "", secret = "", origin = "", prompt = ""] = key
    .split("/")
    .map(decodeURIComponent);
  return { profile, secret: secret as SecretKind, origin, prompt };
}
