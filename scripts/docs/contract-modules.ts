// Everything that docs/contract.md is made of, loaded together: a schema used by two modules must be one object.
export * as contractModule from "../../src-shared/contract.ts";
export * as errors from "../../src-shared/rpc/errors.ts";
export * as landClass from "../../src-shared/project/land-class.ts";
export * as mosaic from "../../src-shared/project/mosaic.ts";
export * as projectSnapshot from "../../src-shared/project/project-snapshot.ts";
export * as affine from "../../src-shared/geo/affine.ts";
export * as pixelWindow from "../../src-shared/geo/pixel-window.ts";
export * as crs from "../../src-shared/geo/crs.ts";
export * as rasterDescription from "../../src-shared/geo/raster-description.ts";
export * as job from "../../src-shared/jobs/job.ts";
export * as trainingSettings from "../../src-shared/training/training-settings.ts";
export * as run from "../../src-shared/training/run.ts";
export * as evaluationReport from "../../src-shared/metrics/evaluation-report.ts";
export * as imageryDisplay from "../../src-shared/project/imagery-display.ts";
export * as reviewContract from "../../src-shared/labels/review-contract.ts";
export * as reviewCells from "../../src-shared/labels/review-cells.ts";
