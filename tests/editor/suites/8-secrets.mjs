// A server that wants a password: asked for once, remembered, forgotten on demand, written nowhere.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";

import { startBasicDoor, startEndpoint } from "../doors.mjs";
import { eventually, within } from "../tools.mjs";

const first = "correct horse battery staple";
const second = "another password, since changed";
const question = "Password of alice at localhost";

/** What people have in ~/.sparkmagic/config.json. */
const sparkmagic = {
  kernel_python_credentials: {
    username: "alice",
    password: "what sparkmagic keeps in the open",
    url: "https://gw.example.com:8443/gateway/default/livy/v1",
    auth: "Basic_Access",
  },
  session_configs: { driverMemory: "1000M", executorCores: 2 },
};

export const suite = {
  name: "secrets",
  prepare: async (tools, extensions) => {
    const endpoint = await startEndpoint(tools, extensions);
    const door = await startBasicDoor(endpoint, "alice", first);
    const stop = async () => {
      await door.stop();
      await endpoint.stop();
    };
    return { door, stop };
  },
  options: (tools, { door }) => ({
    files: { "hello.py": 'print("hello")\n' },
    environment: { LIVYD_PYTHON: tools.plainPython },
    settings: {
      "livyd.profile": "door",
      "livyd.profiles": { door: { url: door.url, auth: { type: "basic", user: "alice" } } },
      "livyd.shiftEnter": "leave",
      "livyd.trace": true,
    },
  }),
  tests: [
    [
      "the first run asks for the password, once",
      async ({ window, prepared: { door } }) => {
        await forgetAll(window);
        door.change(first);
        await window.openFile("hello.py");
        const [block] = await window.runs(
          async () => {
            await window.pressRun();
            match(await window.waitForQuestion(question, { seconds: 40 }), /remembers it/);
            await window.screenshot("secret");
            await window.answerSecret(first);
          },
          { seconds: 90 },
        );
        deepEqual([block.profile, block.body], ["door", "hello"]);
        equal((await window.runByKey({ seconds: 60 })).body, "hello");
        equal(await window.quickTitle(), "");
        equal(door.refused, 0);
      },
    ],

    [
      "a window that is loaded again remembers it",
      async ({ window, prepared: { door } }) => {
        await window.reload();
        await window.openFile("hello.py");
        equal((await window.runByKey({ seconds: 90 })).body, "hello");
        equal(await window.quickTitle(), "");
        equal(door.refused, 0);
      },
    ],

    [
      "a password that was changed is asked for again, after one try",
      async ({ window, prepared: { door } }) => {
        door.change(second);
        const before = door.refused;
        await window.openFile("hello.py");
        await window.restored();
        await window.pressRun();
        const asked = await window.waitForQuestion(question, { seconds: 60 });
        match(asked, /was refused/);
        await window.screenshot("secret-refused");
        await window.answerSecret(second);
        await eventually(
          "runs go on with the new one",
          async () => (await window.runByKey({ seconds: 60 })).body === "hello",
          { seconds: 120 },
        );
        equal(door.refused, before + 1, "an account is locked by tries");
      },
    ],

    [
      "Forget Secret makes the next run ask, and a question may stay unanswered",
      async ({ window }) => {
        await window.clearNotifications();
        await window.runCommand("Livy: Forget Secret…");
        await window.waitForQuestion("Forget Secret");
        await window.screenshot("secret-forget");
        await window.chooseRow(question);
        await window.openFile("hello.py");
        const [failed] = await window.runs(
          async () => {
            await window.pressRun();
            await window.waitForQuestion(question, { seconds: 40 });
            await window.dismissQuickInput();
          },
          { seconds: 60 },
        );
        ok(!failed.outcome.startsWith("✓"), failed.outcome);
        const [block] = await window.runs(
          async () => {
            await window.pressRun();
            await window.waitForQuestion(question, { seconds: 40 });
            await window.answerSecret(second);
          },
          { seconds: 60 },
        );
        equal(block.body, "hello");
      },
    ],

    [
      "a server that is new is asked how it wants to be signed in to",
      async ({ window, server, prepared: { door } }) => {
        await window.clearNotifications();
        await window.runCommand("Livy: Select Profile");
        await window.chooseRow("On a Livy server…");
        await window.answerInput(door.url);
        await window.waitForQuestion("How do you sign in to this server?", { seconds: 40 });
        await window.screenshot("sign-in");
        equal((await window.quickRows())[0].label, "User name and password");
        await window.chooseRow("User name and password");
        await window.waitForQuestion("User name");
        await window.answerInput("alice");
        await window.waitForQuestion(question, { seconds: 40 });
        await window.answerSecret(second);
        const made = await eventually(
          "the profile is written and chosen",
          async () => {
            const settings = await server.settings();
            const name = settings["livyd.profile"];
            return name !== "door" && settings["livyd.profiles"][name];
          },
          { seconds: 60, describe: () => window.describe() },
        );
        deepEqual(made, { url: door.url, auth: { type: "basic", user: "alice" } });
        await window.openFile("hello.py");
        equal((await window.runByKey({ seconds: 90 })).body, "hello");
        // One click on the item of the status bar, one on the other environment.
        const rows = await window.clickStatus();
        ok(
          rows.some(({ label }) => label === "door"),
          JSON.stringify(rows),
        );
        await window.chooseRow("door");
        await window.settingsSeen("door");
      },
    ],

    [
      "profiles are imported after a question, and never with a password",
      async ({ window, server }) => {
        await window.clearNotifications();
        const before = (await server.settings())["livyd.profiles"];
        const file = await server.write(`settings-${Date.now()}.json`, JSON.stringify(sparkmagic));
        await window.runCommand("Livy: Import Profiles…");
        await window.waitForQuestion("Import profiles from");
        await window.chooseFile(file);
        const text = await window.answerDialog("Write");
        // Its password is no matter of ours.
        await rm(file);
        match(text, /Write 1 profile into your settings: \S+\?/);
        match(text, /password/);
        const after = await eventually("the profile is written", async () => {
          const now = (await server.settings())["livyd.profiles"];
          return Object.keys(now).length > Object.keys(before).length && now;
        });
        const [name] = Object.keys(after).filter((one) => !(one in before));
        equal(after[name].url, sparkmagic.kernel_python_credentials.url);
        deepEqual(after[name].auth, { type: "basic", user: "alice" });
      },
    ],

    [
      "no password stands in settings, logs or what livyd keeps",
      async ({ server }) => {
        const folders = ["User", "Machine", "logs"].map((name) => join(server.userData, name));
        const files = await filesBelow([...folders, server.environment.HOME, server.workspace]);
        ok(files.length > 5, files.join("\n"));
        const passwords = [first, second, sparkmagic.kernel_python_credentials.password];
        const secrets = passwords.flatMap((one) => [one, btoa(one), btoa(`alice:${one}`)]);
        for (const file of files) {
          const bytes = await readFile(file);
          for (const secret of secrets) {
            ok(!bytes.includes(secret), `${file} holds a password`);
          }
        }
      },
    ],
  ],
};

async function filesBelow(folders) {
  const found = [];
  for (const folder of folders) {
    for (const path of await readdir(folder, { recursive: true }).catch(() => [])) {
      const file = join(folder, path);
      const known = await stat(file).catch(() => undefined);
      if (known?.isFile()) found.push(file);
    }
  }
  return found;
}

/** What an earlier try of a test has left behind. */
async function forgetAll(window) {
  await eventually(
    "nothing is remembered",
    async () => {
      await window.clearNotifications();
      await window.runCommand("Livy: Forget Secret…");
      const none = async () => (await window.notifications()).length > 0;
      await within(10, async () => (await none()) || (await window.quickTitle()) !== "");
      if (await none()) return true;
      const [row] = await window.quickRows();
      if (row) await window.chooseRow(row.label);
      return false;
    },
    { seconds: 90 },
  );
  await window.clearNotifications();
}
