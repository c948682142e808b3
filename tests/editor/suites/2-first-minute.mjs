// The first minute of somebody who has just installed the extension and set nothing.
import { deepEqual, equal, match, ok } from "node:assert/strict";

import { freePort } from "../server.mjs";
import { eventually } from "../tools.mjs";

export const suite = {
  name: "first minute",
  options: (tools) => ({
    files: { "hello.py": 'print("hello")\n' },
    environment: { LIVYD_PYTHON: tools.plainPython },
  }),
  tests: [
    [
      "installing shows nothing and starts nothing",
      async ({ window, server }) => {
        await window.openFile("hello.py");
        equal(await window.livyStatus(), "");
        deepEqual(await window.notifications(), []);
        deepEqual(await server.daemons(), []);
        await window.screenshot("first-minute-0");
      },
    ],

    [
      "a question that is dismissed runs nothing",
      async ({ window, server }) => {
        await window.openFile("hello.py");
        await window.pressRun();
        await window.waitForQuestion("Where should it run?");
        await window.dismissQuickInput();
        equal((await server.settings())["livyd.profile"], undefined);
      },
    ],

    [
      "a Livy server that does not answer is said in one sentence",
      async ({ window, server }) => {
        const port = await freePort();
        await window.openFile("hello.py");
        await window.pressRun();
        await window.waitForQuestion("Where should it run?");
        await window.chooseRow("On a Livy server…");
        await window.answerInput(`http://127.0.0.1:${port}`);
        await window.screenshot("first-minute-server");
        const { message } = await window.waitForNotification(/does not answer/);
        match(
          message,
          new RegExp(`127\\.0\\.0\\.1:${port} does not answer \\(connection refused\\)`),
        );
        await window.clearNotifications();
        await eventually(
          "the profile that did not work is taken back",
          async () => (await server.settings())["livyd.profiles"] === undefined,
        );
      },
    ],

    [
      "the first run asks where, and runs on this machine",
      async ({ window, server }) => {
        await window.openFile("hello.py");
        const [block] = await window.runs(async () => {
          await window.pressRun();
          await window.waitForQuestion("Where should it run?");
          await window.screenshot("first-minute-1");
          await window.chooseRow("On this machine (no cluster needed)");
        });
        equal(block.body, "hello");
        equal(block.profile, "local");
        equal((await server.settings())["livyd.profile"], "local");
        await window.screenshot("first-minute-2");
      },
    ],

    [
      "Shift+Enter is offered once, after the first run, and runs from then on",
      async ({ window, server }) => {
        const { buttons } = await window.waitForNotification(/Shift\+Enter/);
        ok(buttons.length >= 2, String(buttons));
        await window.clickNotificationButton(buttons[0]);
        await eventually(
          "the answer is kept",
          async () => (await server.settings())["livyd.shiftEnter"] === "run",
        );
        await window.focusEditor();
        equal((await window.runByKey()).body, "hello");
        const [block] = await window.runs(() => window.pressRun("Shift+Enter"));
        equal(block.body, "hello");
        deepEqual(await window.notifications(), []);
      },
    ],
  ],
};
