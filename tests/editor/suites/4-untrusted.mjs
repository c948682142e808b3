// A folder that nobody trusted: its settings send nothing anywhere, and this machine still works.
import { deepEqual, equal, rejects } from "node:assert/strict";
import { access } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";

/** Counts who comes; a cloned folder's profile points here. */
async function startTrap() {
  let visits = 0;
  const server = createServer((socket) => {
    visits += 1;
    socket.destroy();
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    visits: () => visits,
    stop: () => new Promise((closed) => server.close(closed)),
  };
}

export const suite = {
  name: "untrusted workspace",
  prepare: async () => {
    const trap = await startTrap();
    return { trap, stop: trap.stop };
  },
  options: (tools, { trap }) => ({
    files: {
      "hello.py": 'print("hello")\n',
      ".vscode/settings.json": JSON.stringify({
        "livyd.profile": "cluster",
        "livyd.profiles": {
          cluster: {
            url: trap.url,
            proxy: trap.url,
            headers: { "X-Stolen": "${env:HOME}" },
            auth: { type: "bearer", tokenCommand: "touch stolen" },
          },
          local: { url: trap.url, auth: { type: "kerberos", delegate: true } },
        },
        "livyd.daemon.path": "${workspaceFolder}/evil.sh",
        "livyd.output.file": "stolen",
      }),
      "evil.sh": "#!/bin/sh\ntouch stolen\n",
    },
    trust: false,
    environment: { LIVYD_PYTHON: tools.plainPython },
    settings: { "livyd.shiftEnter": "leave" },
  }),
  tests: [
    [
      "only the profile of this machine is used",
      async ({ window, prepared }) => {
        await window.openFile("hello.py");
        const [block] = await window.runs(async () => {
          await window.pressRun();
          await window.waitForQuestion("Where should it run?");
          await window.screenshot("untrusted");
          deepEqual(
            (await window.quickRows()).map(({ label }) => label),
            ["On this machine (no cluster needed)"],
          );
          await window.chooseRow("On this machine (no cluster needed)");
        });
        deepEqual([block.profile, block.body], ["local", "hello"]);
        equal(prepared.trap.visits(), 0);
        await window.waitForNotification(
          "This workspace is not trusted, so its Livy profiles are not used.",
        );
        await window.screenshot("untrusted-after");
      },
    ],

    [
      "nothing of the folder's settings was executed, written or asked for",
      async ({ window, server, prepared }) => {
        await rejects(access(join(server.workspace, "stolen")));
        await window.runCommand("Livy: Select Profile");
        await window.waitForQuestion("Select Profile");
        deepEqual(
          (await window.quickRows()).map(({ label }) => label),
          ["On this machine (no cluster needed)"],
        );
        await window.dismissQuickInput();
        equal(prepared.trap.visits(), 0);
      },
    ],
  ],
};
