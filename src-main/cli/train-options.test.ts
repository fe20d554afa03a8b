import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { defaultSettings } from "../host/training/presets.ts";
import { addLearningOptions, learningSettings, type LearningOptions } from "./train-options.ts";

function settingsOf(...words: string[]): ReturnType<typeof learningSettings> {
  const command = addLearningOptions(new Command())
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  command.parse(words, { from: "user" });
  return learningSettings(command.opts<LearningOptions>());
}

describe("options on how a training learns", () => {
  it("are the usual settings when none is given", () => {
    expect(defaultSettings).toMatchObject(settingsOf());
  });

  it("make every setting", () => {
    expect(
      settingsOf(
        ...["--optimizer", "sgd", "--momentum", "0.8", "--nesterov", "--schedule", "step"],
        ...["--decay-every", "4", "--decay-factor", "0.1", "--clip-value", "0.5", "--l2", "1e-4"],
        ...["--accumulate", "8", "--precision", "bfloat16", "--early-stopping", "6"],
        ...["--early-stopping-on", "loss", "--sampling", "balanced"],
        ...["--augment", "turns,scale=0.25,hue=0.05"],
      ),
    ).toEqual({
      optimizer: { kind: "sgd", momentum: 0.8, nesterov: true },
      schedule: { kind: "step", everyEpochs: 4, factor: 0.1 },
      clipping: { kind: "value", limit: 0.5 },
      l2: 1e-4,
      accumulation: 8,
      precision: "bfloat16",
      earlyStopping: { measure: "loss", patience: 6 },
      sampling: "balanced",
      augmentation: {
        flips: false,
        quarterTurns: true,
        scale: 0.25,
        brightness: 0,
        contrast: 0,
        hue: 0.05,
        noise: 0,
      },
    });
    expect(settingsOf("--optimizer", "adamw", "--weight-decay", "0.01").optimizer).toEqual({
      kind: "adamw",
      weightDecay: 0.01,
    });
    expect(settingsOf("--schedule", "cosine", "--warmup", "2.5").schedule).toEqual({
      kind: "cosine",
      warmupEpochs: 2.5,
    });
    expect(settingsOf("--no-augment").augmentation).toMatchObject({ flips: false, quarterTurns: false });
  });

  it.each([
    [["--momentum", "0.5"], "--momentum and --nesterov belong to --optimizer sgd"],
    [["--weight-decay", "0.5"], "--weight-decay belongs to --optimizer adamw"],
    [["--warmup", "2"], "--warmup belongs to --schedule cosine, not constant"],
    [["--optimizer", "lion"], "expected one of adam, adamw, sgd"],
    [["--augment", "flips,hue=0.7"], "at “hue=0.7” expected flips, turns"],
    [["--augment", "twist"], "at “twist” expected"],
    [["--clip-norm", "1", "--clip-value", "1"], "cannot be used with"],
    [["--schedule", "linear"], "Allowed choices are constant, step, cosine, plateau"],
  ])("that don't go together are refused: %s", (words, message) => {
    expect(() => settingsOf(...words)).toThrow(message);
  });
});
