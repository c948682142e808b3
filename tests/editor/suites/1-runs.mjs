// Runs from the editor, in a session of plain Python on this machine: what is sent, what is shown.
import { deepEqual, doesNotMatch, equal, match, notEqual, ok } from "node:assert/strict";
import { join } from "node:path";

import { eventually } from "../tools.mjs";

const etl = `# A file to run pieces of.
names = ["bronze", "silver", "gold"]
for place, name in enumerate(names):
    print(place, name)
count = len(names)
print("there are", count)

print("step one")
print("not selected")
print("step two")
`;

const failing = `def f(x):
    return 1 / x


print("before")
f(0)
print("never")
`;

const nested = `if True:
    a = 20
    # a comment
    if a > 10:
        print("deep", a)
    raise ValueError("on line six")
`;

const program = `import sys
print("name is", __name__)
print("file is", __file__)
print("arguments are", sys.argv)
if __name__ == "__main__":
    print("the guard ran")
`;

const afterProgram = `import sys
left = "program.py" in globals().get("__file__", "")
print("file", left, "arguments", any("program.py" in a for a in sys.argv))
`;

const files = {
  "etl.py": etl,
  "jobs/failing.py": failing,
  "nested.py": nested,
  "program.py": program,
  "after.py": afterProgram,
  "windows.py": 'print("one")\r\nif True:\r\n    print("""two\r\nthree""")\r\n',
  "colours.py": 'print("\\x1b[31mred\\x1b[0m and plain")\n',
  "blank.py": "x = 1\n\n\n   \ny = 2\n",
  "unicode.py": 'print("Grüße, 世界 🎉")\n',
  "long.py": 'for line in range(60000):\n    print(f"{line:06d} " + "x" * 40)\n',
  "sleeping.py": 'import time\nprint("going to sleep")\ntime.sleep(600)\nprint("woke up")\n',
  "session.py":
    "import os\nmark = 42 if 'mark' not in globals() else mark\nprint('worker', os.getpid())\n",
  "remembered.py": "import os\nprint('worker', os.getpid(), 'mark', mark)\n",
};

export const suite = {
  name: "runs",
  options: (tools) => ({
    files,
    environment: { LIVYD_PYTHON: tools.plainPython },
    settings: { "livyd.profile": "local", "livyd.shiftEnter": "run" },
  }),
  tests: [
    [
      "nothing of livyd runs before it is asked for",
      async ({ window, server }) => {
        await window.openFile("etl.py");
        await eventually("the status bar has the profile", async () => await window.livyStatus());
        equal(await window.livyStatus(), "$(plug) local");
        deepEqual(await server.daemons(), []);
      },
    ],

    [
      "three selected lines run with Shift+Enter and show their output below",
      async ({ window }) => {
        await window.openFile("etl.py");
        await window.selectLines(2, 4);
        const [block] = await window.runs(() => window.pressRun("Shift+Enter"));
        equal(block.label, "etl.py:2-4");
        equal(block.profile, "local");
        equal(block.body, "0 bronze\n1 silver\n2 gold");
        match(block.outcome, /^✓ \d+(\.\d+)? (s|min)/);
        const seen = await window.visibleOutput();
        match(seen, /2 gold/);
        await window.screenshot("selection");
      },
    ],

    [
      "the editor keeps the focus while the channel is shown",
      async ({ window }) => {
        await window.openFile("etl.py");
        await window.runCommand("View: Hide Panel");
        await window.selectLines(5, 6);
        await window.pressRun();
        await window.waitForOutput("there are 3");
        equal(await window.shownChannel(), "Livy");
        equal(await window.focus(), "editor");
      },
    ],

    [
      "without a selection the whole document runs",
      async ({ window }) => {
        await window.openFile("etl.py");
        await window.goToLine(7);
        const block = await window.runByKey();
        equal(block.label, "etl.py");
        equal(
          block.body,
          "0 bronze\n1 silver\n2 gold\nthere are 3\nstep one\nnot selected\nstep two",
        );
      },
    ],

    [
      "the status bar says that the session is idle again",
      async ({ window }) => {
        equal(await window.waitForStatus("$(check) local"), "$(check) local");
      },
    ],

    [
      "an exception shows its traceback with the editor's file and line",
      async ({ window, server }) => {
        await window.openFile("jobs/failing.py");
        await window.goToLine(1);
        const block = await window.runByKey();
        const file = join(server.workspace, "jobs", "failing.py");
        equal(block.label, "failing.py");
        match(block.body, /^before\nTraceback \(most recent call last\):\n/);
        ok(block.body.includes(`File "${file}", line 6`), block.body);
        ok(block.body.includes(`File "${file}", line 2, in f`), block.body);
        match(block.body, /\nZeroDivisionError: division by zero$/);
        match(block.outcome, /^✗ ZeroDivisionError after \d/);
        await window.screenshot("exception");
      },
    ],

    [
      "the places in a traceback are links to them",
      async ({ window }) => {
        await window.openFile("etl.py");
        await window.waitForOutput("ZeroDivisionError: division by zero");
        await window.followLink("line 2", "failing.py");
        await eventually(
          "the cursor is at the place",
          async () => /^Ln 2,/.test(await window.position()),
          { describe: () => window.position() },
        );
      },
    ],

    [
      "a traceback of a selection counts from the file's first line",
      async ({ window, server }) => {
        await window.openFile("jobs/failing.py");
        await window.selectLines(5, 6);
        const block = await window.runByKey();
        const file = join(server.workspace, "jobs", "failing.py");
        equal(block.label, "failing.py:5-6");
        ok(block.body.includes(`File "${file}", line 6`), block.body);
      },
    ],

    [
      "several selections run one after another, in the order of the document",
      async ({ window }) => {
        await window.openFile("etl.py");
        // From the lower one, so that the order of selecting is not the order of the lines.
        await window.selectEachLineFrom(10, 8, 2);
        const both = await window.runs(() => window.pressRun(), {
          count: 2,
        });
        deepEqual(
          both.map(({ label, body }) => [label, body]),
          [
            ["etl.py:8", "step one"],
            ["etl.py:10", "step two"],
          ],
        );
      },
    ],

    [
      "an indented selection is dedented, and its errors name the editor's lines",
      async ({ window, server }) => {
        await window.openFile("nested.py");
        await window.selectLines(2, 6);
        const block = await window.runByKey();
        equal(block.label, "nested.py:2-6");
        match(block.body, /^deep 20\n/);
        ok(
          block.body.includes(`File "${join(server.workspace, "nested.py")}", line 6`),
          block.body,
        );
        match(block.body, /ValueError: on line six$/);
      },
    ],

    [
      "Run File sets __name__, __file__ and sys.argv, and removes them afterwards",
      async ({ window, server }) => {
        await window.openFile("program.py");
        const file = join(server.workspace, "program.py");
        const [block] = await window.runs(() => window.runCommand("Livy: Run File"));
        deepEqual(block.body.split("\n"), [
          "name is __main__",
          `file is ${file}`,
          `arguments are ['${file}']`,
          "the guard ran",
        ]);
        await window.openFile("after.py");
        equal((await window.runByKey()).body, "file False arguments False");
      },
    ],

    [
      "a document that was never saved runs",
      async ({ window }) => {
        const title = await window.openUntitled("print('from nowhere')\n1 / 0\n");
        const block = await window.runByKey();
        equal(block.label, title);
        match(block.body, /^from nowhere\n/);
        ok(block.body.includes(`File "${title}", line 2`), block.body);
        await window.discardEditor();
      },
    ],

    [
      "CRLF, colours and characters of all kinds arrive as text",
      async ({ window }) => {
        const bodies = [];
        for (const file of ["windows.py", "colours.py", "unicode.py"]) {
          await window.openFile(file);
          bodies.push((await window.runByKey()).body);
        }
        deepEqual(bodies, ["one\ntwo\nthree", "red and plain", "Grüße, 世界 🎉"]);
      },
    ],

    [
      "a selection of blank lines says that there is nothing to run",
      async ({ window }) => {
        await window.openFile("blank.py");
        await eventually(
          "the blank lines are selected",
          async () => {
            await window.goToLine(2);
            await window.press("Shift+ArrowDown", "Shift+ArrowDown");
            return (await window.position()) === "Ln 4, Col 1 (2 selected)";
          },
          { describe: () => window.position() },
        );
        await window.pressRun();
        const { message } = await window.waitForNotification(/nothing|empty/i);
        match(message, /\.$/);
        await window.screenshot("empty-selection");
        await window.clearNotifications();
      },
    ],

    [
      "a long output is cut with a sentence, and all of it can be opened",
      async ({ window }) => {
        await window.openFile("long.py");
        const block = await window.runByKey();
        match(block.outcome, /^✓/);
        match(block.body, /^000000 x{40}\n/);
        match(block.body, /\n· \d.* more: Livy: Open Full Output$/);
        await window.runCommand("Livy: Open Full Output");
        await window.waitForEditor(/\.txt$/);
        // The tab shows before the file is loaded, and the key goes where the focus is: again until.
        await eventually(
          "the file has all the lines",
          async () => {
            await window.press("Control+End");
            return (await window.position()) === "Ln 60001, Col 1";
          },
          { describe: () => window.position() },
        );
        await window.screenshot("full-output");
      },
    ],

    [
      "Stop Run is offered only while something runs",
      async ({ window }) => {
        await window.openFile("etl.py");
        equal(await window.offersCommand("Livy: Stop Run"), false);
      },
    ],

    [
      "a click on the status bar offers what can be done now",
      async ({ window }) => {
        await window.openFile("unicode.py");
        await window.runByKey();
        const rows = await window.clickStatus();
        const labels = rows.map(({ label }) => label.trim());
        await window.screenshot("actions");
        await window.dismissQuickInput();
        deepEqual(labels.slice(0, 2), ["Run Selection or File", "Run File"]);
        for (const wanted of [
          "Stop Session",
          "Restart Session",
          "Show Output",
          "Show Log",
          "Select Profile",
        ]) {
          ok(labels.includes(wanted), `${wanted} is missing: ${labels}`);
        }
      },
    ],

    [
      "after a reload of the window the session is found again, with its variables",
      async ({ window, server }) => {
        await window.openFile("session.py");
        const before = (await window.runByKey()).body;
        const name = await window.sessionName();
        await window.reload();
        await window.openFile("remembered.py");
        const block = await window.runByKey();
        equal(block.body, `${before} mark 42`);
        equal(await window.sessionName(), name);
        equal((await server.daemons()).length, 1);
        await window.screenshot("reloaded");
      },
    ],

    [
      "a daemon that was killed is started again, and nothing is lost",
      async ({ window, server }) => {
        await window.openFile("session.py");
        await window.runByKey();
        const [daemon] = await server.daemons();
        process.kill(daemon.pid, "SIGKILL");
        await window.waitForNotification(/livyd stopped unexpectedly/);
        await window.screenshot("daemon-killed");
        await window.openFile("remembered.py");
        match((await window.runByKey()).body, /mark 42$/);
        const [again] = await server.daemons();
        notEqual(again.pid, daemon.pid);
        await window.clearNotifications();
      },
    ],

    [
      "after Stop Session a run says who removed it and offers to start one",
      async ({ window }) => {
        await window.openFile("session.py");
        await window.runByKey();
        await window.waitForStatus("$(check) local");
        await window.runCommand("Livy: Stop Session");
        await window.waitForStatus("$(plug) local");
        await window.pressRun();
        const { buttons } = await window.waitForNotification("You removed the session.");
        ok(buttons.includes("Start Session"), String(buttons));
        await window.screenshot("session-removed");
        await window.clickNotificationButton("Start Session");
        await window.waitForStatus("$(check) local");
        await window.openFile("remembered.py");
        const block = await window.runByKey();
        match(block.body, /NameError: name 'mark' is not defined$/, "it is another session");
      },
    ],

    [
      "while code runs the status bar says so, and Stop Run tells what really happened",
      async ({ window }) => {
        await window.openFile("sleeping.py");
        await window.pressRun();
        match(await window.waitForStatus(/local: running/), /^\$\(loading\)/);
        await window.screenshot("running");
        await window.runCommand("Livy: Stop Run");
        const truth = await theTruth(window);
        await window.screenshot("stopped");
        if (truth === "busy") await window.clickNotificationButton("Restart Session");
        await window.waitForStatus("$(check) local", { seconds: 30 });
        await window.openFile("unicode.py");
        match((await window.runByKey()).outcome, /^✓/, `the session is free after "${truth}"`);
        doesNotMatch(await window.outputText("Livy"), /woke up/);
      },
    ],
  ],
};

/** What Stop Run says, in the channel or, when the code runs on, in a notification with a way out. */
async function theTruth(window) {
  return eventually(
    "Stop Run says what happened",
    async () => {
      if (/^■ stopped after \d+\.\d+ s; the session is free$/m.test(await window.visibleOutput())) {
        return "stopped";
      }
      const busy = (await window.notifications()).find(({ message }) =>
        message.includes("the driver is still busy"),
      );
      return busy?.buttons.includes("Restart Session") && "busy";
    },
    { describe: () => window.describe() },
  );
}
