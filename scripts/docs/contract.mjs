// Writes docs/contract.md from src-shared/contract.ts, so that the document can't drift from the schemas.
// `node scripts/docs/contract.mjs` writes it; `--check` only compares, and fails when it is out of date.
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const target = path.join(root, "docs/contract.md");
/** Lists the modules whose exported `…Schema` values get a section of their own. */
const modulesFile = path.join(root, "scripts/docs/contract-modules.ts");

/** @type {Map<unknown, string>} */
const names = new Map();
/** @type {Map<string, { schema: any, comment: string }>} */
const schemas = new Map();
/** The texts of all those modules. */
const sources = [];
let contract;

const { module: modules } = await runnerImport(modulesFile, { root, configFile: false, logLevel: "error" });
const listed = await readFile(modulesFile, "utf8");
for (const [, name, file] of listed.matchAll(/as (\w+) from "\.\.\/\.\.\/([^"]+)"/g)) {
  const module = modules[name];
  const source = await readFile(path.join(root, file), "utf8");
  sources.push(source);
  for (const [exported, value] of Object.entries(module)) {
    if (exported === "contract") {
      contract = value;
    } else if (exported.endsWith("Schema") && value?.def !== undefined && !names.has(value)) {
      const name = exported[0].toUpperCase() + exported.slice(1, -"Schema".length);
      if (!schemas.has(name)) {
        names.set(value, name);
        schemas.set(name, { schema: value, comment: commentBefore(source, `export const ${exported}`) });
      }
    }
  }
}

/** The doc comment right before `declaration`, as one paragraph. */
function commentBefore(source, declaration) {
  const at = source.indexOf(declaration);
  const before = at < 0 ? "" : source.slice(0, at).trimEnd();
  const match = /\/\*\*((?:[^*]|\*(?!\/))*)\*\/$/.exec(before);
  return match === null
    ? ""
    : match[1]
        .replace(/^\s*\* ?/gm, "")
        .replace(/\s+/g, " ")
        .trim();
}

/** A schema as a TypeScript-like expression; named schemas inside others become their names. */
function expression(schema, top = false) {
  const name = names.get(schema);
  if (name !== undefined && !top) {
    return name;
  }
  const { def } = schema;
  switch (def.type) {
    case "object":
      return `{ ${Object.entries(def.shape)
        .map(([key, value]) =>
          value.def.type === "optional"
            ? `${key}?: ${expression(value.def.innerType)}`
            : `${key}: ${expression(value)}`,
        )
        .join("; ")} }`;
    case "array":
      return `${wrapped(def.element)}[]`;
    case "tuple":
      return `[${def.items.map((item) => expression(item)).join(", ")}]`;
    case "record":
      return `Record<${expression(def.keyType)}, ${expression(def.valueType)}>`;
    case "union":
      return def.options.map((option) => expression(option)).join(" | ");
    case "enum":
      return Object.values(def.entries)
        .map((entry) => JSON.stringify(entry))
        .join(" | ");
    case "literal":
      return def.values.map((value) => JSON.stringify(value)).join(" | ");
    case "nullable":
      return `${expression(def.innerType)} | null`;
    case "optional":
      return `${expression(def.innerType)} | undefined`;
    case "default":
    case "readonly":
    case "catch":
      return expression(def.innerType);
    case "pipe":
      // What is first led through a function, such as an upgrade of old files, looks like what comes out.
      return expression(def.in.def.type === "transform" ? def.out : def.in);
    case "custom":
      return "Uint8Array";
    default:
      return def.type;
  }
}

function wrapped(schema) {
  const text = expression(schema);
  return text.includes(" | ") ? `(${text})` : text;
}

/** One variant or field a line where an expression is long. */
function declaration(schema) {
  const { def } = schema;
  if (def.type === "union") {
    return def.options.map((option) => `  | ${expression(option)}`).join("\n");
  }
  if (def.type === "object") {
    return `{\n${Object.entries(def.shape)
      .map(([key, value]) => `  ${key}: ${expression(value)};`)
      .join("\n")}\n}`;
  }
  return expression(schema, true);
}

/** From where a service is written down: in the contract itself, or as `SERVICEContract` in a module of its family. */
function sourceOf(service) {
  const inside = contractSource.search(new RegExp(`^ {2}${service}: \\{`, "m"));
  if (inside >= 0) {
    return contractSource.slice(inside);
  }
  const start = `export const ${service}Contract = {`;
  const family = sources.find((source) => source.includes(start)) ?? "";
  return family.slice(Math.max(0, family.indexOf(start)));
}

const contractSource = await readFile(path.join(root, "src-shared/contract.ts"), "utf8");
const lines = [
  "# Contract",
  "",
  "Every method and value that crosses between page and host. Generated from `src-shared/contract.ts` by",
  "`npm run docs`; do not edit. Calls answer once, streams go on until the page leaves the loop.",
  "",
];
for (const [service, methods] of Object.entries(contract)) {
  lines.push(`## ${service}`, "", "| method | kind | input | answer | |", "| --- | --- | --- | --- | --- |");
  const serviceSource = sourceOf(service);
  for (const [method, definition] of Object.entries(methods)) {
    const comment = commentBefore(serviceSource, `${method}: ${definition.kind}(`);
    const output = definition.kind === "stream" ? definition.item : definition.output;
    const cells = [`\`${method}\``, definition.kind, code(definition.input), code(output), comment];
    lines.push(`| ${cells.join(" | ")} |`);
  }
  lines.push("");
}
lines.push("# Values", "");
for (const [name, { schema, comment }] of [...schemas].sort(([a], [b]) => a.localeCompare(b))) {
  lines.push(
    `## ${name}`,
    "",
    ...(comment === "" ? [] : [comment, ""]),
    "```ts",
    declaration(schema),
    "```",
    "",
  );
}

function code(schema) {
  return schema.def.type === "void" ? "–" : `\`${expression(schema).replaceAll("|", "\\|")}\``;
}

const text = `${lines.join("\n").trimEnd()}\n`;
if (process.argv.includes("--check")) {
  const current = await readFile(target, "utf8").catch(() => "");
  if (current !== text) {
    console.error("docs/contract.md is out of date: run `npm run docs`.");
    process.exit(1);
  }
} else {
  await writeFile(target, text);
  console.log("wrote docs/contract.md");
}
