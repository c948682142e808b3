// Deploying: what would go and what went, with progress and cancel; an edit is live in the next run.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";

import { startHdfs, startSlowWay } from "../hdfs.mjs";
import { eventually } from "../tools.mjs";

const root = "/user/alice/livyd";
/** One line: the editor indents what is typed. */
const answer = (value) => `def value(): return ${value}`;

const files = {
  "scripts/main.py": "from pkg.answer import value\n\nprint(value())\n",
  "modules/pkg/__init__.py": "",
  "modules/pkg/answer.py": answer(1),
  // More than fits into one write, and nothing that a zip makes small.
  "modules/pkg/ballast.txt": randomBytes(1_000_000).toString("hex"),
};

/** Everything below the deployment's folder, whatever its own folders are called. */
async function deployedFiles(hdfs, folder = root) {
  const names = (await hdfs.names(folder)) ?? [];
  const below = await Promise.all(
    names.map(async (name) => {
      const path = `${folder}/${name}`;
      const inside = await hdfs.names(path);
      // The listing of a file is the file itself, under no name.
      return inside === undefined || inside[0] === "" ? [path] : deployedFiles(hdfs, path);
    }),
  );
  return below.flat();
}

async function openMain(window) {
  await window.openFile("main.py");
  await window.goToLine(1);
}

export const suite = {
  name: "deploy",
  prepare: async (tools) => {
    const hdfs = await startHdfs(tools);
    const way = await startSlowWay(hdfs);
    const stop = async () => {
      await way.stop();
      await hdfs.stop();
    };
    return { hdfs, way, stop };
  },
  options: (tools, { way }) => ({
    files,
    environment: { LIVYD_PYTHON: tools.plainPython, HADOOP_USER_NAME: "alice" },
    settings: {
      "livyd.profile": "cluster",
      "livyd.profiles": {
        cluster: {
          url: "local",
          webhdfs: `${way.url}/webhdfs/v1`,
          deploy: { root, by: "webhdfs", bundles: [{ name: "modules", folder: "modules" }] },
        },
      },
      "livyd.shiftEnter": "leave",
    },
  }),
  tests: [
    [
      "an empty view says what can be deployed, and the plan what would be",
      async ({ window }) => {
        await openMain(window);
        await window.showView("Deployed");
        const welcome = window.view("Deployed").locator(".welcome-view-content").first();
        await welcome.waitFor();
        match(await welcome.innerText(), /Nothing is deployed yet/);
        await openMain(window);
        await window.runCommand("Livy: Show Deploy Plan");
        await window.waitForEditor("Deploy Plan of cluster", { seconds: 60 });
        const text = await window.editorText();
        match(text, /^Deploy Now would send .* to cluster: /);
        match(text, /They travel by WebHDFS\./);
        match(text, /is not there: will be sent\n {2}from .*modules/);
        await window.screenshot("deploy-plan");
        await window.runCommand("View: Close All Editors");
      },
    ],

    [
      "a deployment that is cancelled in the middle leaves nothing behind",
      async ({ window, prepared: { hdfs, way } }) => {
        await window.clearNotifications();
        await openMain(window);
        way.shut();
        try {
          await window.runCommand("Livy: Deploy Now");
          const { message } = await window.waitForNotification(/deploying to cluster.*\d.* of /, {
            seconds: 60,
          });
          match(message, /MB/);
          await window.screenshot("deploying");
          await eventually(
            "it is in the middle",
            async () => (await deployedFiles(hdfs)).some((path) => /\.part/.test(path)),
            { seconds: 60, describe: async () => `${await deployedFiles(hdfs)}` },
          );
          await window.clickNotificationButton("Cancel");
          await eventually(
            "nothing is asked and nothing is left",
            async () =>
              (await window.notifications()).length === 0 &&
              (await deployedFiles(hdfs)).length === 0,
            { seconds: 60, describe: async () => `${await deployedFiles(hdfs)}` },
          );
        } finally {
          way.open();
        }
      },
    ],

    [
      "what is deployed stands in its view, and what is not as it is here is marked",
      async ({ window, server, prepared: { hdfs } }) => {
        await server.write("modules/pkg/answer.py", answer(1));
        await openMain(window);
        await window.runCommand("Livy: Deploy Now");
        await window.showView("Deployed");
        const row = await window.waitForRow(
          "Deployed",
          "the modules",
          ({ description }) => /^pyFiles · [0-9a-f]{8} · /.test(description),
          { seconds: 60 },
        );
        const targets = await deployedFiles(hdfs);
        ok(
          targets.some((target) => row.description.endsWith(target)),
          `${row.description}: ${targets}`,
        );
        await window.screenshot("deployed");
        await window.openFile("answer.py");
        await window.press("Control+a");
        await window.type(answer(5));
        await window.pressUntil("answer.py is saved", ["Control+s"], async () => {
          return (
            (await readFile(join(server.workspace, "modules/pkg/answer.py"), "utf8")) === answer(5)
          );
        });
        await window.waitForRow(
          "Deployed",
          "the modules are stale",
          ({ description, icon }) => icon === "warning" && /^not what is here/.test(description),
          { seconds: 40 },
        );
        await window.screenshot("deployed-stale");
      },
    ],

    [
      "Reload Changed Modules shows its effect in the next run",
      async ({ window, server }) => {
        await server.write("modules/pkg/answer.py", answer(1));
        await openMain(window);
        await window.runCommand("Livy: Restart Session");
        await window.waitForStatus("$(check) cluster", { seconds: 120 });
        await openMain(window);
        equal((await window.runByKey({ seconds: 120 })).body, "1");
        await window.openFile("answer.py");
        await window.press("Control+a");
        await window.type(answer(42));
        // It is saved by the command itself.
        await window.runCommand("Livy: Reload Changed Modules");
        await eventually(
          "the channel says what was reloaded",
          async () =>
            /^· reloaded: .*pkg\.answer/m.test(await server.channelFile("Livy", window.since)),
          { seconds: 60, describe: () => window.describe() },
        );
        await openMain(window);
        equal((await window.runByKey({ seconds: 60 })).body, "42");
        await window.screenshot("reloaded");
      },
    ],

    [
      "a module that cannot be loaded is kept, and its line is underlined",
      async ({ window, server }) => {
        await window.clearNotifications();
        await window.openFile("answer.py");
        await window.press("Control+a");
        await window.type("def value() return 1");
        await window.runCommand("Livy: Reload Changed Modules");
        await window.waitForNotification(/./, { seconds: 60 });
        await eventually(
          "the channel says why it was kept",
          async () =>
            /^· pkg\.answer stays as it was: .*SyntaxError/m.test(
              await server.channelFile("Livy", window.since),
            ),
          { seconds: 30, describe: () => window.describe() },
        );
        const problems = await window.problems();
        ok(
          problems.some((line) => line.includes("The session keeps the old pkg.answer.")),
          String(problems),
        );
        await window.screenshot("reload-kept");
        await server.write("modules/pkg/answer.py", answer(42));
        await window.runCommand("File: Revert File").catch(() => {});
        await openMain(window);
        equal((await window.runByKey({ seconds: 60 })).body, "42");
        await window.clearNotifications();
      },
    ],

    [
      "a standalone script is built, and runs without what it was built from",
      async ({ window, server }) => {
        await server.write("modules/pkg/answer.py", answer(7));
        const built = join(server.workspace, "scripts", "main_standalone.py");
        await rm(built, { force: true });
        await window.clearNotifications();
        await openMain(window);
        await window.runCommand("Livy: Build Standalone Script…");
        await window.waitForQuestion("Arguments of main_standalone.py");
        await window.answerInput("");
        await window.waitForQuestion("Build a standalone script");
        await window.acceptFile(built);
        await window.waitForNotification(/main_standalone\.py is written: \d+ files? of packages/, {
          seconds: 60,
        });
        match(await readFile(built, "utf8"), /main/);
        await window.clearNotifications();
        await openMain(window);
        const [block] = await window.runs(
          async () => {
            await window.runCommand("Livy: Run Standalone…");
            await window.waitForQuestion("Arguments of main_standalone.py");
            await window.answerInput("");
          },
          { seconds: 120 },
        );
        deepEqual([block.label, block.body], ["main_standalone.py", "7"]);
        await window.screenshot("standalone");
      },
    ],

    [
      "what was deployed is removed after a question",
      async ({ window, prepared: { hdfs } }) => {
        await openMain(window);
        await window.runCommand("Livy: Deploy Now");
        await window.showView("Deployed");
        await window.waitForRow(
          "Deployed",
          "the modules as they are here",
          ({ icon, description }) => icon === "package" && /^pyFiles/.test(description),
          { seconds: 60 },
        );
        const rows = () => window.viewRows("Deployed");
        const dialog = window.page.locator(".monaco-dialog-box");
        for (let left = (await rows()).length; left > 0; left = (await rows()).length) {
          await window.clickRowAction(
            "Deployed",
            "modules",
            "Remove",
            async () => (await dialog.count()) > 0,
          );
          match(await window.answerDialog("Remove"), /Remove modules from cluster\?/);
          await eventually("its row is gone", async () => (await rows()).length < left, {
            describe: async () => JSON.stringify(await rows()),
          });
        }
        await eventually(
          "nothing is deployed any more",
          async () => (await deployedFiles(hdfs)).length === 0,
          { describe: async () => `${await deployedFiles(hdfs)}` },
        );
      },
    ],

    [
      "this machine has no batches, and says what runs a file instead",
      async ({ window, server }) => {
        await window.clearNotifications();
        await openMain(window);
        await window.showView("Batches");
        await eventually(
          "the view says why it is empty",
          async () => /has no batches\. .*Run File/.test(await window.view("Batches").innerText()),
          { describe: () => window.view("Batches").innerText() },
        );
        await window.screenshot("batches");
        await openMain(window);
        await window.runCommand("Livy: Submit as Batch…");
        await window.waitForQuestion("Submit as Batch");
        await window.answerInput(join(server.workspace, "scripts/main.py"));
        await window.waitForQuestion("Arguments of main.py");
        await window.answerInput("--day 2026-01-31");
        await window.waitForNotification(/has no batches\. .*Run File/);
        await window.clearNotifications();
      },
    ],
  ],
};
