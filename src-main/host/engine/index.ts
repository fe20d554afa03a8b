export { Engine } from "./engine.ts";
export { createEnginePredictor, modelOfRun, type EnginePredictor } from "./engine-predictor.ts";
export { createEngineTrainer, type EngineTrainer } from "./engine-trainer.ts";
export type { TilePredictor } from "./tile-predictor.ts";
export type { BatchOutcome, Trainer } from "./trainer.ts";
