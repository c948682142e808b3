// The cluster's files in the editor, on a real HDFS: found, opened, saved, renamed, moved, deleted.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";

import { startHdfs } from "../hdfs.mjs";
import { eventually, within } from "../tools.mjs";

const odd = "a b%2F+#&ü😀.txt";
const large = 64 * 1024 * 1024 + 1;

function settingsOf(profile, hdfs) {
  const webhdfs = `${hdfs.url}/webhdfs/v1`;
  return {
    "livyd.profile": profile,
    "livyd.profiles": { plain: { url: "local" }, Cluster: { url: "local", webhdfs } },
    "livyd.shiftEnter": "leave",
  };
}

/** The HDFS view of the profile that has one. */
async function showFiles({ window }) {
  await window.openFile("hello.py");
  await window.showView("HDFS");
  await window.waitForRow("HDFS", "the home folder", ({ label }) => label === "reports", {
    seconds: 60,
  });
}

/** Opens a folder of the view until what is in it is seen. */
async function expand(window, folder, inside) {
  const seen = async () =>
    (await window.viewRows("HDFS")).some(({ label }) => label === inside) || undefined;
  if (!(await seen())) await window.clickRow("HDFS", folder, seen);
}

export const suite = {
  name: "hdfs",
  prepare: async (tools) => {
    const hdfs = await startHdfs(tools);
    await hdfs.write("/user/alice/reports/2026/numbers.csv", "a,b\n1,2\n");
    await hdfs.write(`/user/alice/${odd}`, "odd\n");
    return { hdfs, stop: hdfs.stop };
  },
  options: (tools, { hdfs }) => ({
    files: { "hello.py": 'print("hello")\n', "sent.txt": "sent from here\n" },
    environment: { LIVYD_PYTHON: tools.plainPython, HADOOP_USER_NAME: "alice" },
    settings: settingsOf("plain", hdfs),
  }),
  tests: [
    [
      "a profile that does not say where its files are is asked about it with one click",
      async ({ window, server, prepared: { hdfs } }) => {
        await server.setSettings(settingsOf("plain", hdfs));
        await window.reload();
        await window.openFile("hello.py");
        await window.showView("HDFS");
        const welcome = window.view("HDFS").locator(".welcome-view-content").first();
        await welcome.waitFor();
        match(await welcome.innerText(), /does not say where the files of its cluster are/);
        await window.screenshot("hdfs-welcome");
        const button = window.view("HDFS").locator(".welcome-view-content .monaco-button").first();
        await eventually("it asks for the address", async () => {
          await button.click({ timeout: 1_000 }).catch(() => {});
          return within(2, async () => (await window.quickTitle()).includes("WebHDFS of plain"));
        });
        await window.answerInput(`${hdfs.url}/webhdfs/v1`);
        await window.waitForRow("HDFS", "the home folder", ({ label }) => label === "reports", {
          seconds: 60,
        });
        const { "livyd.profiles": profiles } = await server.settings();
        equal(profiles.plain.webhdfs, `${hdfs.url}/webhdfs/v1`);
        await server.setSettings(settingsOf("Cluster", hdfs));
        await window.reload();
      },
    ],

    [
      "the home folder is browsed, and a file is opened by a click",
      async (world) => {
        const { window } = world;
        await showFiles(world);
        const [first] = await window.viewRows("HDFS");
        equal(first.label, "reports", "folders stand first");
        await expand(window, "reports", "2026");
        await expand(window, "2026", "numbers.csv");
        const file = (await window.viewRows("HDFS")).find(({ label }) => label === "numbers.csv");
        equal(file.description, "8 bytes");
        await window.clickRow("HDFS", "numbers.csv", () => window.isActiveEditor("numbers.csv"));
        await window.waitForEditor("numbers.csv");
        equal(await window.editorText(), "a,b\n1,2\n");
        await window.screenshot("hdfs");
        await window.clickRow("HDFS", odd, () => window.isActiveEditor(odd));
        await window.waitForEditor(odd);
        equal(await window.editorText(), "odd\n");
      },
    ],

    [
      "what is saved is on the cluster",
      async (world) => {
        const { window, prepared } = world;
        const path = "/user/alice/reports/2026/numbers.csv";
        await prepared.hdfs.write(path, "a,b\n");
        await window.runCommand("View: Close All Editors");
        await showFiles(world);
        await expand(window, "reports", "2026");
        await expand(window, "2026", "numbers.csv");
        await window.clickRow("HDFS", "numbers.csv", () => window.isActiveEditor("numbers.csv"));
        await window.waitForEditor("numbers.csv");
        await window.press("Control+End");
        await window.type("3,4\n");
        await window.pressUntil(
          "the file is saved",
          ["Control+s"],
          async () => (await prepared.hdfs.read(path)) === "a,b\n3,4\n",
          { patience: 5 },
        );
        await window.waitForRow(
          "HDFS",
          "its new size",
          ({ label, description }) => label === "numbers.csv" && description === "8 bytes",
        );
        // Nothing of it is left beside it, and nothing here.
        deepEqual(await prepared.hdfs.names("/user/alice/reports/2026"), ["numbers.csv"]);
      },
    ],

    [
      "a new folder is made, a file in it renamed, and both are deleted after a question",
      async (world) => {
        const { window, prepared } = world;
        const { hdfs } = prepared;
        await hdfs.remove("/user/alice/new");
        await showFiles(world);
        await window.runCommand("Livy: New HDFS Folder…");
        await window.waitForQuestion("New folder in /user/alice", { seconds: 30 });
        await window.answerInput("new/deep");
        await window.waitForRow("HDFS", "the new folder", ({ label }) => label === "new");
        deepEqual(await hdfs.names("/user/alice/new"), ["deep"]);
        await hdfs.write("/user/alice/new/before.txt", "x");
        await expand(window, "new", "before.txt");
        await window.chooseFromRowMenu("HDFS", "before.txt", "Rename in HDFS…", async () =>
          (await window.quickTitle()).includes("Rename /user/alice/new/before.txt"),
        );
        await window.answerInput("after.txt");
        await window.waitForRow("HDFS", "its new name", ({ label }) => label === "after.txt");
        equal(await hdfs.read("/user/alice/new/after.txt"), "x");
        const dialog = window.page.locator(".monaco-dialog-box");
        await window.chooseFromRowMenu(
          "HDFS",
          "new",
          "Delete in HDFS…",
          async () => (await dialog.count()) > 0,
        );
        const question = await window.answerDialog("Delete");
        match(question, /Delete \/user\/alice\/new on Cluster\?/);
        await eventually(
          "it is gone",
          async () => !(await hdfs.names("/user/alice")).includes("new"),
          { describe: () => window.describe() },
        );
        await eventually("its row is gone", async () =>
          (await window.viewRows("HDFS")).every(({ label }) => label !== "new"),
        );
      },
    ],

    [
      "files are uploaded and downloaded",
      async (world) => {
        const { window, server, prepared } = world;
        const { hdfs } = prepared;
        await hdfs.remove("/user/alice/sent.txt");
        await rm(join(server.workspace, "got.txt"), { force: true });
        await showFiles(world);
        await window.runCommand("Livy: Upload to HDFS…");
        await window.waitForQuestion("Upload to /user/alice", { seconds: 30 });
        await window.chooseFile(join(server.workspace, "sent.txt"));
        await window.waitForRow("HDFS", "the uploaded file", ({ label }) => label === "sent.txt");
        equal(await hdfs.read("/user/alice/sent.txt"), "sent from here\n");
        await window.clickRowAction("HDFS", "sent.txt", "Download", async () =>
          (await window.quickTitle()).includes("Download /user/alice/sent.txt"),
        );
        await window.chooseFile(join(server.workspace, "got.txt"));
        await eventually(
          "it is here",
          async () =>
            (await readFile(join(server.workspace, "got.txt"), "utf8").catch(() => "")) ===
            "sent from here\n",
          { describe: () => window.describe() },
        );
      },
    ],

    [
      "a file that is too large for an editor is offered as a download",
      async (world) => {
        const { window, prepared } = world;
        await prepared.hdfs.write("/user/alice/reports/large.bin", Buffer.alloc(large, "x"));
        await window.clearNotifications();
        await showFiles(world);
        await window.runCommand("Livy: Go to HDFS Folder…");
        await window.answerInput("/user/alice/reports");
        await window.waitForRow("HDFS", "the large file", ({ label }) => label === "large.bin");
        await window.clickRow("HDFS", "large.bin", async () =>
          (await window.notifications()).some(({ message }) =>
            /too much for an editor/.test(message),
          ),
        );
        const { message, buttons } = await window.waitForNotification(/too much for an editor/);
        match(message, /^large\.bin has 67\.1 MB/);
        ok(buttons.includes("Download"), String(buttons));
        await window.screenshot("hdfs-too-large");
        await window.runCommand("View: Close All Editors");
        await window.clearNotifications();
        await window.runCommand("Livy: Go to HDFS Folder…");
        await window.answerInput("~");
        await window.waitForRow("HDFS", "the home folder", ({ label }) => label === "reports");
      },
    ],

    [
      "what may not be done is said, and nothing is lost",
      async (world) => {
        const { window } = world;
        await window.clearNotifications();
        await showFiles(world);
        await window.runCommand("Livy: Go to HDFS Folder…");
        await window.answerInput("/user/bob");
        await window.runCommand("Livy: New HDFS Folder…");
        await window.waitForQuestion("New folder in /user/bob", { seconds: 30 });
        await window.answerInput("mine");
        const { message } = await window.waitForNotification(/\/user\/bob/, { seconds: 30 });
        match(message, /permission|may not|refused|denied/i);
        await window.screenshot("hdfs-forbidden");
        await window.clearNotifications();
      },
    ],
  ],
};
