// What runs on: live output, Stop, the line that failed, and a window that is loaded again meanwhile.
import { deepEqual, doesNotMatch, equal, match, ok } from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";

import { eventually } from "../tools.mjs";
import { blocks } from "../workbench.mjs";

const failing = `def f(x):
    return 1 / x


print("before")
f(0)
`;

const lines = `a = 20
print("a is", a)

if a:
    print("inside")
print("last")
`;

/** Prints before and after a file appears: the test decides how long it goes on. */
function gated(gate, first = "printed first") {
  return `import os, time
print("${first}")
while not os.path.exists(${JSON.stringify(gate)}):
    time.sleep(0.05)
print("printed last")
`;
}

/** Opens a program that waits for a gate, which is open at the end of `act` at the latest. */
async function withGate({ window, server }, name, act) {
  const gate = join(server.workspace, `${name}.gate`);
  await rm(gate, { force: true });
  await server.write(`${name}.py`, gated(gate));
  await window.openFile(`${name}.py`);
  const open = () => server.write(`${name}.gate`, "");
  try {
    await act(open);
  } finally {
    await open();
  }
}

/** Where the squiggles of errors are, as line numbers of the active editor. */
async function underlined(window) {
  return window.page.evaluate(() => {
    const editor = document.querySelector(".part.editor .editor-instance .monaco-editor");
    const top = (element) => Math.round(element.getBoundingClientRect().top);
    const numbers = [...editor.querySelectorAll(".line-numbers")];
    return [...editor.querySelectorAll(".squiggly-error")].map((squiggle) => {
      const line = numbers.find((number) => Math.abs(top(number) - top(squiggle)) < 4);
      return Number(line?.textContent);
    });
  });
}

async function waitForUnderlined(window, wanted) {
  await eventually(
    `these lines are underlined: ${wanted}`,
    async () => JSON.stringify(await underlined(window)) === JSON.stringify(wanted),
    { describe: async () => JSON.stringify(await underlined(window)) },
  );
}

/** The one block of this run in the channel of the window as it is loaded now. */
async function waitForBlock(window, label, fits) {
  const all = async () =>
    blocks(await window.server.channelFile("Livy", window.since)).filter(
      (block) => block.label === label,
    );
  const found = await eventually(`the block of ${label}`, async () => (await all()).find(fits), {
    seconds: 60,
    describe: () => window.describe(),
  });
  equal((await all()).length, 1, "it stands there once");
  return found;
}

export const suite = {
  name: "live",
  options: (tools) => ({
    files: {
      "failing.py": failing,
      "lines.py": lines,
      "forever.py": 'print("going on")\nwhile True:\n    pass\n',
      "after.py": 'print("free again")\n',
      "arguments.py": "import sys\nprint(sys.argv[1:])\n",
    },
    environment: { LIVYD_PYTHON: tools.plainPython },
    settings: { "livyd.profile": "local", "livyd.shiftEnter": "leave" },
  }),
  tests: [
    [
      "output is on the screen while the code still runs",
      (world) =>
        withGate(world, "live", async (open) => {
          const { window } = world;
          const [block] = await window.runs(async () => {
            await window.pressRun();
            const shown = await window.waitForOutput("printed first", { seconds: 60 });
            doesNotMatch(shown, /printed last|✓/);
            await window.waitForStatus(/local: running/);
            await window.screenshot("live");
            await open();
          });
          equal(block.body, "printed first\nprinted last");
          match(block.outcome, /^✓/);
        }),
    ],

    [
      "a reload in the middle of a run shows what was printed, and the rest arrives",
      (world) =>
        withGate(world, "reloaded", async (open) => {
          const { window, server } = world;
          await window.pressRun();
          await window.waitForOutput("printed first", { seconds: 60 });
          await window.reload();
          await window.openFile("after.py");
          const before = await waitForBlock(window, "reloaded.py", ({ body }) => body !== "");
          deepEqual([before.body, before.outcome], ["printed first\n", ""]);
          await window.showOutput("Livy");
          await window.waitForOutput("printed first");
          await window.screenshot("reloaded-running");
          await open();
          await window.waitForOutput("printed last", { seconds: 60 });
          const after = await waitForBlock(window, "reloaded.py", ({ outcome }) => outcome !== "");
          equal(after.body, "printed first\nprinted last");
          equal((await server.daemons()).length, 1);
        }),
    ],

    [
      "a run that ended while the window was away stands in the channel again",
      (world) =>
        withGate(world, "away", async (open) => {
          const { window } = world;
          await window.pressRun();
          await window.waitForOutput("printed first", { seconds: 60 });
          await window.leave();
          await open();
          await window.comeBack();
          await window.openFile("after.py");
          const block = await waitForBlock(window, "away.py", ({ outcome }) => outcome !== "");
          equal(block.body, "printed first\nprinted last");
          match(block.outcome, /^✓/);
        }),
    ],

    [
      "Stop ends a loop that never ends, and the session is free",
      async ({ window }) => {
        await window.openFile("forever.py");
        const [block] = await window.runs(async () => {
          await window.pressRun();
          await window.waitForOutput("going on", { seconds: 60 });
          await window.waitForStatus(/local: running/);
          await window.runCommand("Livy: Stop Run");
        });
        match(block.outcome, /^■ stopped after .*the session is free$/);
        await window.openFile("after.py");
        equal((await window.runByKey()).body, "free again");
        await window.screenshot("stopped-loop");
      },
    ],

    [
      "the line that failed is underlined, until it is edited",
      async ({ window }) => {
        await window.openFile("failing.py");
        match((await window.runByKey()).outcome, /^✗ ZeroDivisionError/);
        await window.openFile("failing.py");
        await waitForUnderlined(window, [2]);
        await window.screenshot("underlined");
        const problems = await window.problems();
        equal(problems.length, 1, String(problems));
        match(problems[0], /ZeroDivisionError: division by zero.*Livy.*\[Ln 2, Col 5\]/);
        await window.focusEditor();
        // A line above moves it, an edit of the line itself clears it.
        await window.goToLine(1);
        await window.type("# a comment\n");
        await waitForUnderlined(window, [3]);
        await window.goToLine(3, 5);
        await window.type("pass; ");
        await waitForUnderlined(window, []);
        await window.discardEditor();
      },
    ],

    [
      "the next run of a file takes its underline away",
      async ({ window }) => {
        await window.openFile("failing.py");
        await window.runByKey();
        await window.openFile("failing.py");
        await waitForUnderlined(window, [2]);
        await window.selectLines(5, 5);
        equal((await window.runByKey()).body, "before");
        await window.openFile("failing.py");
        await waitForUnderlined(window, []);
      },
    ],

    [
      "a line runs and the cursor goes on; above and from here take the rest",
      async ({ window }) => {
        await window.openFile("lines.py");
        await window.goToLine(2);
        const [line] = await window.runs(() => window.runCommand("Livy: Run Line and Advance"));
        deepEqual([line.label, line.outcome.slice(0, 1)], ["lines.py:2", "✗"], "a is not set yet");
        equal(await window.position(), "Ln 4, Col 1");
        const [above] = await window.runs(() => window.runCommand("Livy: Run Above"));
        deepEqual([above.label, above.body], ["lines.py:1-2", "a is 20"]);
        const [below] = await window.runs(() => window.runCommand("Livy: Run from Here"));
        deepEqual([below.label, below.body], ["lines.py:4-6", "inside\nlast"]);
        const [again] = await window.runs(() => window.runCommand("Livy: Rerun Last"));
        deepEqual([again.label, again.body], [below.label, below.body]);
      },
    ],

    [
      "a file takes arguments and remembers them, the session takes them too",
      async ({ window }) => {
        await window.openFile("arguments.py");
        const withArguments = "Livy: Run File with Arguments…";
        const [block] = await window.runs(async () => {
          await window.runCommand(withArguments);
          await window.answerInput("--day 'two words'");
        });
        equal(block.body, "['--day', 'two words']");
        await window.runCommand(withArguments);
        await eventually("the last arguments are offered", async () => {
          const input = window.quickInput.locator("input[type=text]").first();
          return (await input.inputValue().catch(() => "")) === "--day 'two words'";
        });
        await window.dismissQuickInput();
        const [set] = await window.runs(async () => {
          await window.runCommand("Livy: Set Arguments…");
          await window.answerInput("x y");
        });
        equal(set.body, "sys.argv[1:] = ['x', 'y']");
        await window.openFile("arguments.py");
        equal((await window.runByKey()).body, "['x', 'y']");
      },
    ],

    [
      "a run that was never sent before livyd ended is offered once, and waits for the answer",
      (world) =>
        withGate(world, "held", async (open) => {
          const { window, server } = world;
          await window.pressRun();
          await window.waitForOutput("printed first", { seconds: 60 });
          await window.openFile("after.py");
          await window.pressRun();
          const [daemon] = await server.daemons();
          process.kill(daemon.pid, "SIGKILL");
          const { buttons } = await window.waitForNotification(/1 run .*was not sent/, {
            seconds: 60,
          });
          deepEqual(buttons, ["Run", "Discard"]);
          await window.screenshot("held");
          await open();
          const channel = () => server.channelFile("Livy", window.since);
          await eventually(
            "the run that was under way has ended, and nothing else was sent",
            async () => /printed first\n(· .*\n)?printed last\n✓[^\n]*\n*$/.test(await channel()),
            { seconds: 60, describe: () => window.describe() },
          );
          await window.waitForStatus(/not sent/, { seconds: 40 });
          await window.showView("Runs");
          const isHeld = ({ label, description }) =>
            label === "after.py" && description.startsWith("not sent");
          await window.waitForRow("Runs", "the held run", isHeld);
          await window.screenshot("held-row");
          const [block] = await window.runs(() =>
            window.clickRowAction("Runs", "after.py", "Run", async () => {
              return !(await window.viewRows("Runs")).some(isHeld);
            }),
          );
          deepEqual([block.label, block.body], ["after.py", "free again"]);
          await window.clearNotifications();
        }),
    ],

    [
      "what livyd believes can be read",
      async ({ window }) => {
        await window.runCommand("Livy: Show State");
        await window.waitForEditor("livyd state");
        const text = await window.editorText();
        match(text, /livyd/);
        ok(text.includes("local"), text);
        await window.screenshot("state");
      },
    ],
  ],
};
