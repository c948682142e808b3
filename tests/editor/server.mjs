// One code-server with folders of its own: started, watched and ended with everything it started.
import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { eventually } from "./tools.mjs";

/** Nothing of VS Code's own that moves or talks: chat, welcome pages, tips, animations. */
const quietSettings = {
  "chat.disableAIFeatures": true,
  "workbench.startupEditor": "none",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.tips.enabled": false,
  "workbench.reduceMotion": "on",
  "workbench.colorTheme": "Default Light Modern",
  "editor.minimap.enabled": false,
  "editor.cursorBlinking": "solid",
  "editor.accessibilitySupport": "off",
  "files.autoSave": "off",
  "files.hotExit": "off",
  // Any process of this machine that listens would pop up a notification.
  "remote.autoForwardPorts": false,
  "git.enabled": false,
  "security.workspace.trust.startupPrompt": "never",
  "telemetry.telemetryLevel": "off",
};

/**
 * Starts a code-server over a new folder. Everything it writes, and everything the daemon and the
 * embedded endpoint write, stays under `root`.
 *
 * @param options.files      workspace files, path → text
 * @param options.settings   the user's settings, beside the quiet ones
 * @param options.machineSettings settings of scope "machine"
 * @param options.environment added to the server's environment
 * @param options.extensions a folder to start from (copied), as `installExtension` made it
 * @param options.trust      false: workspace trust is in force and the folder is not trusted
 */
export async function startServer(tools, options = {}) {
  if (interrupted) throw new Error("The tests were interrupted.");
  const root = await mkdtemp(join(tmpdir(), "livyd-editor-"));
  const server = new Server(tools, root, options);
  running.add(server);
  await server.prepare();
  await server.start();
  return server;
}

/** Servers that have to be stopped, also one that is still starting. */
const running = new Set();
let interrupted = false;

/** Ends every server; after this none is started. */
export async function stopServers() {
  interrupted = true;
  for (const server of running) await server.stop();
}

/** Installs the VSIX as a user would and returns the folder with the extension in it. */
export async function installExtension(tools, folder) {
  const root = await mkdtemp(join(tmpdir(), "livyd-install-"));
  await mkdir(folder, { recursive: true });
  const child = spawn(
    tools.node,
    [
      tools.codeServer,
      "--user-data-dir",
      join(root, "user"),
      "--extensions-dir",
      folder,
      "--install-extension",
      tools.vsix,
    ],
    { env: privateEnvironment(tools, root), stdio: ["ignore", "pipe", "pipe"] },
  );
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (said += text));
  const code = await new Promise((done) => child.on("close", done));
  await rm(root, { recursive: true, force: true });
  if (code !== 0 || !/was successfully installed/.test(said)) {
    throw new Error(`${tools.vsix} cannot be installed:\n${said}`);
  }
  return folder;
}

function privateEnvironment(tools, root) {
  const environment = {};
  for (const name of ["LANG", "LC_ALL", "TZ", "JAVA_HOME", "SPARK_HOME"]) {
    if (process.env[name] !== undefined) environment[name] = process.env[name];
  }
  return {
    ...environment,
    PATH: `${dirname(tools.node)}:${process.env.PATH}`,
    HOME: join(root, "home"),
    XDG_STATE_HOME: join(root, "home", "state"),
    XDG_CONFIG_HOME: join(root, "home", "config"),
    XDG_CACHE_HOME: join(root, "home", "cache"),
    XDG_DATA_HOME: join(root, "home", "data"),
    SPARK_LOCAL_IP: "127.0.0.1",
    // By this everything that was started from here is recognised again, also what detached itself.
    LIVYD_EDITOR_TEST: root,
  };
}

class Server {
  constructor(tools, root, options) {
    this.tools = tools;
    this.root = root;
    this.options = options;
    this.workspace = join(root, "work");
    this.userData = join(root, "user");
    this.extensions = join(root, "extensions");
    this.logFile = join(root, "server.log");
    this.environment = { ...privateEnvironment(tools, root), ...options.environment };
  }

  async prepare() {
    for (const folder of [this.workspace, this.environment.HOME, this.extensions]) {
      await mkdir(folder, { recursive: true });
    }
    if (this.options.extensions)
      await cp(this.options.extensions, this.extensions, { recursive: true });
    for (const [path, text] of Object.entries(this.options.files ?? {}))
      await this.write(path, text);
    await this.setSettings(this.options.settings ?? {});
    await this.setMachineSettings(this.options.machineSettings ?? {});
  }

  /** Writes a file of the workspace. */
  async write(path, text) {
    const file = join(this.workspace, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    return file;
  }

  /** Replaces the user's settings. A window in a browser reads them when it is loaded. */
  async setSettings(settings) {
    const file = join(this.userData, "User", "settings.json");
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, JSON.stringify({ ...quietSettings, ...settings }, null, 2));
  }

  /** Replaces the workspace's settings; an open window notices. */
  async setWorkspaceSettings(settings) {
    await this.write(".vscode/settings.json", JSON.stringify(settings, null, 2));
  }

  /** Replaces the settings of scope "machine", which a window takes from its server alone. */
  async setMachineSettings(settings) {
    const file = join(this.userData, "Machine", "settings.json");
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, JSON.stringify(settings, null, 2));
  }

  /** The user's settings as they are now, also those that the extension wrote. */
  async settings() {
    const file = join(this.userData, "User", "settings.json");
    // The editor writes the file in place: it is empty for a moment.
    const text = await eventually("the settings are written", () => readFile(file, "utf8"));
    return JSON.parse(text);
  }

  async start() {
    this.port = await freePort();
    this.url = `http://127.0.0.1:${this.port}`;
    const trust = this.options.trust === false ? [] : ["--disable-workspace-trust"];
    this.child = spawn(
      this.tools.node,
      [
        this.tools.codeServer,
        "--auth",
        "none",
        "--bind-addr",
        `127.0.0.1:${this.port}`,
        "--user-data-dir",
        this.userData,
        "--extensions-dir",
        this.extensions,
        "--disable-telemetry",
        "--disable-update-check",
        ...trust,
        this.workspace,
      ],
      { env: this.environment, cwd: this.workspace, stdio: ["ignore", "pipe", "pipe"] },
    );
    const log = createWriteStream(this.logFile, { flags: "a" });
    this.child.stdout.pipe(log);
    this.child.stderr.pipe(log);
    await eventually(`code-server listens on ${this.url}`, () => this.healthy(), { seconds: 30 });
  }

  async healthy() {
    if (this.child.exitCode !== null) {
      throw new Error(`code-server ended by itself:\n${await readFile(this.logFile, "utf8")}`);
    }
    return fetch(`${this.url}/healthz`).then(
      (answer) => answer.ok,
      () => false,
    );
  }

  /** What was started from this server and is still alive, as {pid, command}. */
  async processes() {
    const found = [];
    for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
      const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
      if (!environment.split("\0").includes(`LIVYD_EDITOR_TEST=${this.root}`)) continue;
      const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
      if (command) found.push({ pid: Number(pid), command: command.split("\0").join(" ").trim() });
    }
    return found;
  }

  /** The daemons of this server's windows (not the embedded endpoint). */
  async daemons() {
    return (await this.processes()).filter(({ command }) => /\/livyd serve\b/.test(command));
  }

  /** A client of the embedded endpoint that livyd knows nothing of: `(method, path) → answer`. */
  async stranger() {
    const state = this.environment.XDG_STATE_HOME;
    const [file] = (await readdir(state, { recursive: true })).filter((path) =>
      path.endsWith("local.json"),
    );
    const { url, token } = JSON.parse(await readFile(join(state, file), "utf8"));
    return async (method, path) => {
      const answer = await fetch(new URL(path, url), {
        method,
        headers: { Authorization: `Bearer ${token}`, "X-Requested-By": "a test" },
      });
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status}`);
      return answer.json();
    };
  }

  /**
   * What extension hosts that were started after `since` wrote to an output channel, as it stands in
   * the editor's log folder: for waiting, because looking at it moves no focus.
   */
  async channelFile(channel, since) {
    const logs = join(this.userData, "logs");
    const files = (await readdir(logs, { recursive: true }).catch(() => [])).filter(
      (path) => path.endsWith(`-${channel}.log`) || path.endsWith(`/${channel}.log`),
    );
    const ages = await Promise.all(
      files.map(async (path) => (await stat(join(logs, path))).birthtimeMs),
    );
    const recent = files.filter((_, index) => ages[index] >= since);
    const texts = await Promise.all(recent.map((path) => readFile(join(logs, path), "utf8")));
    return texts.join("");
  }

  /** Copies what helps to understand a failure: the server's log and those of the editor. */
  async keepLogs(folder) {
    await cp(this.logFile, join(folder, "server.log")).catch(() => {});
    await cp(join(this.userData, "logs"), join(folder, "logs"), { recursive: true }).catch(
      () => {},
    );
  }

  /** Ends the server and what is left of its children, each by its pid, and removes the folder. */
  async stop() {
    running.delete(this);
    this.child?.kill("SIGTERM");
    await this.gone("SIGTERM", 8).catch(() => this.gone("SIGKILL", 8));
    await rm(this.root, { recursive: true, force: true, maxRetries: 5 });
  }

  async gone(signal, seconds) {
    for (const { pid } of await this.processes()) end(pid, signal);
    await eventually(
      "every process of this server has ended",
      async () => (await this.processes()).length === 0,
      { seconds, describe: async () => JSON.stringify(await this.processes(), null, 1) },
    );
  }
}

function end(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch (failure) {
    if (failure.code !== "ESRCH") throw failure;
  }
}

/** A port of the loopback interface that nobody listens on. */
export async function freePort() {
  const probe = createServer();
  await new Promise((ready) => probe.listen(0, "127.0.0.1", ready));
  const { port } = probe.address();
  await new Promise((closed) => probe.close(closed));
  return port;
}
