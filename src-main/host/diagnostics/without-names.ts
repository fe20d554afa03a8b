import type { LoggedEvent } from "./event-log.ts";

/** How much of a text an event keeps. */
const MOST_CHARACTERS = 4000;
/** A place in our own program: a file of code below one of its folders, with line and column. A user's folder may have the same name, but no such files in messages. */
const places =
  /(?:file:\/\/)?[^\s"'()]*[/\\](?:app\.asar(?:\.unpacked)?|out|src-\w+|node_modules)[/\\]([^\s"'()]+\.(?:[cm]?[jt]s|node|svelte)(?::\d+)+)/gu;
/** Addresses, before paths: they have slashes too. */
const addresses = /\b[a-z][a-z\d+.-]*:\/\/[^\s"'“”‘’()<>]+/giu;
/** `/a/b`, `C:\a\b`, `\\server\share`, `~/a`; a name in quotes may have spaces, one without can't be told from what follows. */
const quotedPaths = /(["'“‘])(?:[a-z]:)?[^"'“”‘’\n]*[/\\][^"'“”‘’\n]*(["'”’])/giu;
const barePaths = /(?<![\p{L}\p{N}<])(?:[a-z]:[/\\]|\\\\|~?\/)[^\s"'“”‘’()<>,;:]+/giu;
/** Files that a message names without their folder: the last word with one of the endings that Orthomask reads or writes. */
const files =
  /[^\s"'“”‘’()<>/\\]+\.(?:tiff?|png|jpe?g|vrt|url|json|geojson|gpkg|fgb|shp|dbf|shx|prj|qml|csv|txt|weights|h5|keras|onnx|npz)\b/giu;

/**
 * A message as it may leave the machine: paths, addresses and names of files, and each of `names` (projects, mosaics), are taken out. Places in our own
 * program keep their file and line, since they say nothing of the user.
 */
export function withoutNames(text: string, names: Iterable<string> = []): string {
  let told = text
    .replace(places, "‹app›:$1")
    .replace(addresses, "‹address›")
    .replace(quotedPaths, "$1‹path›$2")
    .replace(barePaths, "‹path›")
    .replace(files, "‹file›");
  // The longest first, so that no part of a name is left.
  // Not `toSorted`, which the Node of an old Electron hasn't: its shell logs too.
  for (const name of [...new Set(names)]
    .filter(({ length }) => length > 2)
    .sort((a, b) => b.length - a.length)) {
    told = told.replaceAll(name, "‹name›");
  }
  return told;
}

/** An event whose texts are told as by {@link withoutNames}, and cut where they are long. */
export function eventWithoutNames(event: LoggedEvent, names: Iterable<string>): LoggedEvent {
  const told = Object.entries(event).map(([key, value]) => [
    key,
    typeof value === "string" ? withoutNames(value, names).slice(0, MOST_CHARACTERS) : value,
  ]);
  return Object.fromEntries(told) as LoggedEvent;
}
