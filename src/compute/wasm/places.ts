/**
 * For each element of `shape`, in row-major order, the place of the one it is read from among those of `source`: axis i of
 * `shape` runs along axis `axes[i]` of `source`, and stands still where that has one element only.
 */
export function sourcePlaces(
  shape: readonly number[],
  source: readonly number[],
  axes: readonly number[],
): Int32Array {
  const steps = source.map((size, i) => (size === 1 ? 0 : source.slice(i + 1).reduce((a, b) => a * b, 1)));
  let places = [0];
  shape.forEach((size, i) => {
    const step = steps[axes[i]!]!;
    places = places.flatMap((place) => Array.from({ length: size }, (_, j) => place + j * step));
  });
  return Int32Array.from(places);
}
