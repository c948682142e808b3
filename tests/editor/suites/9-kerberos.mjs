// Tickets: that there is none, and that one ends, is shown with what to do; work goes on by itself.
import { equal, match, ok } from "node:assert/strict";

import { startEndpoint, startKdc, startNegotiateDoor } from "../doors.mjs";
import { eventually } from "../tools.mjs";

export const suite = {
  name: "kerberos",
  prepare: async (tools, extensions) => {
    const kdc = await startKdc();
    const endpoint = await startEndpoint(tools, extensions);
    const door = await startNegotiateDoor(endpoint);
    const stop = async () => {
      await door.stop();
      await endpoint.stop();
      await kdc.stop();
    };
    return { kdc, door, stop };
  },
  options: (tools, { kdc, door }) => {
    const { PATH: _path, ...kerberos } = kdc.environment;
    return {
      files: { "hello.py": 'print("hello")\n' },
      environment: { LIVYD_PYTHON: tools.plainPython, ...kerberos },
      settings: {
        "livyd.profile": "gateway",
        "livyd.profiles": { gateway: { url: door.url, auth: { type: "kerberos" } } },
        "livyd.shiftEnter": "leave",
        "terminal.integrated.gpuAcceleration": "off",
      },
    };
  },
  tests: [
    [
      "that there is no ticket is said, with a terminal where kinit waits to be executed",
      async ({ window, prepared: { kdc } }) => {
        await kdc.kdestroy().catch(() => {});
        await window.openFile("hello.py");
        await window.pressRun();
        await window.waitForStatus("gateway: no ticket", { seconds: 90 });
        // The run's own failure is told beside it, before or after.
        const told = /no Kerberos ticket\. Run kinit in a terminal/;
        const { buttons } = await window.waitForNotification(told, { seconds: 30 });
        ok(buttons.includes("Open Terminal with kinit"), String(buttons));
        await window.screenshot("ticket-missing");
        await window.clickNotificationButton("Open Terminal with kinit");
        await eventually(
          "kinit is typed",
          async () => /kinit\s*$/.test((await window.terminalText()).trimEnd()),
          { seconds: 60, describe: () => window.terminalText() },
        );
        await window.screenshot("ticket-terminal");
      },
    ],

    [
      "with a ticket runs go on, and its end is counted down",
      async ({ window, prepared: { kdc } }) => {
        await window.clearNotifications();
        await kdc.kinit(300);
        await window.openFile("hello.py");
        await eventually(
          "a run with the ticket",
          async () => (await window.runByKey({ seconds: 120 })).body === "hello",
          { seconds: 240, describe: () => window.describe() },
        );
        await window.waitForStatus(/gateway: ticket ends in \d min/, { seconds: 120 });
        await window.screenshot("ticket-ends");
      },
    ],

    [
      "a ticket that expired is shown until there is a new one, which is found by itself",
      async ({ window, prepared: { kdc, door } }) => {
        await kdc.kdestroy().catch(() => {});
        await kdc.kinit(5);
        door.revoke();
        await window.waitForStatus("gateway: ticket expired", { seconds: 150 });
        await window.screenshot("ticket-expired");
        const actions = await window.clickStatus();
        equal(actions[0].label, "Open Terminal with kinit");
        await window.dismissQuickInput();
        await kdc.kinit(3000);
        await eventually(
          "the new ticket is seen",
          async () => !/ticket/.test(await window.livyStatus()),
          { seconds: 150, describe: () => window.describe() },
        );
        await window.clearNotifications();
        await window.openFile("hello.py");
        match((await window.runByKey({ seconds: 120 })).body, /hello$/);
      },
    ],
  ],
};
