/**
 * The route as a signal, in step with the browser's history.
 *
 * @module
 */
import { computed, signal } from '@preact/signals';
import { formatRoute, parseRoute, type Route } from '../model/route.ts';

export const route = signal<Route>(parseRoute(location.hash));
export const query = computed(() => route.value.query);

addEventListener('hashchange', () => (route.value = parseRoute(location.hash)));

/** Go to a view. Only what is given changes; a change of view drops id and query. */
export const go = (to: Partial<Route>, how: 'push' | 'replace' = 'push'): void => {
  const { view } = to;
  const from = route.value;
  const base = view !== undefined && view !== from.view ? { view, id: null, query: {} } : from;
  const next = { ...base, ...to };
  const hash = formatRoute(next);
  if (hash === location.hash) return;
  history[how === 'push' ? 'pushState' : 'replaceState'](null, '', hash);
  route.value = next;
};

/** Change some values of the query; an empty text removes one. */
export const setQuery = (changes: Readonly<Record<string, string>>): void =>
  go({ query: { ...route.value.query, ...changes } }, 'replace');
