#!/usr/bin/env node
// Writes the extension's VSIX, which is a zip with a manifest:
// `node scripts/vsix.mjs <target> <file> [<program>]`, the program being extension/bin/livyd.
// Ours because vsce brings 300 packages; the same input gives the same bytes.
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";
import { crc32, deflateRawSync } from "node:zlib";

const root = fileURLToPath(new URL("..", import.meta.url));
const extension = join(root, "extension");
/** What is packed, below extension/. Everything else there is for developers. */
const packed = [
  "package.json",
  "README.md",
  "CHANGELOG.md",
  "icon.png",
  "dist",
  "syntaxes",
  "walkthrough",
];
const jsonrpc = "node_modules/vscode-jsonrpc/License.txt";
const packedProgram = "extension/bin/livyd";
const executable = new Set([packedProgram]);

const types = {
  ".json": "application/json",
  ".md": "text/markdown",
  ".txt": "text/plain",
  ".png": "image/png",
  ".cjs": "application/javascript",
  ".vsixmanifest": "text/xml",
};

const escaped = (text) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

function manifest(description, target) {
  const { name, publisher, version, displayName, engines, extensionKind } = description;
  const asset = (type, path) =>
    `<Asset Type="Microsoft.VisualStudio.${type}" Path="extension/${path}" Addressable="true"/>`;
  const property = (id, value) =>
    `<Property Id="Microsoft.VisualStudio.Code.${id}" Value="${escaped(value)}"/>`;
  return `<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011" xmlns:d="http://schemas.microsoft.com/developer/vsx-schema-design/2011">
<Metadata>
<Identity Language="en-US" Id="${name}" Version="${version}" Publisher="${publisher}" TargetPlatform="${target}"/>
<DisplayName>${escaped(displayName)}</DisplayName>
<Description xml:space="preserve">${escaped(description.description)}</Description>
<Tags>${escaped(description.keywords.join(","))}</Tags>
<Categories>${escaped(description.categories.join(","))}</Categories>
<GalleryFlags>Public</GalleryFlags>
<Properties>
${property("Engine", engines.vscode)}
${property("ExtensionDependencies", "")}
${property("ExtensionPack", "")}
${property("ExtensionKind", extensionKind.join(","))}
${property("LocalizedLanguages", "")}
${property("ExecutesCode", "true")}
</Properties>
<License>extension/LICENSE.txt</License>
<Icon>extension/${description.icon}</Icon>
</Metadata>
<Installation><InstallationTarget Id="Microsoft.VisualStudio.Code"/></Installation>
<Dependencies/>
<Assets>
${asset("Code.Manifest", "package.json")}
${asset("Services.Content.Details", "README.md")}
${asset("Services.Content.Changelog", "CHANGELOG.md")}
${asset("Services.Content.License", "LICENSE.txt")}
${asset("Services.Icons.Default", description.icon)}
</Assets>
</PackageManifest>
`;
}

function contentTypes() {
  const entries = Object.entries(types).map(
    ([suffix, type]) => `<Default Extension="${suffix}" ContentType="${type}"/>`,
  );
  return `<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
${entries.join("\n")}
<Override PartName="/extension/bin/livyd" ContentType="application/octet-stream"/>
</Types>
`;
}

function filesOf(path) {
  if (!statSync(join(extension, path)).isDirectory()) return [path];
  return readdirSync(join(extension, path))
    .sort()
    .flatMap((name) => filesOf(`${path}/${name}`));
}

function entries(target, program) {
  const description = JSON.parse(readFileSync(join(extension, "package.json"), "utf8"));
  const text = (name, content) => ({ name, content: Buffer.from(content) });
  return [
    text("[Content_Types].xml", contentTypes()),
    text("extension.vsixmanifest", manifest(description, target)),
    { name: "extension/LICENSE.txt", content: readFileSync(join(root, "LICENSE")) },
    // It is part of the bundle, and its licence wants to travel with it.
    { name: "extension/LICENSE.vscode-jsonrpc.txt", content: readFileSync(join(root, jsonrpc)) },
    { name: packedProgram, content: readFileSync(program) },
    ...packed.flatMap(filesOf).map((path) => ({
      name: `extension/${path}`,
      content: readFileSync(join(extension, path)),
    })),
  ];
}

/** The fields that the header of an entry and its line in the directory share. */
function sharedFields(entry) {
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(20, 0); // version needed: 2.0, deflate
  fields.writeUInt16LE(0x0800, 2); // names are UTF-8
  fields.writeUInt16LE(8, 4); // deflate
  fields.writeUInt16LE(0, 6); // midnight
  fields.writeUInt16LE(0x0021, 8); // 1 January 1980: no build differs by its time
  fields.writeUInt32LE(crc32(entry.content), 10);
  fields.writeUInt32LE(entry.compressed.length, 14);
  fields.writeUInt32LE(entry.content.length, 18);
  fields.writeUInt16LE(Buffer.byteLength(entry.name), 22);
  return fields;
}

function localHeader(entry) {
  const signature = Buffer.from("PK\u0003\u0004", "latin1");
  return Buffer.concat([signature, sharedFields(entry), Buffer.from(entry.name), entry.compressed]);
}

function directoryLine(entry, offset) {
  const head = Buffer.from("PK\u0001\u0002\u0014\u0003", "latin1"); // made by Unix, so modes count
  const tail = Buffer.alloc(14);
  const mode = executable.has(entry.name) ? 0o100755 : 0o100644;
  tail.writeUInt32LE((mode << 16) >>> 0, 6);
  tail.writeUInt32LE(offset, 10);
  return Buffer.concat([head, sharedFields(entry), tail, Buffer.from(entry.name)]);
}

/** A zip of entries, in their order. https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT */
function zip(list) {
  const bodies = [];
  const directory = [];
  let offset = 0;
  for (const plain of list) {
    const entry = { ...plain, compressed: deflateRawSync(plain.content, { level: 9 }) };
    directory.push(directoryLine(entry, offset));
    bodies.push(localHeader(entry));
    offset += bodies.at(-1).length;
  }
  const lines = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\u0005\u0006", 0, "latin1");
  end.writeUInt16LE(list.length, 8);
  end.writeUInt16LE(list.length, 10);
  end.writeUInt32LE(lines.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...bodies, lines, end]);
}

const [, , target, file, program = join(extension, "bin", "livyd")] = argv;
if (!target || !file) throw new Error("usage: node scripts/vsix.mjs <target> <file> [<program>]");
writeFileSync(file, zip(entries(target, program)));
