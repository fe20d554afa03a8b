import type { Graph, GraphNode, TensorSymbol } from "../graph/graph.ts";
import { elementCount } from "../graph/data-type.ts";
import {
  afterAll,
  assignVariable,
  copyOf,
  declareVariable,
  readVariable,
} from "../graph/operations/variables.ts";
import type { Variable } from "../graph/operations/variables.ts";
import type { Session } from "./session.ts";

/** How many bytes of variables are moved in one call: they exist twice meanwhile. */
const GROUP_BYTES = 128 << 20;

interface StoredVariable {
  readonly variable: Variable;
  readonly placeholder: TensorSymbol;
  readonly assign: GraphNode;
  readonly value: TensorSymbol;
}

/** The variables of a graph with the nodes that load and save them. */
export class ModelVariables {
  readonly #graph: Graph;
  readonly #stored = new Map<string, StoredVariable>();
  #groups: { names: string[]; loaded: TensorSymbol }[] | undefined;

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  /** Declares a variable that checkpoints know by `name`. */
  declare(name: string, shape: readonly number[]): Variable {
    const variable = declareVariable(this.#graph, `variable/${name}`, shape);
    const placeholder = this.#graph.placeholder(`initial/${name}`, shape, "float32");
    this.#stored.set(name, {
      variable,
      placeholder,
      assign: assignVariable(this.#graph, variable, copyOf(this.#graph, placeholder)),
      value: readVariable(this.#graph, variable),
    });
    return variable;
  }

  get shapes(): ReadonlyMap<string, readonly number[]> {
    return new Map([...this.#stored].map(([name, { variable }]) => [name, variable.shape]));
  }

  /** Adds the nodes that load; to be called once, before the session is made. */
  prepare(): void {
    this.#groups = groupsOf(this.#stored).map((names, index) => ({
      names,
      loaded: afterAll(
        this.#graph,
        this.#graph.constant(0),
        names.map((name) => this.#of(name).assign),
        `load/${index}`,
      ),
    }));
  }

  /** Gives each variable the numbers that `values` makes for it, a few at a time. */
  load(session: Session, values: (name: string, shape: readonly number[]) => Float32Array): void {
    for (const { names, loaded } of this.#groups ?? []) {
      session.run(
        names.map((name) => {
          const { placeholder, variable } = this.#of(name);
          return [placeholder, values(name, variable.shape)] as const;
        }),
        [loaded],
      );
    }
  }

  /** Reads the variables, a few at a time, in the order they were declared. */
  *read(
    session: Session,
    wanted: (name: string) => boolean,
  ): Generator<[name: string, values: Float32Array]> {
    for (const { names } of this.#groups ?? []) {
      const kept = names.filter(wanted);
      if (kept.length > 0) {
        const values = session.run(
          [],
          kept.map((name) => this.#of(name).value),
        );
        for (const [index, name] of kept.entries()) {
          yield [name, values[index] as Float32Array];
        }
      }
    }
  }

  #of(name: string): StoredVariable {
    const stored = this.#stored.get(name);
    if (stored === undefined) {
      throw new Error(`There is no variable ${name}.`);
    }
    return stored;
  }
}

function groupsOf(stored: ReadonlyMap<string, StoredVariable>): string[][] {
  const groups: string[][] = [];
  let bytes = Infinity;
  for (const [name, { variable }] of stored) {
    const size = elementCount(variable.shape) * 4;
    if (bytes + size > GROUP_BYTES) {
      groups.push([]);
      bytes = 0;
    }
    groups.at(-1)?.push(name);
    bytes += size;
  }
  return groups;
}
