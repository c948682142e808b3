// Servers that want to know who comes, in front of an embedded endpoint that knows nobody; and a KDC.
import { execFile, spawn } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

import { freePort } from "./server.mjs";
import { eventually, Missing } from "./tools.mjs";

const run = promisify(execFile);

/** An embedded endpoint of this test's own: {url, token, stop}. */
export async function startEndpoint(tools, extensions) {
  const home = await mkdtemp(join(tmpdir(), "livyd-endpoint-"));
  const [folder] = (await readdir(extensions)).filter((name) => /^livyd\./.test(name));
  const program = join(extensions, folder, "bin", "livyd");
  const child = spawn(program, ["local", "--python", tools.plainPython], {
    env: { PATH: process.env.PATH, HOME: home, XDG_STATE_HOME: home },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = new Promise((done) => child.once("close", done));
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
    await rm(home, { recursive: true, force: true });
  };
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([new Promise((take) => lines.once("line", take)), ended]);
  if (typeof first !== "string") throw new Error("livyd local ended at once");
  return { ...JSON.parse(first), stop };
}

/**
 * A server in front of an endpoint. `admits(authorization)` says whether somebody may pass, `offers`
 * is what it says to others. Who was admitted gets a cookie that admits as well when `cookie` is set.
 */
export async function startDoor(endpoint, { admits, offers, cookie }) {
  const door = { admitted: 0, refused: 0, asked: 0 };
  let good = "";
  const server = createServer((incoming, answer) => {
    const { authorization, ...headers } = incoming.headers;
    const known = good !== "" && (headers.cookie ?? "").includes(good);
    if (!known && !(authorization !== undefined && admits(authorization))) {
      door[authorization === undefined ? "asked" : "refused"] += 1;
      incoming.resume();
      answer.writeHead(401, { "WWW-Authenticate": offers, "Content-Type": "text/html" });
      return answer.end("<html><title>401</title></html>");
    }
    door.admitted += 1;
    if (cookie && !known) {
      good = `door=${Math.random().toString(36).slice(2)}`;
      answer.setHeader("Set-Cookie", `${good}; Path=/; HttpOnly`);
    }
    forward(endpoint, incoming, headers, answer);
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  return Object.assign(door, {
    url: `http://localhost:${server.address().port}`,
    /** The cookie admits nobody any more. */
    revoke: () => {
      good = "";
    },
    stop: () => {
      server.closeAllConnections();
      return new Promise((closed) => server.close(closed));
    },
  });
}

function forward(endpoint, incoming, { host: _host, cookie: _cookie, ...headers }, answer) {
  const outgoing = request(
    new URL(incoming.url, endpoint.url),
    { method: incoming.method, headers: { ...headers, authorization: `Bearer ${endpoint.token}` } },
    (reply) => {
      answer.writeHead(reply.statusCode, reply.headers);
      reply.pipe(answer);
    },
  );
  outgoing.on("error", () => answer.destroy());
  incoming.pipe(outgoing);
}

/** A door for one user with a password that can be changed. */
export async function startBasicDoor(endpoint, user, password) {
  const now = { password };
  const door = await startDoor(endpoint, {
    offers: 'Basic realm="a test"',
    admits: (authorization) => authorization === `Basic ${btoa(`${user}:${now.password}`)}`,
  });
  return Object.assign(door, {
    user,
    change: (next) => {
      now.password = next;
    },
  });
}

/** A door that takes any ticket for HTTP/localhost, unread: that the KDC gave one is the proof. */
export function startNegotiateDoor(endpoint) {
  return startDoor(endpoint, {
    offers: "Negotiate",
    admits: (authorization) => /^Negotiate [A-Za-z0-9+/=]{100,}$/.test(authorization),
    cookie: true,
  });
}

const realm = "EXAMPLE.COM";

/** A real MIT KDC with alice and HTTP/localhost. `environment` is what its clients need. */
export async function startKdc() {
  const folder = await mkdtemp(join(tmpdir(), "livyd-kdc-"));
  const port = await freePort();
  const environment = {
    KRB5_CONFIG: join(folder, "krb5.conf"),
    KRB5_KDC_PROFILE: join(folder, "kdc.conf"),
    KRB5CCNAME: `FILE:${join(folder, "cache")}`,
    PATH: `${process.env.PATH}:/usr/sbin:/usr/bin`,
  };
  await writeFile(environment.KRB5_CONFIG, clientConfiguration(port));
  await writeFile(environment.KRB5_KDC_PROFILE, serverConfiguration(folder, port));
  const kerberos = (program, words, input = "") => say(program, words, input, environment);
  const admin = (query) => kerberos("kadmin.local", ["-r", realm, "-q", query]);
  try {
    await kerberos("kdb5_util", ["create", "-s", "-r", realm, "-P", "a master's"]);
    await admin("addprinc -pw alice-pw alice");
    await admin("addprinc -randkey HTTP/localhost");
  } catch (failure) {
    await rm(folder, { recursive: true, force: true });
    throw failure;
  }
  const child = spawn("krb5kdc", ["-n", "-r", realm], { env: environment, stdio: "ignore" });
  const ended = new Promise((done) => child.once("close", done));
  await eventually("the KDC listens", () => listens(port), { seconds: 30 });
  return {
    environment,
    principal: `alice@${realm}`,
    /** A ticket for so many seconds, as somebody gets it in a terminal. */
    kinit: (seconds) => kerberos("kinit", ["-l", `${seconds}s`, "alice"], "alice-pw\n"),
    kdestroy: () => kerberos("kdestroy", []),
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function say(program, words, input, environment) {
  const running = run(program, words, { env: environment, timeout: 60_000 });
  running.child.stdin.on("error", () => {}); // it ended without reading; its exit says how
  running.child.stdin.end(input);
  await running.catch((failure) => {
    if (failure.code !== "ENOENT") throw failure;
    throw new Missing(
      `${program} is missing. Run scripts/setup, or install krb5-kdc, krb5-admin-server and krb5-user.`,
    );
  });
}

function listens(port) {
  return new Promise((tell) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      tell(true);
    });
    socket.once("error", () => tell(false));
  });
}

const clientConfiguration = (port) => `[libdefaults]
default_realm = ${realm}
dns_lookup_kdc = false
dns_lookup_realm = false
dns_canonicalize_hostname = false
rdns = false
udp_preference_limit = 1
[realms]
${realm} = {
  kdc = 127.0.0.1:${port}
}
[domain_realm]
localhost = ${realm}
`;

const serverConfiguration = (folder, port) => `[kdcdefaults]
kdc_listen = 127.0.0.1:${port}
kdc_tcp_listen = 127.0.0.1:${port}
[realms]
${realm} = {
  database_name = ${join(folder, "principal")}
  key_stash_file = ${join(folder, "stash")}
  acl_file = ${join(folder, "kadm5.acl")}
  max_life = 1h
}
`;
