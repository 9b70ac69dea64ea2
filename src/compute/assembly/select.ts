/** Results that are made of parts of their input, in another order, left out or repeated. */
import { addTo, copy } from "./memory";
import { at, bytes } from "./simd";

/**
 * y ← of each of `samples` of x, `size` floats long, the `count` runs of `run` floats that begin at `places` (count), counted
 * in runs.
 */
export function selectRuns(
  x: usize,
  size: i32,
  places: usize,
  count: i32,
  run: i32,
  samples: i32,
  y: usize,
): void {
  for (let sample: i32 = 0; sample < samples; sample++) {
    if (run == 1) {
      for (let i: i32 = 0; i < count; i++) {
        store<f32>(at(y, i), load<f32>(at(x, load<i32>(at(places, i)))));
      }
      y = at(y, count);
    } else {
      for (let i: i32 = 0; i < count; i++) {
        copy(at(x, load<i32>(at(places, i)) * run), run, y);
        y = at(y, run);
      }
    }
    x += bytes(size);
  }
}

/** The transpose of `selectRuns`: adds every run of dy to where it was read in dx. */
export function addSelectedRuns(
  dy: usize,
  size: i32,
  places: usize,
  count: i32,
  run: i32,
  samples: i32,
  dx: usize,
): void {
  for (let sample: i32 = 0; sample < samples; sample++) {
    if (run == 1) {
      for (let i: i32 = 0; i < count; i++) {
        const place = at(dx, load<i32>(at(places, i)));
        store<f32>(place, load<f32>(place) + load<f32>(at(dy, i)));
      }
      dy = at(dy, count);
    } else {
      for (let i: i32 = 0; i < count; i++) {
        addTo(dy, run, at(dx, load<i32>(at(places, i)) * run));
        dy = at(dy, run);
      }
    }
    dx += bytes(size);
  }
}
