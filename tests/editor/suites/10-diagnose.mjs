// Diagnose Connection: each link on the way to a server, as a page that can be pasted into a ticket.
import { match, ok } from "node:assert/strict";

import { startBasicDoor, startEndpoint } from "../doors.mjs";
import { freePort } from "../server.mjs";

const password = "a password for the diagnosis";

export const suite = {
  name: "diagnose",
  prepare: async (tools, extensions) => {
    const endpoint = await startEndpoint(tools, extensions);
    const door = await startBasicDoor(endpoint, "alice", password);
    const nobody = `http://localhost:${await freePort()}`;
    const stop = async () => {
      await door.stop();
      await endpoint.stop();
    };
    return { door, nobody, stop };
  },
  options: (tools, { door, nobody }) => ({
    files: { "hello.py": 'print("hello")\n' },
    environment: { LIVYD_PYTHON: tools.plainPython },
    settings: {
      "livyd.profile": "door",
      "livyd.profiles": {
        door: { url: door.url, auth: { type: "basic", user: "alice" } },
        nobody: { url: nobody },
      },
      "livyd.shiftEnter": "leave",
    },
  }),
  tests: [
    [
      "a way that is in order is shown link by link, without its secret",
      async ({ window }) => {
        await window.openFile("hello.py");
        await window.runCommand("Livy: Diagnose Connection");
        await window.answerSecretIfAsked("Password of alice at localhost", password, async () =>
          window.isActiveEditor("door (diagnosis)"),
        );
        await window.waitForEditor("door (diagnosis)", { seconds: 60 });
        const report = await window.editorText();
        match(report, /Authentication/);
        match(report, /Livy/);
        ok(!report.includes(password) && !report.includes(btoa(`alice:${password}`)));
        await window.waitForNotification(/in order|:/);
        await window.screenshot("diagnosis");
        await window.clearNotifications();
      },
    ],

    [
      "a broken link is named, with what to do",
      async ({ window }) => {
        await window.openFile("hello.py");
        await window.clickStatus();
        await window.chooseRow("nobody");
        await window.settingsSeen("nobody");
        await window.runCommand("Livy: Diagnose Connection");
        await window.waitForEditor("nobody (diagnosis)", { seconds: 60 });
        match(await window.editorText(), /not tried/);
        const { message, buttons } = await window.waitForNotification(/refused/);
        match(message, /^TCP: /);
        ok(buttons.includes("Copy Report"), String(buttons));
        await window.clearNotifications();
      },
    ],
  ],
};
