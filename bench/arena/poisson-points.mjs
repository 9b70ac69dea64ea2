/** Points that fill the unit square evenly, a Halton sequence: 400 to train on, the next 400 to measure with. */
const halton = (index, base) => {
  let [value, share] = [0, 1 / base];
  for (let i = index; i > 0; i = Math.floor(i / base), share /= base) value += share * (i % base);
  return value;
};

const points = (from, count) => ({
  features: Array.from({ length: count }, (_, i) => [halton(from + i, 2), halton(from + i, 3)]),
});

export const createData = () => ({ train: points(1, 400), test: points(401, 400) });
