/**
 * What unrolling makes of declarations: instances of steps, loops and matrices, in scopes.
 *
 * A scope is the file's top level, one cycle of a loop, or one cell of a matrix; its members stand in the slots of the declared
 * block.
 */
import type { Block, Declaration, LoopDeclaration, StepDeclaration } from "./declarations.ts";
import type { Given, MatrixValues, Surroundings } from "./expression.ts";
import type { Axis } from "./matrix.ts";

export interface StepInstance {
  readonly kind: "step";
  readonly index: number;
  /** `distil[2].student`, `bi0[loss=mse]`. */
  readonly id: string;
  readonly declaration: StepDeclaration;
  readonly scope: Scope;
  readonly seed: number;
  /** Of a decision (`stop`): that of the cycle before. */
  readonly before?: StepInstance;
}

export interface LoopInstance {
  readonly kind: "loop";
  readonly id: string;
  readonly declaration: LoopDeclaration;
  /** Where the loop stands; its `carry` is resolved there. */
  readonly parent: Scope;
  /** Undefined where `repeat` is unusable, which was reported; the body is then unrolled once. */
  readonly cycles: number | undefined;
  /** One per cycle, cycle 1 first; of a loop without cycles, its phantom. */
  readonly scopes: ReadonlyArray<Scope>;
  /** One per cycle, where the loop has a `stop`. */
  readonly decisions: ReadonlyArray<StepInstance>;
}

export interface MatrixInstance {
  readonly kind: "matrix";
  readonly id: string;
  readonly declaration: Declaration;
  /** Where it stands. */
  readonly parent: Scope;
  /** Undefined where they are unusable, which was reported; there is then one cell without a name. */
  readonly axes: ReadonlyArray<Axis> | undefined;
  /** By their labels, in written order. */
  readonly cells: ReadonlyMap<string, StepInstance | LoopInstance>;
}

export type Member = StepInstance | LoopInstance | MatrixInstance;

export interface Scope {
  readonly parent: Scope | undefined;
  readonly loop: LoopInstance | undefined;
  /** Of the innermost loop, from 1. */
  readonly cycle: number | null;
  readonly isPhantom: boolean;
  /** Of the cell that this scope is; it has no members of its own. */
  readonly cell: string | undefined;
  /** The values of the cells around, its own among them. */
  readonly matrix: MatrixValues;
  /** Decisions that have to let the loops around go on before this cycle begins, outermost loop first. */
  readonly gates: ReadonlyArray<StepInstance>;
  readonly block: Block;
  readonly members: ReadonlyArray<Member>;
}

/** What expressions in a scope may name. */
export const surroundingsIn = ({ cycle, matrix }: Scope, given: Given): Surroundings => ({ ...given, cycle, matrix });

/** The scope whose members a step stands among: a cell's is the one around it. */
export const bodyOf = (scope: Scope): Scope => (scope.cell === undefined ? scope : bodyOf(scope.parent!));

export interface Unrolled {
  readonly root: Scope;
  /** In written order, phantoms among them. */
  readonly steps: ReadonlyArray<StepInstance>;
  readonly loops: ReadonlyArray<LoopInstance>;
  readonly matrices: ReadonlyArray<MatrixInstance>;
  readonly seed: number;
}
