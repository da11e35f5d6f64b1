/**
 * What a value may have been taken for: every hypothesis that changes something, each result once.
 *
 * @module
 */
import type { Key } from './mistakes/algorithm.ts';
import type { Cause } from './cause.ts';

export interface Variant<T> {
  readonly value: T;
  readonly cause: Cause | null;
}

/**
 * The true value first, then every hypothesis that applies and changes something.
 *
 * @param alike whether those that come to the same are all given; the first one unless asked for
 */
export const variantsOf = <T extends Key>(
  truth: T,
  hypotheses: readonly Hypothesis<T>[],
  alike = false,
): readonly Variant<Buffer>[] => {
  const search = findVariants(truth, hypotheses, alike);
  for (;;) {
    const { done, value } = search.next();
    if (done === true) return value;
  }
};

type Hypothesis<T> = Cause & { readonly apply: (value: T) => Key | null };

/** As {@link variantsOf}, with a step for each hypothesis: one may take milliseconds with a large body. */
export function* findVariants<T extends Key>(
  truth: T,
  hypotheses: readonly Hypothesis<T>[],
  alike = false,
): Generator<null, readonly Variant<Buffer>[]> {
  const same: Variant<Buffer> = { value: Buffer.from(truth), cause: null };
  const variants = [same];
  for (const { id, says, remedy, apply } of hypotheses) {
    yield null;
    const value = apply(truth);
    const bytes = value === null ? null : Buffer.from(value);
    if (bytes === null || (alike ? [same] : variants).some((known) => known.value.equals(bytes)))
      continue;
    variants.push({ value: bytes, cause: { id, says, remedy } });
  }
  return variants;
}
