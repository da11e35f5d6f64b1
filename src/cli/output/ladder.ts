/**
 * A delivery's attempts as text: dots in a row, and the ladder with its idle times folded. The rules are those of the page.
 *
 * @module
 */
import type { Delivery, DeliveryDetail } from '../../../schemas/sandbox.ts';
import { DOT_SIGNS, dotsOf, type Dot } from '../../deliveries/dots.ts';
import { reasonOf } from '../../deliveries/reason.ts';
import { timelineOf, type Node } from '../../deliveries/timeline.ts';
import type { Styles, Terminal } from '../terminal.ts';
import { table } from './table.ts';

const STYLES: Readonly<Record<Dot, Styles>> = {
  failed: 'red',
  delivered: 'green',
  flying: 'yellow',
  planned: 'yellow',
  spare: 'dim',
};

const sign = (dot: Dot, terminal: Terminal): string => terminal.style(STYLES[dot], DOT_SIGNS[dot]);

/** `✗✗○○`: two attempts failed, two are planned. */
export const dotsText = (
  delivery: Pick<Delivery, 'status' | 'attempts_made'>,
  terminal: Terminal,
): string =>
  dotsOf(delivery)
    .map((dot) => sign(dot, terminal))
    .join('');

const dotOf = ({ attempt }: Node): Dot => {
  if (attempt === null) return 'planned';
  return attempt.outcome === 'delivered' ? 'delivered' : 'failed';
};

const resultOf = ({ attempt }: Node): string =>
  attempt === null
    ? 'planned'
    : reasonOf({
        last_outcome: attempt.outcome,
        last_status_code: attempt.response?.status ?? null,
        last_fault: attempt.fault?.name ?? null,
      });

/** One line for each attempt, made or planned; a long wait takes no more room than a short one. */
export const ladderLines = (delivery: DeliveryDetail, terminal: Terminal): string[] =>
  table(
    timelineOf(delivery).map((node) => [
      `${sign(dotOf(node), terminal)} ${node.number}`,
      node.offset,
      node.wait === null ? '' : terminal.style('dim', `${node.isFolded ? '┊ ' : '  '}${node.wait}`),
      resultOf(node),
    ]),
  );
