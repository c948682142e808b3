// Stands for livyd in tests: answers `initialize` and behaves as its first argument says.
import { argv, exit, pid, stderr, stdin, stdout } from "node:process";
import {
  createMessageConnection,
  ErrorCodes,
  ResponseError,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-jsonrpc/node";

const [, , behaviour, ...rest] = argv;
stderr.write(`started with ${rest.join(" ")}\n`);

const connection = createMessageConnection(
  new StreamMessageReader(stdin),
  new StreamMessageWriter(stdout),
);
connection.onRequest("initialize", (params) => {
  if (behaviour === "refuses") {
    return new ResponseError(ErrorCodes.InvalidRequest, "The extension and livyd do not match.", {
      kind: "unsupported",
    });
  }
  return { version: "0.0.0", protocolHash: params.protocolHash, process: pid, profiles: [] };
});
connection.onRequest("run/list", () => ({ runs: [] }));
connection.onRequest("pid", () => pid);
connection.onRequest("log", (text) => {
  stderr.write(`${text}\n`);
  return null;
});
connection.onRequest("crash", () => exit(7));
connection.listen();

stdin.on("end", () => {
  // One that hangs: something keeps it alive.
  if (behaviour === "stays") return void setInterval(() => undefined, 1000);
  stderr.write("left\n", () => exit(0));
});
