/**
 * Smaller histories to try in place of one that shows a fault: steps left out first, then steps made simpler.
 *
 * @module
 */
import type { History, Part, Step } from './step.ts';

const without = <T>(list: readonly T[], from: number, count: number): readonly T[] => [
  ...list.slice(0, from),
  ...list.slice(from + count),
];

/** Halves first: most of a long history has nothing to do with the fault. */
const shorter = (history: History): readonly History[] => {
  const half = Math.ceil(history.length / 2);
  const halves =
    history.length > 3 ? [history.slice(half), history.slice(0, half)] : ([] as History[]);
  return [...halves, ...history.map((_, place) => without(history, place, 1))];
};

const fewerParts = (parts: readonly Part[]): readonly Step[] =>
  parts.length <= 2
    ? []
    : parts.map((_, place) => ({ kind: 'together', parts: without(parts, place, 1) }));

/** Two leads become one, never one two: events of one lead are the special case that a fault may need. */
const simpler = (step: Step): readonly Step[] => {
  switch (step.kind) {
    case 'together':
      return fewerParts(step.parts);
    case 'burst':
      return step.count > 16
        ? [0.5, 0.75].map((share) => ({ ...step, count: Math.floor(step.count * share) }))
        : [];
    case 'pause':
      return step.ms > 500 ? [{ ...step, ms: step.ms / 2 }] : [];
    case 'forgery':
      return step.form === 'unsigned' ? [] : [{ ...step, form: 'unsigned' }];
    case 'repeat':
      return step.back === 0 ? [] : [{ ...step, back: 0 }];
    default:
      return [];
  }
};

/** One after the other what was sent at the same moment, in either order: either may be the one that undoes the other. */
const inTurn = (history: History): readonly History[] =>
  history.flatMap((step, place) =>
    step.kind === 'together'
      ? [step.parts, step.parts.toReversed()].map((parts) =>
          history.flatMap((one, at) =>
            at === place ? parts.map((part): Step => ({ ...part, path: 'kept' })) : [one],
          ),
        )
      : [],
  );

/** Each request over a connection of its own, where one was kept: the connection may have nothing to do with it. */
const onFresh = (history: History): readonly History[] => {
  const fresh = history.map((step): Step => ('path' in step ? { ...step, path: 'fresh' } : step));
  return history.some((step) => 'path' in step && step.path === 'kept') ? [fresh] : [];
};

/** A single valid event shows nothing that a history is needed for, so no candidate is empty. */
export const candidates = (history: History): readonly History[] => [
  ...shorter(history).filter((one) => one.length > 0),
  ...onFresh(history),
  ...inTurn(history),
  ...history.flatMap((step, place) =>
    simpler(step).map((one) => history.map((other, at) => (at === place ? one : other))),
  ),
];
