/** What a run needs of the machine. */
export interface Need {
  readonly ranks: number;
  /** Of each rank; undefined: one. */
  readonly threads?: number | undefined;
}

/** Where runs may go, some at a time. One at least fits where no other is. */
export interface Places<Place> {
  /** Undefined: not before another has ended. */
  take(need: Need): Place | undefined;
  giveBack(place: Place): void;
}
