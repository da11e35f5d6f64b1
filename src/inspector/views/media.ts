/**
 * The width of the window as a signal.
 *
 * @module
 */
import { signal } from '@preact/signals';

const narrow = matchMedia('(max-width: 700px)');
export const isNarrow = signal(narrow.matches);
narrow.addEventListener('change', () => (isNarrow.value = narrow.matches));
