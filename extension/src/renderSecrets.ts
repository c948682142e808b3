// What is said about secrets and where a profile leads: pure, and never with a value.

import type { ProfileSummary, SecretKind, SecretNeeded } from "../../protocol/protocol.ts";
import type { SecretName } from "./secretAnswers.ts";

export const secretWords: Record<SecretKind, string> = {
  password: "Password",
  token: "Token",
  keyPassphrase: "Passphrase of the client key",
  proxyPassword: "Password for the proxy",
};

/** "https://gw.example.com:8443"; "" for this machine and for what is no address. */
export function originOf({ url }: Pick<ProfileSummary, "url">): string {
  return url !== undefined && URL.canParse(url) ? new URL(url).origin : "";
}

/** What stands below the question's title. */
export function secretQuestion({ refused, secret, profile }: SecretNeeded): string {
  const what = secretWords[secret].toLowerCase();
  const kept = `The editor remembers it for the profile "${profile}".`;
  return refused ? `The last ${what} was refused. ${kept}` : kept;
}

/** A row of Forget Secret. */
export function secretRow(name: SecretName): { label: string; description: string } {
  const label = name.prompt === "" ? secretWords[name.secret] : name.prompt;
  const server = name.origin === "" ? "" : ` · ${name.origin}`;
  return { label: `$(key) ${label}`, description: `${name.profile}${server}` };
}
