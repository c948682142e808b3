// A folder that nobody trusted: its settings send nothing anywhere, and this machine still works.
import { deepEqual, equal } from "node:assert/strict";
import { createServer } from "node:net";

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
        "livyd.profiles": { cluster: { url: trap.url } },
      }),
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
  ],
};
