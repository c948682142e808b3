// Names and addresses of new profiles: pure.

/** Why this is no address of a Livy server; undefined when it may be one. */
export function whyNoAddress(text: string): string | undefined {
  const trimmed = text.trim();
  if (!/^https?:\/\//i.test(trimmed)) return "Begin with http:// or https://.";
  if (!URL.canParse(trimmed)) return "This is not a complete address.";
  const { username, password } = new URL(trimmed);
  if (username !== "" || password !== "") return "Leave user name and password out of the address.";
  return undefined;
}

/** A name made of the host: "gw" for gw.example.com, "gw-2" when that is taken. */
export function nameFor(address: string, taken: string[]): string {
  const { hostname } = new URL(address.trim());
  const host = hostname.split(".")[0] ?? "";
  const named = /^[a-z][\w-]*$/i.test(host) && !["local", "localhost"].includes(host);
  const base = named ? host : "cluster";
  if (!taken.includes(base)) return base;
  let count = 2;
  while (taken.includes(`${base}-${count}`)) count++;
  return `${base}-${count}`;
}
