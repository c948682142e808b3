// The daemon's life, with a fake daemon in place of the real one.
import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { MessageConnection } from "vscode-jsonrpc/node";
import * as protocol from "../../protocol/protocol.ts";
import { DaemonDown, type Hooks, Supervisor, usualLimits } from "../src/process.ts";

const fake = fileURLToPath(new URL("fakeDaemon.mjs", import.meta.url));
let folder = "";

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "livyd-process-"));
});
after(() => rm(folder, { recursive: true, force: true }));

/** A script of this test's own that stands for the daemon. */
async function program(name: string, text: string, mode = 0o755): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  await chmod(path, mode);
  return path;
}

const livyd = (behaviour: string): Promise<string> =>
  program(
    `fake-${behaviour}`,
    `#!/bin/sh\nexec "${process.execPath}" "${fake}" ${behaviour} "$@"\n`,
  );

class Events {
  readonly logged: string[] = [];
  readonly happened: string[] = [];
  #wake: (() => void)[] = [];

  say(event: string): void {
    this.happened.push(event);
    for (const wake of this.#wake.splice(0)) wake();
  }

  /** Waits under a deadline until so many things happened. */
  async until(count: number): Promise<string[]> {
    const deadline = AbortSignal.timeout(20_000);
    while (this.happened.length < count) {
      await new Promise<void>((resolve, reject) => {
        this.#wake.push(resolve);
        deadline.addEventListener("abort", () => reject(new Error(`only ${this.happened}`)));
      });
    }
    return this.happened;
  }
}

function supervise(path: string, changes: Partial<Hooks> = {}, limits = usualLimits) {
  const events = new Events();
  const hooks: Hooks = {
    program: () => ({ path, fromSetting: false, environment: {}, folder: undefined }),
    connect: () => undefined,
    initialize: async (connection) => {
      await connection.sendRequest(protocol.initialize, {
        protocolHash: "hash",
        client: "test",
        stateFolder: folder,
        configuration: { trusted: true, profiles: {} },
      });
    },
    log: (line) => events.logged.push(line),
    restarted: () => events.say("restarted"),
    down: (reason) => events.say(`down: ${reason.message}`),
    now: () => 0,
    ...changes,
  };
  return { supervisor: new Supervisor(hooks, limits), events };
}

async function reason(supervisor: Supervisor): Promise<string> {
  try {
    await supervisor.connection();
  } catch (error) {
    assert.ok(error instanceof DaemonDown, String(error));
    return error.message;
  }
  assert.fail("the daemon started");
}

const crash = (connection: MessageConnection): void => {
  connection.sendRequest("crash").catch(() => undefined);
};

test("the daemon starts once, on first use, and leaves when it is stopped", async () => {
  const { supervisor, events } = supervise(await livyd("works"));
  assert.equal(supervisor.wanted, false);
  const [one, other] = await Promise.all([supervisor.connection(), supervisor.connection()]);
  assert.equal(one, other);
  assert.deepEqual(await one.sendRequest(protocol.runList, {}), { runs: [] });
  await supervisor.stop();
  assert.deepEqual(events.happened, []);
  assert.deepEqual(
    events.logged.filter((line) => /started|left/.test(line)),
    ["started with serve --stdio", "left"],
  );
});

test("a daemon that does not leave is ended", async () => {
  const limits = { ...usualLimits, leaveMilliseconds: 50 };
  const { supervisor, events } = supervise(await livyd("stays"), {}, limits);
  const connection = await supervisor.connection();
  const pid = await connection.sendRequest<number>("pid");
  await supervisor.stop();
  assert.throws(() => process.kill(pid, 0), { code: "ESRCH" });
  assert.ok(!events.logged.includes("left"));
});

test("a daemon that stops is restarted, and what was asked of it fails", async () => {
  const { supervisor, events } = supervise(await livyd("works"));
  const connection = await supervisor.connection();
  await assert.rejects(connection.sendRequest("crash"));
  assert.deepEqual(await events.until(1), ["restarted"]);
  assert.ok(events.logged.some((line) => line.includes("ended with code 7")));
  const next = await supervisor.connection();
  assert.notEqual(next, connection);
  assert.deepEqual(await next.sendRequest(protocol.runList, {}), { runs: [] });
  await supervisor.stop();
});

test("after four restarts in three minutes it stays down until it is needed", async () => {
  const { supervisor, events } = supervise(await livyd("works"));
  for (let round = 1; round <= 4; round++) {
    crash(await supervisor.connection());
    await events.until(round);
  }
  crash(await supervisor.connection());
  const happened = await events.until(5);
  assert.deepEqual(happened, [
    "restarted",
    "restarted",
    "restarted",
    "restarted",
    "down: livyd stopped 5 times in 3 minutes and stays down. Look into Livy Log; the next run starts it again.",
  ]);
  assert.equal(supervisor.wanted, false);
  await supervisor.connection();
  await supervisor.stop();
});

test("restarts that are long ago do not count", async () => {
  let now = 0;
  const { supervisor, events } = supervise(await livyd("works"), { now: () => now });
  for (let round = 1; round <= 5; round++) {
    crash(await supervisor.connection());
    await events.until(round);
    now += 60_000;
  }
  assert.deepEqual(events.happened, Array(5).fill("restarted"));
  await supervisor.stop();
});

test("a restart that fails says why", async () => {
  const good = await livyd("works");
  let path = good;
  const { supervisor, events } = supervise(good, {
    program: () => ({ path, fromSetting: false, environment: {}, folder: undefined }),
  });
  const connection = await supervisor.connection();
  path = join(folder, "gone");
  crash(connection);
  assert.deepEqual(await events.until(1), [
    "down: The livyd program of this extension is missing. Install the extension again.",
  ]);
  assert.equal(supervisor.wanted, false);
});

test("each reason why it cannot start is one sentence, and what to do another", async (t) => {
  const own = "The livyd program of this extension";
  const machine = `${process.platform}-${process.arch}`;
  const noProgram = (what: string): string =>
    `livyd has no program for this machine (${what}). It comes for Linux with glibc 2.28 or newer, x64 and arm64; build it here with scripts/package, or connect VS Code to a machine that fits.`;
  const cases: [string, string, string][] = [
    ["missing", join(folder, "nothing"), `${own} is missing. Install the extension again.`],
    [
      "not executable",
      await program("plain", "#!/bin/sh\n", 0o644),
      `${own} may not be executed. Make it executable (chmod +x) or install the extension again.`,
    ],
    [
      "of another machine",
      await program("foreign", `\u007fELF\u0002\u0001\u0001${"\0".repeat(64)}`),
      noProgram(machine),
    ],
    [
      "for a loader that is not there",
      await program("loader", "#!/nowhere/ld.so\n"),
      noProgram(`${machine}, without the loader of glibc`),
    ],
    [
      "without a library",
      await program(
        "library",
        "#!/bin/sh\necho 'livyd: error while loading shared libraries: libssl.so.3: cannot open shared object file' >&2\nexit 127\n",
      ),
      `${own} cannot be loaded here: it needs this distribution's libraries (libssl.so.3). Build it on this machine with scripts/package.`,
    ],
    [
      "with an old C library",
      await program(
        "glibc",
        '#!/bin/sh\necho "livyd: /lib/libc.so.6: version \\`GLIBC_2.36\' not found (required by livyd)" >&2\nexit 1\n',
      ),
      `${own} cannot be loaded here: it needs this distribution's libraries (GLIBC_2.36). Build it on this machine with scripts/package.`,
    ],
    [
      "that ends at once",
      await program("ends", "#!/bin/sh\necho 'no space left' >&2\nexit 3\n"),
      `${own} ended with code 3 at once: no space left. Install the extension again.`,
    ],
    [
      "that ends without a word",
      await program("silent", "#!/bin/sh\nexit 0\n"),
      `${own} ended with code 0 at once. Install the extension again.`,
    ],
  ];
  for (const [name, path, sentence] of cases) {
    await t.test(name, async () => {
      const { supervisor, events } = supervise(path);
      assert.equal(await reason(supervisor), sentence);
      assert.equal(supervisor.wanted, false);
      assert.deepEqual(events.happened, []);
    });
  }
});

test("a program that the user named is said to be the user's", async () => {
  const path = join(folder, "mine");
  const { supervisor } = supervise(path, {
    program: () => ({ path, fromSetting: true, environment: {}, folder: undefined }),
  });
  assert.equal(
    await reason(supervisor),
    `The program that livyd.daemon.path names (${path}) is missing. Correct the setting livyd.daemon.path or clear it.`,
  );
});

test("a program that never answers is given up", async () => {
  const limits = { ...usualLimits, initializeMilliseconds: 50, leaveMilliseconds: 50 };
  const { supervisor } = supervise(
    await program("mute", "#!/bin/sh\nexec sleep 600\n"),
    {},
    limits,
  );
  assert.match(await reason(supervisor), /does not answer\. Install the extension again\.$/);
});

test("a program that speaks something else is given up", async () => {
  const text = "#!/bin/sh\nprintf 'Hello: you\\r\\n\\r\\nnothing'\nexec sleep 600\n";
  const { supervisor, events } = supervise(await program("chatty", text));
  assert.match(await reason(supervisor), /was ended by SIGTERM at once/);
  assert.ok(events.logged.some((line) => line.startsWith("The conversation with livyd broke")));
});

test("a refused initialize is passed on as it is, and the process ends", async () => {
  const { supervisor, events } = supervise(await livyd("refuses"));
  await assert.rejects(supervisor.connection(), {
    message: "The extension and livyd do not match.",
  });
  assert.equal(supervisor.wanted, false);
  assert.ok(events.logged.includes("left"));
});

test("its standard error arrives line by line", async () => {
  const { supervisor, events } = supervise(await livyd("works"));
  const connection = await supervisor.connection();
  await connection.sendRequest("log", "one\ntwo\nthree");
  await supervisor.stop();
  assert.deepEqual(events.logged.slice(1, 4), ["one", "two", "three"]);
});
