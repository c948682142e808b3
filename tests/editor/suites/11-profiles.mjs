// Profiles in the status bar: production asks first and is marked, TLS that is not verified is said,
// and another environment is one click away.
import { deepEqual, equal, match } from "node:assert/strict";

import { freePort } from "../server.mjs";

export const suite = {
  name: "profiles",
  prepare: async () => ({ port: await freePort() }),
  options: (tools, { port }) => ({
    files: { "hello.py": 'print("hello")\n' },
    environment: { LIVYD_PYTHON: tools.plainPython },
    settings: {
      "livyd.profile": "PROD",
      "livyd.profiles": {
        careful: { abstract: true, confirm: true },
        PROD: { extends: "careful", url: "local" },
        loose: { url: `https://localhost:${port}`, tls: { verify: false } },
      },
      "livyd.shiftEnter": "leave",
    },
  }),
  tests: [
    [
      "production is marked and asks before it runs, until told not to in this window",
      async ({ window }) => {
        await window.reload();
        await window.openFile("hello.py");
        await window.waitForStatus("$(shield) PROD");
        const [block] = await window.runs(
          async () => {
            await window.pressRunAndAnswer("Run, and Don't Ask Again in This Window");
          },
          { seconds: 60 },
        );
        deepEqual([block.profile, block.body], ["PROD", "hello"]);
        equal((await window.runByKey()).body, "hello");
        await window.runCommand("Livy: Stop Session");
        match(await window.answerDialog("Cancel"), /Stop the session on PROD\?/);
        await window.waitForStatus("$(shield) PROD");
        await window.screenshot("production");
      },
    ],

    [
      "another profile is one click away, without those that others extend",
      async ({ window, server }) => {
        await window.clickStatus();
        const rows = (await window.quickRows()).map(({ label }) => label);
        equal(rows.includes("careful"), false, String(rows));
        await window.screenshot("switch-profile");
        await window.chooseRow("loose");
        await window.waitForStatus(/loose.* · TLS not verified$/);
        equal((await server.settings())["livyd.profile"], "loose");
        await window.screenshot("unverified");
        await window.clickStatus();
        await window.chooseRow("PROD");
        await window.waitForStatus("PROD");
      },
    ],
  ],
};
