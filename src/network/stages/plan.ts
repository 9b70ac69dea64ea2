export interface Crossing {
  readonly tensor: string;
  readonly shape: readonly number[];
  readonly from: number;
  readonly to: readonly number[];
}
export interface StageSpec {
  readonly layers: readonly string[];
  readonly modelInputs: readonly number[];
  readonly takes: readonly number[];
  readonly gives: readonly number[];
  readonly parameters: number;
  readonly flops: number;
  readonly activationBytes: number;
}
export interface StagePlan {
  readonly crossings: readonly Crossing[];
  readonly stages: readonly StageSpec[];
}
