// A real HDFS for the editor's tests, a look into it that goes around livyd, and a slow way to it.
import { spawn } from "node:child_process";
import { createServer as createHttpServer, request } from "node:http";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { repository } from "./tools.mjs";

const starter = join(repository, "tests", "editor", "hdfs.py");

/** A NameNode and a DataNode: {url, dataUrl, stop} and what is in it, asked as alice. */
export async function startHdfs(tools) {
  const child = spawn(tools.sparkPython, [starter], { stdio: ["pipe", "pipe", "pipe"] });
  let said = "";
  child.stderr.on("data", (text) => (said += text));
  const ended = new Promise((done) => child.once("close", done));
  const stop = async () => {
    child.stdin.end();
    await ended;
  };
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([new Promise((take) => lines.once("line", take)), ended]);
  if (typeof first !== "string") throw new Error(`HDFS did not start:\n${said}`);
  const { url, dataUrl } = JSON.parse(first);
  const ask = (method, path, operation) => {
    const encoded = path.split("/").map(encodeURIComponent).join("/");
    const target = `${url}/webhdfs/v1${encoded}?op=${operation}&user.name=alice`;
    return fetch(target, { method, redirect: method === "GET" ? "follow" : "manual" });
  };
  return {
    url,
    dataUrl,
    stop,
    /** The text of a file; undefined when there is none. */
    read: async (path) => {
      const answer = await ask("GET", path, "OPEN");
      return answer.ok ? answer.text() : undefined;
    },
    /** The names in a folder; undefined when there is no such folder. */
    names: async (path) => {
      const answer = await ask("GET", path, "LISTSTATUS");
      if (!answer.ok) return undefined;
      const { FileStatuses } = await answer.json();
      return FileStatuses.FileStatus.map(({ pathSuffix }) => pathSuffix);
    },
    write: async (path, text) => {
      const { headers } = await ask("PUT", path, "CREATE&overwrite=true");
      const status = await put(headers.get("location"), text);
      if (status !== 201) throw new Error(`${path} was not written: ${status}`);
    },
    remove: (path) => ask("DELETE", path, "DELETE&recursive=true"),
  };
}

/** Not with fetch, which fails on the DataNode's "100 Continue" that nobody asked for. */
function put(url, text) {
  return new Promise((done, failed) => {
    const sending = request(url, { method: "PUT" }, (answer) => {
      answer.resume();
      answer.on("end", () => done(answer.statusCode));
    });
    sending.on("error", failed);
    sending.end(text);
  });
}

/**
 * A way to an HDFS on which the DataNode's bytes stand still while the gate is shut: the NameNode's
 * answers lead to a door before the DataNode. {url, shut, open, stop}.
 */
export async function startSlowWay(hdfs) {
  const gate = { open: true };
  const sockets = new Set();
  const door = createServer((socket) => {
    const upstream = connect(Number(new URL(hdfs.dataUrl).port), "127.0.0.1");
    for (const one of [socket, upstream]) {
      sockets.add(one);
      one.on("error", () => {});
      one.on("close", () => {
        sockets.delete(one);
        socket.destroy();
        upstream.destroy();
      });
    }
    upstream.pipe(socket);
    socket.on("data", (bytes) => {
      upstream.write(bytes);
      if (!gate.open) socket.pause();
    });
  });
  await listening(door);
  const doorUrl = `http://localhost:${door.address().port}`;
  const front = createHttpServer((incoming, answer) => lead(hdfs, doorUrl, incoming, answer));
  await listening(front);
  return {
    url: `http://localhost:${front.address().port}`,
    shut: () => {
      gate.open = false;
    },
    open: () => {
      gate.open = true;
      for (const socket of sockets) socket.resume();
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      front.closeAllConnections();
      await Promise.all([door, front].map((one) => new Promise((closed) => one.close(closed))));
    },
  };
}

/** Passes a request on; every address of the DataNode in the answer becomes the door's. */
function lead(hdfs, doorUrl, incoming, answer) {
  const target = new URL(incoming.url, hdfs.url);
  const { host: _host, ...headers } = incoming.headers;
  const outgoing = request(target, { method: incoming.method, headers }, async (reply) => {
    const pieces = await Array.fromAsync(reply);
    const body = Buffer.concat(pieces).toString("utf8").replaceAll(hdfs.dataUrl, doorUrl);
    const {
      location,
      "transfer-encoding": _chunks,
      "content-length": _length,
      ...rest
    } = reply.headers;
    const led = location === undefined ? {} : { location: location.replace(hdfs.dataUrl, doorUrl) };
    answer.writeHead(reply.statusCode, {
      ...rest,
      ...led,
      "content-length": Buffer.byteLength(body),
    });
    answer.end(body);
  });
  outgoing.on("error", () => answer.destroy());
  incoming.pipe(outgoing);
}

function listening(server) {
  return new Promise((ready) => server.listen(0, "127.0.0.1", ready));
}
