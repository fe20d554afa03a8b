import { describe, expect, it } from "vitest";
import { emptyProjectFile, migrateDocument, parseProjectFile, PROJECT_FILE_VERSION } from "./project-file.ts";

describe("a project file", () => {
  it("is read as it was written", () => {
    const file = {
      ...emptyProjectFile,
      classes: [{ id: 3, name: "road", color: "#f0e442", ignore: false }],
    };
    expect(parseProjectFile(JSON.stringify(file))).toEqual({ kind: "ok", file });
  });

  it("is told apart from a damaged one, somebody else's, and a newer one", () => {
    expect(parseProjectFile('{"format": "orthomask-').kind).toBe("damaged");
    expect(parseProjectFile('{"version": 1}').kind).toBe("damaged");
    expect(parseProjectFile(JSON.stringify({ ...emptyProjectFile, classes: [{ id: 255 }] })).kind).toBe(
      "damaged",
    );
    expect(parseProjectFile(JSON.stringify({ ...emptyProjectFile, extra: true })).kind).toBe("damaged");
    const version = PROJECT_FILE_VERSION + 1;
    expect(parseProjectFile(JSON.stringify({ format: "orthomask-project", version, new: 1 }))).toEqual({
      kind: "newer",
      version,
    });
  });
});

it("of version 1, which had no training settings, is still read", () => {
  const classes = [{ id: 3, name: "road", color: "#f0e442", ignore: false }];
  const first = { format: "orthomask-project", version: 1, classes, view: null };
  expect(parseProjectFile(JSON.stringify(first))).toEqual({
    kind: "ok",
    file: { format: "orthomask-project", version: 2, classes, view: null, training: null },
  });
});

it("goes through every migration between its version and the current one, in order", () => {
  const migrations = {
    1: (document: object) => ({ ...document, version: 2, steps: ["1 to 2"] }),
    2: (document: { steps?: unknown }) => ({
      ...document,
      version: 3,
      steps: [...(document.steps as string[]), "2 to 3"],
    }),
  };
  expect(migrateDocument({ version: 1 }, { from: 1, to: 3 }, migrations)).toEqual({
    version: 3,
    steps: ["1 to 2", "2 to 3"],
  });
  expect(migrateDocument({ version: 3 }, { from: 3, to: 3 }, migrations)).toEqual({ version: 3 });
  expect(migrateDocument({ version: 0 }, { from: 0, to: 3 }, migrations)).toBeNull();
});
