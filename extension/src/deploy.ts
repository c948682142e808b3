// Deploy Now and Show Plan: the code of the editor goes to the cluster, or is shown on its way.

import * as vscode from "vscode";
import { deployPlan, deployRun } from "../../protocol/protocol.ts";
import type { Context } from "./context.ts";
import { saveFiles, withFileInSight } from "./editorFile.ts";
import { registerOnProfile } from "./onProfile.ts";
import { deployedSentence, planPage } from "./renderDeploy.ts";
import { withTransfer } from "./transfer.ts";

export function activate(context: Context): vscode.Disposable {
  return vscode.Disposable.from(
    registerOnProfile("livyd.deployNow", context, deploy),
    registerOnProfile("livyd.showDeployPlan", context, showPlan),
  );
}

async function deploy(context: Context, profile: string): Promise<void> {
  const { daemon, notices, output } = context;
  await daemon.profiles();
  const question = `Deploy to ${profile}?`;
  if (!(await notices.confirmed(daemon.profile(profile), question, "Deploy"))) return;
  await saveFiles();
  const what = { profile, ...withFileInSight() };
  const result = await withTransfer(daemon, `Livy: deploying to ${profile}`, (transfer, token) =>
    daemon.ask(deployRun, { ...what, transfer }, token),
  );
  const sentence = deployedSentence(profile, result);
  for (const line of [sentence, ...result.remarks]) output.notice(line);
  if (result.bundles.length > 0) vscode.window.setStatusBarMessage(sentence, 5000);
  else notices.say("info", [sentence, ...result.remarks].join(" "));
}

async function showPlan(context: Context, profile: string): Promise<void> {
  const { daemon, documents } = context;
  await saveFiles();
  const what = { profile, ...withFileInSight() };
  const title = `Livy: looking at what would be deployed to ${profile}`;
  const plan = await withTransfer(daemon, title, (transfer, token) =>
    daemon.ask(deployPlan, { ...what, transfer }, token),
  );
  await documents.show(`Deploy Plan of ${profile}`, planPage(profile, plan));
}
