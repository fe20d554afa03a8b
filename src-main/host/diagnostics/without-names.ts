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
    .replace(
      /(?:file:\/\/)?[^\s"'()]*[/\\](?:app\.asar|out|src-\w+|node_modules)[/\\]([^\s"'()]+)/gu,
      "‹app›:$1",
    )
    .replace(addresses, "‹address›")
    .replace(quotedPaths, "$1‹path›$2")
    .replace(barePaths, "‹path›")
    .replace(files, "‹file›");
  // The longest first, so that no part of a name is left.
  for (const name of [...new Set(names)]
    .filter(({ length }) => length > 2)
    .toSorted((a, b) => b.length - a.length)) {
    told = told.replaceAll(name, "‹name›");
  }
  return told;
}
