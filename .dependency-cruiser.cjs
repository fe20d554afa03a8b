// Who may import whom: the table in docs/architecture.md, held here. `npm run layers`.
const test = "\\.test\\.ts$";

/** Nothing below `from` may import our own code outside `allowed`. */
function onlyImports(name, from, allowed, comment) {
  return {
    name,
    comment,
    severity: "error",
    from: { path: from, pathNot: test },
    to: { path: "^(src-shared|src-main|src-renderer|e2e|scripts|fixtures|bench)/", pathNot: allowed },
  };
}

module.exports = {
  forbidden: [
    onlyImports(
      "shared-stands-alone",
      "^src-shared/",
      ["^src-shared/"],
      "src-shared runs anywhere: it imports nothing of ours.",
    ),
    onlyImports(
      "raster-imports-shared",
      "^src-main/raster/",
      ["^src-main/raster/", "^src-shared/"],
      "The raster engine knows no project.",
    ),
    onlyImports(
      "engine-imports-shared",
      "^src-main/engine/",
      ["^src-main/engine/", "^src-shared/"],
      "The engine knows tensors only.",
    ),
    onlyImports(
      "host-imports",
      "^src-main/host/",
      ["^src-main/host/", "^src-main/raster/", "^src-shared/", "^src-main/engine/(port|catalog)\\.ts$"],
      "The host reaches the engine through its port and its catalog, which load no TensorFlow.",
    ),
    onlyImports(
      "desktop-imports",
      "^src-main/desktop/",
      ["^src-main/desktop/", "^src-main/host/", "^src-shared/"],
      "Shells never import each other.",
    ),
    onlyImports(
      "server-imports",
      "^src-main/server/",
      ["^src-main/server/", "^src-main/host/", "^src-shared/"],
      "Shells never import each other.",
    ),
    onlyImports(
      "cli-imports",
      "^src-main/cli/",
      [
        "^src-main/cli/",
        "^src-main/host/",
        "^src-main/raster/index\\.ts$",
        "^src-main/engine/catalog\\.ts$",
        "^src-shared/",
      ],
      "Shells never import each other; the command line reads rasters for `info`.",
    ),
    onlyImports(
      "ui-stands-alone",
      "^src-renderer/ui/",
      ["^src-renderer/ui/"],
      "ui is what a design system would be: it knows nothing of ours.",
    ),
    onlyImports(
      "state-imports",
      "^src-renderer/state/",
      ["^src-renderer/state/", "^src-shared/"],
      "State never imports views.",
    ),
    onlyImports(
      "views-import",
      "^src-renderer/(map|tools|panels)/",
      ["^src-renderer/(map|tools|panels|state|ui)/", "^src-shared/"],
      "Views import state, ui and shared.",
    ),
    onlyImports(
      "e2e-sees-what-a-user-sees",
      "^e2e/",
      ["^e2e/"],
      "End-to-end tests use the app as its users do.",
    ),
    {
      name: "raster-through-its-index",
      comment:
        "The raster engine is entered by its index, or by those of its class grids and of writing, which load no native decoders.",
      severity: "error",
      from: { path: "^src-main/(host|cli)/", pathNot: test },
      to: { path: "^src-main/raster/", pathNot: "^src-main/raster/((class-grid|write)/)?index\\.ts$" },
    },
    {
      name: "services-through-their-index",
      comment: "A host service is entered by its index.ts.",
      severity: "error",
      from: { path: "^src-main/host/([^/]+)/", pathNot: test },
      to: {
        path: "^src-main/host/[^/]+/",
        pathNot: [
          "^src-main/host/$1/",
          "^src-main/host/[^/]+/index\\.ts$",
          "^src-main/host/[^/]+/[^/]*-contract\\.ts$",
        ],
      },
    },
    {
      name: "electron-only-in-the-desktop-shell",
      comment: "Only src-main/desktop knows Electron.",
      severity: "error",
      from: { path: "^src-", pathNot: ["^src-main/desktop/", test] },
      to: { path: "node_modules/electron/|^electron$" },
    },
    {
      name: "tensorflow-only-in-the-engine",
      comment: "Only src-main/engine loads TensorFlow.",
      severity: "error",
      from: { path: "^src-", pathNot: ["^src-main/engine/", test] },
      to: { path: "(^|node_modules/)@tensorflow/" },
    },
    {
      name: "page-has-no-node",
      comment: "The page has no Node, and what is shared runs in the page.",
      severity: "error",
      from: { path: "^src-(renderer|shared)/", pathNot: test },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "no-cycles",
      comment: "A cycle has no reading order.",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "resolvable",
      severity: "error",
      from: {},
      to: { couldNotResolve: true, pathNot: "^(electron|ol/|virtual:)" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(out|artifacts)/" },
    tsConfig: { fileName: "tsconfig.tools.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "svelte", "types", "node", "default"],
    },
  },
};
