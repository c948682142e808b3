// The layer check itself: it must catch each way in which an arrow can point wrong.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { problemsIn } from "../../scripts/layers.mjs";

/** The problems of a tree with these files, as "path:line: text". */
function problemsOf(files) {
  const root = mkdtempSync(join(tmpdir(), "livyd-layers-"));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return problemsIn(root).map(({ path, line, text }) => `${path}:${line}: ${text}`);
  } finally {
    rmSync(root, { recursive: true });
  }
}

const headers = {
  "protocol/protocol.hpp": "",
  "server/agent/agent.hpp": '#include "livy/api.hpp"\n',
  "server/base/async.hpp": "",
  "server/cli/terminal.hpp": "",
  "server/http/client.hpp": '#include "base/async.hpp"\n',
  "server/livy/api.hpp": '#include "http/client.hpp"\n',
  "server/local/endpoint.hpp": "",
  "server/rpc/server.hpp": '#include "base/async.hpp"\n',
  "server/service/service.hpp":
    '#include "agent/agent.hpp"\n#include "livy/api.hpp"\n#include "protocol/protocol.hpp"\n',
};

test("accepts arrows that point down", () => {
  assert.deepEqual(
    problemsOf({
      ...headers,
      "server/cli/cli.hpp": "",
      "server/main.cpp": '#include "cli/cli.hpp"\n',
      "server/cli/serve.cpp": '#include "service/service.hpp"\n#include "rpc/server.hpp"\n',
    }),
    [],
  );
});

const badIncludes = [
  ["base knows nothing above it", "server/base/async.cpp", "http/client.hpp"],
  ["http knows nothing of Livy", "server/http/client.cpp", "livy/api.hpp"],
  ["livy knows nothing of the protocol", "server/livy/api.cpp", "protocol/protocol.hpp"],
  [
    "livy and the embedded endpoint do not know each other",
    "server/livy/api.cpp",
    "local/endpoint.hpp",
  ],
  ["livy knows nothing of the agent", "server/livy/api.cpp", "agent/agent.hpp"],
  ["the agent knows nothing of the service", "server/agent/agent.cpp", "service/service.hpp"],
  ["bundles know nothing of how bytes travel", "server/deploy/bundle.cpp", "http/client.hpp"],
  ["rpc knows nothing of HTTP", "server/rpc/server.cpp", "http/client.hpp"],
  ["the service knows nothing of JSON-RPC", "server/service/run.cpp", "rpc/server.hpp"],
  ["the service knows nothing of the command line", "server/service/run.cpp", "cli/terminal.hpp"],
  ["a path through .. is seen", "server/livy/api.cpp", "../service/service.hpp"],
];
for (const [behaviour, path, target] of badIncludes) {
  test(behaviour, () => {
    const problems = problemsOf({ ...headers, [path]: `// Why.\n#include "${target}"\n` });
    assert.equal(problems.length, 1);
    assert.match(problems[0], new RegExp(`^${path}:2: .* may not include ${target}`));
  });
}

test("keeps Beast, OpenSSL and GSSAPI in http's sources", () => {
  const text =
    "#include <boost/beast/http.hpp>\n#include <openssl/ssl.h>\n#include <gssapi/gssapi.h>\n";
  assert.deepEqual(problemsOf({ "server/http/client.cpp": text }), []);
  assert.equal(problemsOf({ "server/http/client.hpp": text }).length, 3);
  assert.equal(problemsOf({ "server/livy/client.cpp": text }).length, 3);
});

test("lets the digest, and nothing else in base, know OpenSSL's EVP", () => {
  const text = "#include <openssl/evp.h>\n";
  assert.deepEqual(problemsOf({ "server/base/digest.cpp": text }), []);
  assert.equal(problemsOf({ "server/base/digest.hpp": text }).length, 1);
  assert.equal(problemsOf({ "server/deploy/bundle.cpp": text }).length, 1);
  const other = "#include <openssl/ssl.h>\n";
  assert.equal(problemsOf({ "server/base/digest.cpp": other }).length, 1);
});

test("keeps libzip in the one file that packs", () => {
  const text = "#include <zip.h>\n";
  assert.deepEqual(problemsOf({ "server/deploy/zip.cpp": text }), []);
  assert.equal(problemsOf({ "server/deploy/zip.hpp": text }).length, 1);
  assert.equal(problemsOf({ "server/deploy/bundle.cpp": text }).length, 1);
});

test("keeps CLI11 in the sources of the command line", () => {
  const text = "#include <CLI/CLI.hpp>\n";
  assert.deepEqual(problemsOf({ "server/cli/command_line.cpp": text }), []);
  assert.equal(problemsOf({ "server/cli/command_line.hpp": text }).length, 1);
  assert.equal(problemsOf({ "server/main.cpp": text }).length, 1);
});

test("refuses the umbrella header of Asio", () => {
  assert.equal(problemsOf({ "server/base/async.hpp": "#include <boost/asio.hpp>\n" }).length, 1);
});

test("wants every file of server/ to have a layer", () => {
  assert.match(problemsOf({ "server/helper.cpp": "" })[0], /belongs to no layer/);
});

const feature = "export function activate(context) {}\n";

test("lets features import what is no feature, and the root import features", () => {
  const files = {
    "extension/src/extension.ts": `import { activate as run } from "./run";\n${feature}`,
    "extension/src/run.ts": `import * as protocol from "../../protocol/protocol";\nimport { daemon } from "./daemon.ts";\nimport * as vscode from "vscode";\n${feature}`,
    "extension/src/daemon.ts": 'import { settings } from "./settings.js";\n',
    "extension/src/settings.ts": "",
  };
  assert.deepEqual(problemsOf(files), []);
});

test("refuses a feature that imports another", () => {
  const problems = problemsOf({
    "extension/src/run.ts": `import { session } from "./session.ts";\n${feature}`,
    "extension/src/session.ts": feature,
  });
  assert.equal(problems.length, 1);
  assert.match(problems[0], /run\.ts:1: may not import \.\/session\.ts: features do not know/);
});

test("refuses the daemon's client a feature, also by import()", () => {
  const problems = problemsOf({
    "extension/src/daemon.ts": 'const run = await import("./run");\n',
    "extension/src/run.ts": feature,
  });
  assert.match(problems[0], /daemon\.ts:1: may not import \.\/run: features import it/);
});

test("finds nothing wrong in this repository", () => {
  assert.deepEqual(problemsIn(join(dirname(fileURLToPath(import.meta.url)), "..", "..")), []);
});
