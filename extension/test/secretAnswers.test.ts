// Questions for secrets: answered from memory, asked once and one at a time, and never for another
// server.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { SecretGiveParams, SecretNeeded } from "../../protocol/protocol.ts";
import { SecretAnswers, type SecretName, secretKey } from "../src/secretAnswers.ts";

const alice = "Password of alice at gw.example.com";

function needed(changes: Partial<SecretNeeded> = {}): SecretNeeded {
  return { profile: "cluster", secret: "password", prompt: alice, refused: false, ...changes };
}

/** The editor's memory, shared by windows: each tells all of them of a change. */
class Editor {
  readonly values = new Map<string, string>();
  names: SecretName[] = [];
  readonly windows: Window[] = [];

  async tell(key: string): Promise<void> {
    for (const { answers } of this.windows) await answers.changed(key);
  }
}

/** What a window asked its user and gave to its daemon. */
class Window {
  readonly given: SecretGiveParams[] = [];
  readonly forgotten: string[] = [];
  readonly asked: SecretNeeded[] = [];
  origin = "https://gw.example.com:8443";
  /** What the user answers, in order; a function waits until it is called. */
  reply: (needed: SecretNeeded, signal: AbortSignal) => Promise<string | undefined> = async () =>
    undefined;
  readonly answers: SecretAnswers;

  constructor(editor: Editor) {
    editor.windows.push(this);
    this.answers = new SecretAnswers({
      memory: {
        get: async (key) => editor.values.get(key),
        store: async (key, value) => {
          editor.values.set(key, value);
          await editor.tell(key);
        },
        delete: async (key) => {
          editor.values.delete(key);
          await editor.tell(key);
        },
      },
      names: {
        read: () => editor.names,
        write: async (names) => {
          editor.names = names;
        },
      },
      origin: () => this.origin,
      ask: (question, signal) => {
        this.asked.push(question);
        return this.reply(question, signal);
      },
      give: async (answer) => void this.given.push(answer),
      forget: async (profile) => void this.forgotten.push(profile),
    });
  }

  get values(): (string | undefined)[] {
    return this.given.map(({ value }) => value);
  }
}

/** A user who thinks until told what to say. */
function thinking(window: Window): { say(value: string | undefined): void } {
  const answers: ((value: string | undefined) => void)[] = [];
  window.reply = (_needed, signal) =>
    new Promise((resolve) => {
      answers.push(resolve);
      signal.addEventListener("abort", () => resolve(undefined));
    });
  return { say: (value) => answers.shift()?.(value) };
}

/** Lets everything go on that waits for nothing but promises. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("the first need asks, the next window answers by itself", async () => {
  const editor = new Editor();
  const first = new Window(editor);
  first.reply = async () => "open sesame";
  await first.answers.needed(needed());
  assert.deepEqual(first.given, [{ profile: "cluster", secret: "password", value: "open sesame" }]);
  const later = new Window(editor);
  await later.answers.needed(needed());
  assert.deepEqual(later.values, ["open sesame"]);
  assert.equal(later.asked.length, 0);
});

test("a question that is dismissed is answered without a value and nothing is kept", async () => {
  const editor = new Editor();
  const window = new Window(editor);
  await window.answers.needed(needed());
  assert.deepEqual(window.given, [{ profile: "cluster", secret: "password" }]);
  assert.equal(editor.values.size, 0);
  assert.deepEqual(editor.names, []);
});

test("one that was refused is forgotten, and the user is asked again", async () => {
  const editor = new Editor();
  const window = new Window(editor);
  window.reply = async () => "wrong";
  await window.answers.needed(needed());
  window.reply = async () => "right";
  await window.answers.needed(needed({ refused: true }));
  assert.deepEqual(window.values, ["wrong", "right"]);
  assert.deepEqual([...editor.values.values()], ["right"]);
  assert.equal(window.asked[1]?.refused, true);
  window.reply = async () => undefined;
  await window.answers.needed(needed({ refused: true }));
  assert.deepEqual(window.values, ["wrong", "right", undefined]);
  assert.equal(editor.values.size, 0);
});

test("the same question again is the same question; others wait for their turn", async () => {
  const window = new Window(new Editor());
  const user = thinking(window);
  const all = [
    window.answers.needed(needed()),
    window.answers.needed(needed()),
    window.answers.needed(needed({ profile: "other" })),
  ];
  await settled();
  assert.deepEqual(
    window.asked.map(({ profile }) => profile),
    ["cluster"],
  );
  user.say("one");
  await settled();
  assert.deepEqual(
    window.asked.map(({ profile }) => profile),
    ["cluster", "other"],
  );
  user.say("two");
  await Promise.all(all);
  assert.deepEqual(window.values, ["one", "two"]);
});

test("a password is offered to no other server, user or profile", async () => {
  const window = new Window(new Editor());
  window.reply = async () => "alice's";
  await window.answers.needed(needed());
  window.reply = async () => undefined;
  window.origin = "https://evil.example.com:8443";
  await window.answers.needed(needed());
  window.origin = "https://gw.example.com:8443";
  await window.answers.needed(needed({ prompt: "Password of bob at gw.example.com" }));
  await window.answers.needed(needed({ profile: "other" }));
  await window.answers.needed(needed({ secret: "proxyPassword" }));
  assert.deepEqual(window.values, ["alice's", undefined, undefined, undefined, undefined]);
  assert.equal(window.asked.length, 5);
});

test("names that hold each other's separators do not meet", () => {
  const name: SecretName = { profile: "a/b", secret: "token", origin: "", prompt: "c" };
  assert.notEqual(secretKey(name), secretKey({ ...name, profile: "a", prompt: "b/c" }));
  assert.match(secretKey(name), /^livyd\/a%2Fb\/token\//);
});

test("what is set before anybody asked belongs to the server of then, and to who asks first", async () => {
  const editor = new Editor();
  const window = new Window(editor);
  await window.answers.set("cluster", "password", "early");
  assert.deepEqual(window.values, ["early"]);
  const later = new Window(editor);
  later.origin = "https://evil.example.com";
  await later.answers.needed(needed());
  later.origin = window.origin;
  await later.answers.needed(needed());
  await later.answers.needed(needed({ prompt: "Password of bob at gw.example.com" }));
  assert.deepEqual(later.values, [undefined, "early", undefined]);
  assert.deepEqual(
    editor.names.map(({ prompt }) => prompt),
    [alice],
  );
});

test("setting one replaces the one that was there", async () => {
  const editor = new Editor();
  const window = new Window(editor);
  window.reply = async () => "old";
  await window.answers.needed(needed());
  await window.answers.set("cluster", "password", "new");
  assert.deepEqual(window.values, ["old", "new"]);
  assert.deepEqual([...editor.values.values()], ["new"]);
  assert.deepEqual(window.forgotten, []);
});

test("forgetting takes it from memory and from the daemons of all windows that used it", async () => {
  const editor = new Editor();
  const [one, other, stranger] = [new Window(editor), new Window(editor), new Window(editor)];
  one.reply = async () => "open sesame";
  await one.answers.needed(needed());
  await other.answers.needed(needed());
  const [name] = one.answers.remembered;
  assert.ok(name);
  await one.answers.forget(name);
  assert.equal(editor.values.size, 0);
  assert.deepEqual(one.answers.remembered, []);
  assert.deepEqual(
    [one, other, stranger].map(({ forgotten }) => forgotten),
    [["cluster"], ["cluster"], []],
  );
});

test("an answer that is given in another window closes the question in this one", async () => {
  const editor = new Editor();
  const [one, other] = [new Window(editor), new Window(editor)];
  thinking(one);
  const waiting = one.answers.needed(needed());
  await settled();
  other.reply = async () => "from there";
  await other.answers.needed(needed());
  await waiting;
  assert.deepEqual(one.values, ["from there"]);
});

test("a value that another window replaces reaches the daemon of this one, its own do not again", async () => {
  const editor = new Editor();
  const [one, other] = [new Window(editor), new Window(editor)];
  one.reply = async () => "wrong";
  await one.answers.needed(needed());
  await other.answers.needed(needed());
  other.reply = async () => "right";
  await other.answers.needed(needed({ refused: true }));
  assert.deepEqual(other.values, ["wrong", "right"]);
  assert.deepEqual(one.forgotten, ["cluster"]);
  await one.answers.needed(needed());
  assert.deepEqual(one.values, ["wrong", "right"]);
});

test("questions of a daemon that is gone are taken back, and nothing is given for them", async () => {
  const window = new Window(new Editor());
  thinking(window);
  const all = [
    window.answers.needed(needed()),
    window.answers.needed(needed({ profile: "other" })),
  ];
  await settled();
  window.answers.withdraw();
  await Promise.all(all);
  assert.deepEqual(window.given, []);
  window.reply = async () => "again";
  await window.answers.needed(needed());
  assert.deepEqual(window.values, ["again"]);
});

test("a question of the daemon right after the answer is another question", async () => {
  const editor = new Editor();
  const window = new Window(editor);
  const told: Promise<void>[] = [];
  const answers = new SecretAnswers({
    memory: {
      get: async (key) => editor.values.get(key),
      store: async (key, value) => void editor.values.set(key, value),
      delete: async (key) => void editor.values.delete(key),
    },
    names: { read: () => [], write: async () => undefined },
    origin: () => "",
    ask: async ({ refused }) => (refused ? undefined : "wrong"),
    give: async (answer) => {
      window.given.push(answer);
      // Before the reply: as a server that refuses at once.
      if (answer.value !== undefined) told.push(answers.needed(needed({ refused: true })));
    },
    forget: async () => undefined,
  });
  await answers.needed(needed());
  await Promise.all(told);
  assert.deepEqual(window.values, ["wrong", undefined]);
  assert.equal(editor.values.size, 0);
});
