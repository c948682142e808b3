// Profiles, servers and programs that are wrong: each gives one sentence that says what to do.
import { equal, match, ok } from "node:assert/strict";
import { chmod } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";

import { freePort } from "../server.mjs";

/** A web server that answers every request with its sign-in page. */
async function startSignInPage() {
  const server = createServer((_, answer) => {
    answer.writeHead(200, { "Content-Type": "text/html" });
    answer.end("<html><head><title>Sign in</title></head><body>Who are you?</body></html>");
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    stop: () =>
      new Promise((closed) => {
        server.close(closed);
        server.closeAllConnections();
      }),
  };
}

/** Uses this profile alone, presses the key, returns what the notification says. */
async function sentenceFor({ window, server }, name, profile, wanted) {
  await server.setWorkspaceSettings({
    "livyd.profile": name,
    "livyd.profiles": { [name]: profile },
  });
  await window.openFile("hello.py");
  await window.settingsSeen(name);
  await window.pressRun();
  const note = await window.waitForNotification(wanted);
  doesNotLeak(note.message);
  return note;
}

/** A message is for the user: no code names, no blame, no paths of this program. */
function doesNotLeak(message) {
  ok(!/Error:|exception|undefined|\[object|boost|asio|\.cpp|errno/i.test(message), message);
  ok(!message.includes("!"), message);
  match(message, /[.?]$/);
}

export const suite = {
  name: "bad input",
  prepare: async () => {
    const page = await startSignInPage();
    return { page, stop: page.stop };
  },
  options: (tools) => ({
    files: {
      "hello.py": 'print("hello")\n',
      "bin/script": "#!/bin/sh\necho 'the disk is on fire' >&2\nexit 3\n",
      "bin/text": "not a program\n",
      "nul.py": 'print("a\0b")\n',
    },
    environment: { LIVYD_PYTHON: tools.plainPython },
    settings: { "livyd.profile": "local", "livyd.shiftEnter": "run" },
  }),
  tests: [
    [
      "an unknown field of a profile is named, with the one that was meant",
      async (world) => {
        const { message, buttons } = await sentenceFor(
          world,
          "misspelt",
          { url: "http://127.0.0.1:1", session: { drivrMemory: "2g" } },
          /unknown field/,
        );
        match(
          message,
          /In profile "misspelt": unknown field "(session\.)?drivrMemory"\. Did you mean driverMemory\?/,
        );
        ok(buttons.includes("Open Settings"), String(buttons));
        await world.window.screenshot("unknown-field");
        await world.window.clearNotifications();
      },
    ],

    [
      "a field of the wrong type is named",
      async (world) => {
        const { message } = await sentenceFor(
          world,
          "mistyped",
          { url: "http://127.0.0.1:1", session: { numExecutors: "four" } },
          /numExecutors/,
        );
        match(message, /whole number/);
        await world.window.clearNotifications();
      },
    ],

    [
      "a server that refuses the connection",
      async (world) => {
        const port = await freePort();
        const { message } = await sentenceFor(
          world,
          "refusing",
          { url: `http://127.0.0.1:${port}` },
          /does not answer/,
        );
        match(
          message,
          new RegExp(`127\\.0\\.0\\.1:${port} does not answer \\(connection refused\\)`),
        );
        await world.window.screenshot("refused");
        await world.window.clearNotifications();
      },
    ],

    [
      "a sign-in page instead of a Livy",
      async (world) => {
        const { message } = await sentenceFor(
          world,
          "sign-in",
          { url: world.prepared.page.url },
          /not as a Livy/,
        );
        match(message, /answers, but not as a Livy server \(it sent a web page titled "Sign in"\)/);
        await world.window.screenshot("sign-in-page");
        await world.window.clearNotifications();
      },
    ],

    [
      "TLS where the server speaks plain HTTP",
      async (world) => {
        const url = world.prepared.page.url.replace("http:", "https:");
        const { message } = await sentenceFor(world, "encrypted", { url }, /TLS|https/i);
        match(message, /http/);
        await world.window.clearNotifications();
      },
    ],

    [
      "a profile that does not exist",
      async ({ window, server }) => {
        await server.setWorkspaceSettings({
          "livyd.profile": "clusterr",
          "livyd.profiles": { cluster: { url: "local" } },
        });
        await window.openFile("hello.py");
        await window.settingsSeen("clusterr");
        await window.pressRun();
        const { message } = await window.waitForNotification(/clusterr/);
        doesNotLeak(message);
        match(message, /cluster\b/);
        await window.screenshot("unknown-profile");
        await window.clearNotifications();
        await server.setWorkspaceSettings({});
      },
    ],

    [
      "code with a NUL is refused with a sentence",
      async ({ window }) => {
        await window.openFile("hello.py");
        await window.settingsSeen("local");
        await window.openBinaryFile("nul.py");
        await window.chooseLanguage("Python");
        const block = await window.runByKey();
        match(block.body + block.outcome, /NUL|null/i);
        await window.screenshot("nul");
        await window.clearNotifications();
      },
    ],

    ...[
      [
        "a daemon that is missing",
        "bin/nowhere",
        /nowhere.*(does not exist|is missing|not found)/i,
      ],
      [
        "a daemon that is not executable",
        "bin/text",
        /not executable|may not be (run|executed)|cannot be (run|executed)|permission/i,
      ],
      ["a daemon that exits at once", "bin/script", /(the disk is on fire|ended|stopped|exit)/],
    ].map(([title, path, wanted]) => [
      title,
      async ({ window, server }) => {
        const program = join(server.workspace, path);
        if (path === "bin/script") await chmod(program, 0o755);
        await server.setMachineSettings({ "livyd.daemon.path": program });
        await window.reload();
        await window.openFile("hello.py");
        await window.pressRun();
        const { message } = await window.waitForNotification(wanted);
        doesNotLeak(message);
        await window.screenshot(title.replaceAll(" ", "-"));
        await window.clearNotifications();
      },
    ]),

    [
      "once the daemon is right again, the next run works",
      async ({ window, server }) => {
        await server.setMachineSettings({});
        await window.reload();
        await window.openFile("hello.py");
        await window.settingsSeen("local");
        equal((await window.runByKey()).body, "hello");
      },
    ],
  ],
};
