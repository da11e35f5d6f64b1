/**
 * The state of a delivery, webhook or campaign: a word with a colour, never a colour alone.
 *
 * @module
 */
const TONES: Readonly<Record<string, string>> = {
  delivered: 'good',
  active: 'good',
  live: 'good',
  completed: 'good',
  dead: 'bad',
  lost: 'bad',
  refused: 'bad',
  pending: 'wait',
  in_flight: 'wait',
  paused: 'wait',
  connecting: 'wait',
};

export const Status = ({ status }: { status: string }) => (
  <span class={`status ${TONES[status] ?? ''}`}>{status.replace('_', ' ')}</span>
);
