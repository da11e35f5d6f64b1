/**
 * The attempt that is shown: the one in the URL, else the latest.
 *
 * @module
 */
import { computed } from '@preact/signals';
import { detail } from '../state/detail.ts';
import { query } from '../state/location.ts';

export const selectedAttempt = computed(() => {
  const attempts = detail.value?.attempts ?? [];
  const wanted = Number(query.value['attempt']);
  return attempts.find(({ number }) => number === wanted) ?? attempts.at(-1) ?? null;
});

export const selectedNumber = computed(() => selectedAttempt.value?.number ?? null);
