// Sessions and runs in their views; sessions that were removed or lost; history that outlives them.
import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";

import { eventually, within } from "../tools.mjs";

const files = {
  "hello.py": 'print("hello from the session")\n',
  "worker.py": 'import os\nprint("worker", os.getpid())\n',
  "sleeping.py": 'import time\nprint("asleep")\ntime.sleep(600)\n',
  "page.py": [
    "class Page:",
    "    def _repr_html_(self):",
    "        return '<b id=bold>bold words</b><script>document.title = 1</script>'",
    "    def __repr__(self):",
    "        return 'a page'",
    "Page()",
    "",
  ].join("\n"),
};

/** The id of the session of this name, as a client of nobody's sees it. */
async function idOf(server, name) {
  const ask = await server.stranger();
  const { sessions } = await ask("GET", "/sessions");
  return sessions.find((one) => one.name === name)?.id;
}

export const suite = {
  name: "sessions",
  options: (tools) => ({
    files,
    environment: { LIVYD_PYTHON: tools.plainPython },
    settings: { "livyd.profile": "local", "livyd.shiftEnter": "leave" },
  }),
  tests: [
    [
      "an empty view says what to do",
      async ({ window }) => {
        await window.openFile("hello.py");
        await window.showView("Runs");
        const welcome = window.view("Runs").locator(".welcome-view-content");
        await welcome.first().waitFor();
        match(await welcome.first().innerText(), /Nothing has run yet/);
        await window.screenshot("views-empty");
      },
    ],

    [
      "the session stands in its view, with what can be done",
      async ({ window }) => {
        await window.openFile("hello.py");
        equal((await window.runByKey({ seconds: 60 })).body, "hello from the session");
        const name = await window.sessionName();
        await window.showView("Sessions");
        await window.waitForRow(
          "Sessions",
          "this window's session, which is idle",
          ({ label, description }) => label === name && description.startsWith("idle"),
          { seconds: 40 },
        );
        const [group] = await window.viewRows("Sessions");
        equal(group.label, "This Window");
        await window.screenshot("sessions");
      },
    ],

    [
      "the details of a session are a page of facts",
      async ({ window }) => {
        const name = await window.sessionName();
        await window.runCommand("Livy: Session Details");
        await window.waitForEditor(`${name} (details)`);
        const text = await window.editorText();
        ok(text.startsWith(name), text);
        match(text, /pyspark/);
        await window.screenshot("details");
      },
    ],

    [
      "runs stand in their view, the newest first; a click goes to the code",
      async ({ window }) => {
        await window.openFile("worker.py");
        await window.selectLines(2, 2);
        await window.runByKey();
        await window.showView("Runs");
        const row = await window.waitForRow(
          "Runs",
          "the run has ended",
          ({ label, icon }) => label === "worker.py:2" && icon !== "loading",
        );
        equal((await window.viewRows("Runs"))[0].label, "worker.py:2");
        match(row.description, / s$/);
        await window.openFile("hello.py");
        await window.clickRow("Runs", "worker.py:2", () => window.isActiveEditor("worker.py"));
        await eventually(
          "its line is selected",
          async () => /^Ln 2, .*selected\)$/.test(await window.position()),
          { describe: () => window.position() },
        );
        await window.screenshot("runs");
      },
    ],

    [
      "a row shows the output of its run, and runs it again",
      async ({ window }) => {
        await window.showView("Runs");
        await window.clickRowAction("Runs", "hello.py", "Show Output", () =>
          window.isActiveEditor("hello.py (output)"),
        );
        await window.waitForEditor("hello.py (output)");
        match(await window.editorText(), /^── hello\.py ─ local ─ .*\nhello from the session\n✓/);
        await window.screenshot("run-output");
        await window.openFile("hello.py");
        const before = (await window.viewRows("Runs")).filter(({ label }) => label === "hello.py");
        await window.clickRowAction("Runs", "hello.py", "Run Again", async () => {
          const rows = await window.viewRows("Runs");
          return rows.filter(({ label }) => label === "hello.py").length > before.length;
        });
      },
    ],

    [
      "a row of a run that goes on stops it",
      async ({ window }) => {
        await window.openFile("sleeping.py");
        await window.pressRun();
        await window.waitForOutput("asleep", { seconds: 60 });
        await window.showView("Runs");
        await window.waitForRow("Runs", "it is running", ({ label, description }) => {
          return label === "sleeping.py" && /^running/.test(description);
        });
        await window.screenshot("runs-running");
        await window.clickRowAction("Runs", "sleeping.py", "Stop", async () => {
          const [first] = await window.viewRows("Runs");
          return first.icon === "debug-stop";
        });
        await window.waitForStatus("$(check) local", { seconds: 40 });
      },
    ],

    [
      "statements of the session are listed, newest first",
      async ({ window }) => {
        await window.openFile("hello.py");
        await window.runByKey();
        await window.runCommand("Livy: List Statements");
        await window.waitForQuestion("Statements");
        const rows = await eventually("the statements", async () => {
          const shown = await window.quickRows();
          return shown.length > 0 && shown;
        });
        await window.screenshot("statements");
        match(rows[0].label, /print\("hello from the session"\)/);
        await window.dismissQuickInput();
      },
    ],

    [
      "the session's log is followed in a channel of its own",
      async ({ window }) => {
        await window.runCommand("Livy: Show Session Log");
        await eventually(
          "the channel is shown",
          async () => (await window.shownChannel()) === "Livy Session Log",
          { describe: () => window.describe() },
        );
        await window.waitForOutput(/── session \S+ ──|the log is empty so far/);
        await window.screenshot("session-log");
        await window.runCommand("Livy: Stop Following Log");
        await eventually(
          "it is not followed any more",
          async () => !(await window.offersCommand("Livy: Stop Following Log")),
        );
      },
    ],

    [
      "HTML of a result is shown in a panel that runs none of its scripts",
      async ({ window }) => {
        await window.openFile("page.py");
        const block = await window.runByKey();
        match(block.body, /\(HTML: Livy: Show Results\)$/);
        await window.runCommand("Livy: Show Results");
        const page = await eventually(
          "the frame with the HTML",
          async () => {
            for (const frame of window.page.frames()) {
              const text = await frame
                .locator("#bold")
                .textContent({ timeout: 200 })
                .catch(() => "");
              if (text === "bold words") return frame;
            }
          },
          { describe: () => window.describe() },
        );
        notEqual(await page.title().catch(() => ""), "1");
        await window.screenshot("results");
        await window.runCommand("View: Close All Editors");
      },
    ],

    [
      "a session that was lost behind livyd's back is said, and the next run has a new one",
      async ({ window, server }) => {
        await window.openFile("worker.py");
        await window.goToLine(1);
        const before = (await window.runByKey()).body;
        const name = await window.sessionName();
        const ask = await server.stranger();
        await ask("DELETE", `/sessions/${await idOf(server, name)}`);
        await window.openFile("worker.py");
        const { body, outcome } = await window.runByKey({ seconds: 90 });
        match(outcome, /^✓/);
        notEqual(body, before);
        notEqual(await window.sessionName(), name);
        match(await window.outputText("Livy"), /^· .*session .*(gone|lost)/m);
        await window.screenshot("session-lost");
        await window.clearNotifications();
      },
    ],

    [
      "a session that was killed in the view starts no other by itself",
      async ({ window, server }) => {
        const name = await window.sessionName();
        await window.showView("Sessions");
        await window.waitForRow("Sessions", "the session", ({ label }) => label === name);
        await window.clickRowAction("Sessions", name, "Kill Session", async () => {
          return /\(plug\) local/.test(await window.livyStatus());
        });
        await window.openFile("hello.py");
        await window.pressRun();
        const { buttons } = await window.waitForNotification("You removed the session.");
        ok(buttons.includes("Start Session"), String(buttons));
        equal(await idOf(server, name), undefined);
        const ask = await server.stranger();
        deepEqual((await ask("GET", "/sessions")).sessions, []);
        await window.clearNotifications();
      },
    ],

    [
      "the history is searched after the session and the window are gone",
      async ({ window }) => {
        await window.reload();
        await window.openFile("hello.py");
        await window.showView("Runs");
        await window.waitForRow("Runs", "a run of before", ({ label }) => label === "hello.py", {
          seconds: 40,
        });
        await window.runCommand("Livy: Search History");
        await window.waitForQuestion("Search History");
        await eventually(
          "what was printed is found",
          async () => {
            await window.fillQuickInput("");
            await window.fillQuickInput("FROM THE SESS");
            const rows = await within(3, async () => {
              const shown = await window.quickRows();
              return shown.length > 0 && shown;
            });
            return (rows || []).some(({ label }) => label === "hello from the session");
          },
          { seconds: 30, describe: () => window.describe() },
        );
        await window.screenshot("history");
        await window.chooseFirst("hello from the session");
        await window.waitForEditor("hello.py (output)");
        match(await window.editorText(), /hello from the session\n✓/);
      },
    ],

    [
      "the history is cleared on request, after a question",
      async ({ window }) => {
        await window.runCommand("Livy: Clear History");
        match(await window.answerDialog("Clear"), /Forget \d+ runs? and/);
        await eventually(
          "the view is empty",
          async () => (await window.viewRows("Runs")).length === 0,
        );
      },
    ],
  ],
};
