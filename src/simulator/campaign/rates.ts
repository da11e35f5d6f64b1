/**
 * Behaviour of leads: probabilities and delays, based on the provider's published benchmarks.
 *
 * @module
 */
import type { ReplySentiment } from '../../../schemas/events.ts';
import type { ProfileName } from '../../../schemas/sandbox.ts';

/** Probabilities, 0 to 1, and weights of the sentiments among replies. Each is defined in `spec/sandbox.openapi.yaml`. */
export interface Rates {
  readonly bounce: number;
  readonly hard_bounce: number;
  readonly open: number;
  readonly open_again: number;
  readonly click: number;
  readonly reply: number;
  readonly unsubscribe: number;
  readonly suppress_globally: number;
  readonly sentiments: Readonly<Record<ReplySentiment, number>>;
}

/**
 * The provider's 2026 benchmarks: 45–55 % of delivered e-mails are opened; 3–5 % of the leads reply, 40–60 % of these
 * positively, 15–25 % with "not now", and 30–45 % with "no" or an unsubscription; a bounce rate of 1–2 % is acceptable.
 * The other values are assumptions: repeated opens, clicks, unsubscriptions, the share of hard bounces, and one automatic
 * reply in 20.
 */
const AVERAGE: Rates = {
  bounce: 0.015,
  hard_bounce: 0.7,
  open: 0.5,
  open_again: 0.4,
  click: 0.08,
  reply: 0.04,
  unsubscribe: 0.01,
  suppress_globally: 0.8,
  sentiments: {
    positive: 0.45,
    neutral: 0.18,
    negative: 0.24,
    out_of_office: 0.05,
    unsubscribe: 0.08,
  },
};

/** `average` meets the benchmarks, `excellent` exceeds them, `dangerous` has a bounce rate that they call critical. */
export const PROFILES: Readonly<Record<ProfileName, Rates>> = {
  average: AVERAGE,
  excellent: {
    ...AVERAGE,
    bounce: 0.005,
    open: 0.65,
    open_again: 0.5,
    click: 0.15,
    reply: 0.09,
    unsubscribe: 0.004,
    sentiments: {
      positive: 0.58,
      neutral: 0.2,
      negative: 0.14,
      out_of_office: 0.05,
      unsubscribe: 0.03,
    },
  },
  dangerous: {
    ...AVERAGE,
    bounce: 0.12,
    hard_bounce: 0.85,
    open: 0.22,
    open_again: 0.2,
    click: 0.02,
    reply: 0.012,
    unsubscribe: 0.03,
    sentiments: {
      positive: 0.1,
      neutral: 0.15,
      negative: 0.5,
      out_of_office: 0.05,
      unsubscribe: 0.2,
    },
  },
  silent: { ...AVERAGE, bounce: 0, open: 0, open_again: 0, click: 0, reply: 0, unsubscribe: 0 },
};

export const SENTIMENTS: readonly ReplySentiment[] = [
  'positive',
  'neutral',
  'negative',
  'out_of_office',
  'unsubscribe',
];

/**
 * Delays in whole seconds, log-normally distributed: median, standard deviation of the logarithm, and maximum. All are
 * assumptions; the provider publishes none.
 */
export const DELAYS = {
  /** From sent to accepted by the receiving server. */
  delivery: { medianS: 4, sigma: 0.8, maxS: 600 },
  /** From sent to bounced. */
  bounce: { medianS: 20, sigma: 1, maxS: 3600 },
  /** From a soft bounce to the second try. */
  retry: { medianS: 2700, sigma: 0.4, maxS: 14_400 },
  /** From delivered to first opened. */
  open: { medianS: 7200, sigma: 1.4, maxS: 7 * 86_400 },
  /** From one open to the next. */
  openAgain: { medianS: 21_600, sigma: 1.5, maxS: 5 * 86_400 },
  /** From an open to a click. */
  click: { medianS: 40, sigma: 0.9, maxS: 1800 },
  /** From the first open, or from delivered, to the reply. */
  reply: { medianS: 5400, sigma: 1.5, maxS: 7 * 86_400 },
  /** From the first open, or from delivered, to the unsubscription. */
  unsubscribe: { medianS: 120, sigma: 1.2, maxS: 2 * 86_400 },
  /** Between the opens of a storm. */
  storm: { medianS: 6, sigma: 1, maxS: 120 },
} as const;
