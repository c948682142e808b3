// Shows what livyd believes, as a page to read and to copy.

import * as vscode from "vscode";
import { stateShow } from "../../protocol/protocol.ts";
import type { Context } from "./context.ts";

export function activate({ daemon, documents, extension, notices }: Context): vscode.Disposable {
  return vscode.commands.registerCommand("livyd.showState", async () => {
    try {
      const { text } = await daemon.ask(stateShow, {});
      const { version } = extension.extension.packageJSON;
      const head = `extension ${version} in VS Code ${vscode.version}`;
      await documents.show("livyd state", `${head}\n${text.trimEnd()}\n`);
    } catch (error) {
      notices.failed(error);
    }
  });
}
