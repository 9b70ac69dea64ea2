import { flag, integer, number } from "../config/option.js";
import { describe } from "./description.js";
import { adabelief } from "./first-order/adabelief.js";
import { adam, adamw } from "./first-order/adam.js";
import { diffgrad } from "./first-order/diffgrad.js";
import { lion } from "./first-order/lion.js";
import { gradientMethod } from "./first-order/rule.js";
import { sgd } from "./first-order/sgd.js";
import { lbfgs } from "./lbfgs.js";
import { soaa } from "./soaa.js";

/** As SAPTS: the methods here are compared with it. */
const MINI_BATCHES = 20;

const rate = (fallback: number) => number({ min: 0, fallback, help: "learning rate" });
const decay = (fallback: number) => number({ min: 0, fallback, help: "weight decay" });
const beta = (fallback: number, help: string) => number({ min: 0, max: 0.999999, fallback, help });

/** The customary defaults of each rule are those of the paper it comes from. */
function adamOptions({ epsilon, weightDecay }: { epsilon: number; weightDecay: number }) {
  return {
    learningRate: rate(1e-3),
    beta1: beta(0.9, "share of the mean gradient kept"),
    beta2: beta(0.999, "share of the mean square kept"),
    epsilon: number({ min: 0, max: 1, fallback: epsilon, help: "keeps denominators from zero" }),
    weightDecay: decay(weightDecay),
  };
}

/** What the trust-region methods are measured against (docs/algorithms.md §11), and SOAA. */
export const baselines = [
  describe({
    name: "sgd",
    summary: "gradient descent with momentum",
    source: "Sutskever et al., ICML 2013",
    batches: MINI_BATCHES,
    options: {
      learningRate: rate(0.1),
      momentum: beta(0.9, "share of the velocity kept"),
      nesterov: flag({ fallback: false, help: "look ahead along the velocity" }),
      weightDecay: decay(0),
    },
    create: (context, options, theta0) => gradientMethod(context, sgd(options), theta0),
  }),
  describe({
    name: "adam",
    summary: "Adam",
    source: "Kingma, Ba, ICLR 2015",
    batches: MINI_BATCHES,
    options: adamOptions({ epsilon: 1e-8, weightDecay: 0 }),
    create: (context, options, theta0) => gradientMethod(context, adam(options), theta0),
  }),
  describe({
    name: "adamw",
    summary: "Adam with decoupled weight decay",
    source: "Loshchilov, Hutter, ICLR 2019",
    batches: MINI_BATCHES,
    options: adamOptions({ epsilon: 1e-8, weightDecay: 0.01 }),
    create: (context, options, theta0) => gradientMethod(context, adamw(options), theta0),
  }),
  describe({
    name: "adabelief",
    summary: "Adam by the variance of the gradient",
    source: "Zhuang et al., NeurIPS 2020",
    batches: MINI_BATCHES,
    options: adamOptions({ epsilon: 1e-16, weightDecay: 0 }),
    create: (context, options, theta0) => gradientMethod(context, adabelief(options), theta0),
  }),
  describe({
    name: "diffgrad",
    summary: "Adam, slower where the gradient hardly changes",
    source: "Dubey et al., IEEE TNNLS 2020",
    batches: MINI_BATCHES,
    options: adamOptions({ epsilon: 1e-8, weightDecay: 0 }),
    create: (context, options, theta0) => gradientMethod(context, diffgrad(options), theta0),
  }),
  describe({
    name: "lion",
    summary: "sign of an averaged gradient",
    source: "Chen et al., NeurIPS 2023",
    batches: MINI_BATCHES,
    options: {
      learningRate: rate(1e-4),
      beta1: beta(0.9, "share of the mean gradient in the step"),
      beta2: beta(0.99, "share of the mean gradient kept"),
      weightDecay: decay(0),
    },
    create: (context, options, theta0) => gradientMethod(context, lion(options), theta0),
  }),
  describe({
    name: "lbfgs",
    summary: "L-BFGS with strong Wolfe line search",
    source: "NW06, Algorithms 7.5, 3.5, 3.6",
    batches: 1,
    options: { pairs: integer({ min: 1, max: 1000, fallback: 10, help: "curvature pairs remembered" }) },
    create: (context, options, theta0) => lbfgs(context, { memory: options.pairs }, theta0),
  }),
  describe({
    name: "soaa",
    summary: "Adam with a diagonal Fisher matrix and a trust-region factor",
    source: "VV24",
    batches: MINI_BATCHES,
    options: {
      ...adamOptions({ epsilon: 1e-8, weightDecay: 0 }),
      gamma: number({ min: 0, max: 1, fallback: 0.25, help: "how far the factor may leave 1 in the end" }),
    },
    create: (context, options, theta0) => soaa(context, options, theta0),
  }),
] as const;
