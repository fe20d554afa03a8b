import { describe, expect, it } from "vitest";
import { initialDisplay } from "./display-state.ts";
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
    file: {
      format: "orthomask-project",
      version: PROJECT_FILE_VERSION,
      classes,
      view: null,
      display: null,
      training: null,
    },
  });
});

it("of version 2, whose view held visibility and opacity, is still read", () => {
  const where = { center: [500_000, 600_000], resolution: 0.5, projectionCode: "EPSG:2180" };
  const layers = { imagery: { visible: false, opacity: 1 }, labels: { visible: true, opacity: 0.35 } };
  const second = {
    format: "orthomask-project",
    version: 2,
    classes: null,
    view: { ...where, layers },
    training: null,
  };
  expect(parseProjectFile(JSON.stringify(second))).toEqual({
    kind: "ok",
    file: {
      ...emptyProjectFile,
      view: where,
      display: {
        ...initialDisplay,
        layers: {
          imagery: { visible: false, opacity: 1, drawing: "fill" },
          labels: { visible: true, opacity: 0.35, drawing: "fill" },
          prediction: initialDisplay.layers.prediction,
          other: initialDisplay.layers.other,
          confidence: initialDisplay.layers.confidence,
          uncertainty: initialDisplay.layers.uncertainty,
          unlabelled: initialDisplay.layers.unlabelled,
          errors: initialDisplay.layers.errors,
          disagreement: initialDisplay.layers.disagreement,
        },
      },
    },
  });
  const without = { ...second, view: null };
  expect(parseProjectFile(JSON.stringify(without))).toEqual({ kind: "ok", file: emptyProjectFile });
  const spoilt = { ...second, view: { ...where, layers: { labels: { visible: 1 } } } };
  expect(parseProjectFile(JSON.stringify(spoilt))).toMatchObject({ kind: "ok", file: { view: where } });
});

it("of version 3, which had four kinds of layers, is still read", () => {
  const look = { visible: false, opacity: 0.5 };
  const { imagery, labels, prediction, errors } = initialDisplay.layers;
  const third = {
    ...emptyProjectFile,
    version: 3,
    display: {
      ...initialDisplay,
      layers: { imagery, labels: { ...labels, opacity: 0.3 }, prediction, errors },
      mosaicLayers: { east: { imagery: look, labels: look, prediction: look, errors: look } },
    },
  };
  const as = { visible: true, opacity: 1 };
  expect(parseProjectFile(JSON.stringify(third))).toEqual({
    kind: "ok",
    file: {
      ...emptyProjectFile,
      display: {
        ...initialDisplay,
        layers: { ...initialDisplay.layers, labels: { ...labels, opacity: 0.3 } },
        mosaicLayers: {
          east: {
            imagery: look,
            labels: look,
            prediction: look,
            errors: look,
            other: as,
            confidence: as,
            uncertainty: as,
            unlabelled: as,
            disagreement: as,
          },
        },
      },
    },
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
