/**
 * The open delivery, read again whenever the stream reports it.
 *
 * @module
 */
import { computed, effect, signal } from '@preact/signals';
import type { DeliveryDetail } from '../../../schemas/sandbox.ts';
import { describeNode, timelineOf } from '../../deliveries/timeline.ts';
import { formatUntil } from '../../deliveries/spans.ts';
import { now } from './clock.ts';
import { createLatest } from './latest.ts';
import { isPaused, onEvents, onReload } from './live.ts';
import { route } from './location.ts';
import { client, messageOf, spoken } from './session.ts';

export const detail = signal<DeliveryDetail | null>(null);
export const detailError = signal<string | null>(null);
export const nodes = computed(() => (detail.value === null ? [] : timelineOf(detail.value)));

const openId = computed(() => (route.value.view === 'deliveries' ? route.value.id : null));

const announce = (before: DeliveryDetail | null, after: DeliveryDetail): void => {
  if (before?.id !== after.id || before.attempts.length === after.attempts.length) return;
  const last = timelineOf(after).findLast(({ kind }) => kind === 'attempt');
  if (last === undefined) return;
  const next =
    after.next_attempt_at === null
      ? after.status
      : `next ${formatUntil(Date.parse(after.next_attempt_at), now.peek())}`;
  spoken.value = `${describeNode(last)}; ${next}.`;
};

const latest = createLatest();
const load = (id: string): Promise<void> =>
  latest.load(
    () => client.peek().deliveries.get(id),
    (value) => {
      announce(detail.peek(), value);
      detail.value = value;
      detailError.value = null;
    },
    (error) => (detailError.value = messageOf(error)),
  );

const REFRESH_MS = 80;
let refreshing: ReturnType<typeof setTimeout> | undefined;
const refreshSoon = (): void => {
  refreshing ??= setTimeout(() => {
    refreshing = undefined;
    const id = openId.peek();
    if (id !== null && !isPaused.peek()) void load(id);
  }, REFRESH_MS);
};

export const startDetail = (): void => {
  effect(() => {
    const id = openId.value;
    void client.value;
    latest.supersede();
    if (id === null) {
      detail.value = null;
      detailError.value = null;
      return;
    }
    if (detail.peek()?.id !== id) detail.value = null;
    void load(id);
  });
  onReload(refreshSoon);
  onEvents((events) => {
    const id = openId.peek();
    if (id === null) return;
    if (events.some((event) => 'delivery_id' in event && event.delivery_id === id)) refreshSoon();
  });
};
